import { didYouMean } from '../../config/problem.js';
import { requestIsInvalid } from '../../errors/request.errors.js';
import type { FileList } from '../../file-lists/file-list.js';
import type { ParsedBody } from '../../file-lists/parse-file-list.js';
import { MAX_LENGTH, type PostTransferQuery } from './transfer.dto.js';

/** The parameters of `POST /transfer`, wherever they are stated. */
interface StatedParameters {
  readonly sourceFacility: string;
  readonly destFacility: string;
  readonly scicatPid: string;
  readonly collectionRootPath?: string;
  readonly autoArchive: boolean;
}

/** A request whose query has been read, and whose body is read when it is needed. */
export interface StatedRequest {
  /** Of the query, or of query and body if the query does not name the dataset and both facilities. */
  readonly parameters: StatedParameters;
  /** Parameters of query and body. Reads the body. @throws as {@link stateRequest} */
  readonly statedInBody: () => Promise<StatedParameters>;
  /** Hands out the file list once, so that its memory can be freed. @throws as {@link stateRequest} */
  readonly files: () => Promise<FileList | undefined>;
}

/**
 * Combines query and body. If the query names the dataset and both facilities, the body is not read
 * yet: whether the caller may transfer the dataset at all can be decided without it.
 *
 * @param readBody called at most once
 * @throws InvalidRequestError when a parameter is missing, stated differently in query and body, of
 *   the wrong type or unknown; and what `readBody` throws
 */
export async function stateRequest(
  query: PostTransferQuery,
  readBody: () => Promise<ParsedBody>,
): Promise<StatedRequest> {
  let files: FileList | undefined;
  let reading: Promise<StatedParameters> | undefined;
  const read = async (): Promise<StatedParameters> => {
    const body = await readBody();
    files = body.files;
    return combined(query, body.others);
  };
  const statedInBody = (): Promise<StatedParameters> => (reading ??= read());
  return {
    parameters: namesAll(query) ? withDefaults(query) : await statedInBody(),
    statedInBody,
    files: async () => {
      await statedInBody();
      const taken = files;
      files = undefined;
      return taken;
    },
  };
}

type Named = PostTransferQuery & Pick<StatedParameters, (typeof REQUIRED)[number]>;

const REQUIRED = ['sourceFacility', 'destFacility', 'scicatPid'] as const;

function namesAll(parameters: PostTransferQuery): parameters is Named {
  return REQUIRED.every((name) => parameters[name] !== undefined);
}

function withDefaults({ autoArchive = true, ...named }: Named): StatedParameters {
  return { ...named, autoArchive };
}

/** What is wrong with a value; undefined if nothing is. */
type Check = (value: unknown) => string | undefined;

/** Every parameter, and what its value in the body must be. */
const IN_BODY: Readonly<Record<keyof StatedParameters, Check>> = {
  sourceFacility: name,
  destFacility: name,
  scicatPid: name,
  collectionRootPath: text,
  autoArchive: flag,
};
const PARAMETERS = Object.keys(IN_BODY) as readonly (keyof StatedParameters)[];
const KEYS: readonly string[] = ['fileList', ...PARAMETERS];

function text(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  return value.length > MAX_LENGTH ? `must have at most ${MAX_LENGTH} characters` : undefined;
}

function name(value: unknown): string | undefined {
  return value === '' ? 'is empty' : text(value);
}

function flag(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false, without quotes';
}

function combined(query: PostTransferQuery, body: ReadonlyMap<string, unknown>): StatedParameters {
  const unknown = [...body.keys()].filter((key) => !KEYS.includes(key));
  if (unknown.length > 0) throw requestIsInvalid(unknown, unknownKey);
  const problems = PARAMETERS.flatMap((key) => problemOf(key, query[key], body.get(key)));
  if (problems.length > 0) throw requestIsInvalid(problems, String);
  const all: PostTransferQuery = Object.fromEntries([...body, ...statedIn(query)]);
  if (!namesAll(all)) {
    const missing = REQUIRED.filter((key) => all[key] === undefined);
    throw requestIsInvalid(missing, (key) => `${key} is missing`);
  }
  return withDefaults(all);
}

/** Without what is undefined, or empty, which means the same. */
function statedIn(query: PostTransferQuery): readonly (readonly [string, unknown])[] {
  return Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
}

function problemOf(key: keyof StatedParameters, inQuery: unknown, inBody: unknown): string[] {
  if (inBody === undefined) return [];
  const problem = IN_BODY[key](inBody);
  if (problem !== undefined) return [`${key} in the body ${problem}`];
  // An empty collection root is the same as none.
  if ([undefined, ''].includes(inQuery as undefined) || inBody === '') return [];
  if (inQuery === inBody) return [];
  return [
    `${key} is ${shown(inQuery)} in the query, but ${shown(inBody)} in the body; send it only once`,
  ];
}

/** Longer keys and values are shortened in messages. */
const LONGEST_SHOWN = 100;

function unknownKey(key: string): string {
  const short = key.slice(0, LONGEST_SHOWN);
  const meant = key === short ? didYouMean(key, KEYS) : undefined;
  return `unknown key "${short}" in the body${meant === undefined ? '' : ` (${meant})`}`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value.slice(0, LONGEST_SHOWN)}"` : String(value);
}
