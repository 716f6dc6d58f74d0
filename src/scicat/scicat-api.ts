import { withoutTrailing } from '../domain/without-trailing.js';
import type {
  UpstreamAnswer,
  UpstreamCall,
  UpstreamCaller,
} from '../http-client/upstream-caller.js';
import { Gate } from './large-answers.js';

/** A request to SciCat, without credentials. */
export type ScicatRequest = Omit<UpstreamCall, 'url' | 'headers' | 'body' | 'maxResponseBytes'> & {
  /** Below SciCat's base URL, e.g. `api/v4/jobs`; values are encoded by {@link segment}. */
  readonly path: string;
  /** The `filter` parameter of SciCat's lists. */
  readonly filter?: Readonly<Record<string, unknown>>;
  /** Other parameters of the query, each sent as JSON. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** @default 'small' */
  readonly answer?: keyof typeof ANSWER_BYTES;
};

const KIB = 1024;

/**
 * The largest answer that is read, by what was asked for. Users' requests have at most 256 connections
 * and the tracker 192, so that small answers take 112 MiB at once if all of them are as large as they may
 * be. Large ones are read {@link LARGE_AT_ONCE} at a time by each of the two, which makes 68 MiB.
 *
 * - `small`: what was asked for is named field by field, or one job that the service made itself.
 * - `identity`: all that SciCat knows of a user, with all of their groups; users can't make it longer.
 * - `document`: SciCat answers a change of a job with the whole job. More than MongoDB can store.
 * - `large`: pages of whole jobs, and single ones that were too large. As long as a `document`.
 */
const ANSWER_BYTES = {
  small: 256 * KIB,
  identity: 1024 * KIB,
  document: 17 * 1024 * KIB,
  large: 17 * 1024 * KIB,
} as const;

/** One that is taken up, and the next one on its way. */
const LARGE_AT_ONCE = 2;

interface ScicatApiOptions {
  /** Base URL without `/api/v…`; may contain a path and trailing slashes. */
  readonly scicatUrl: string;
  readonly caller: UpstreamCaller;
}

/** Builds and sends requests to SciCat. Does not interpret responses. */
export class ScicatApi {
  private readonly base: string;
  private readonly large = new Gate(LARGE_AT_ONCE);

  constructor(private readonly options: ScicatApiOptions) {
    this.base = withoutTrailing(options.scicatUrl, '/');
  }

  /**
   * Sends a request, with the token if given.
   *
   * @returns the response, whatever its status
   * @throws UpstreamTimeoutError, UpstreamUnavailableError when there is none
   * @throws UpstreamTooLargeError when it is larger than {@link ANSWER_BYTES}
   */
  call(
    { path, filter, parameters, answer = 'small', ...call }: ScicatRequest,
    token?: string,
  ): Promise<UpstreamAnswer> {
    const query = Object.entries({ filter, ...parameters })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${encodeURIComponent(JSON.stringify(value))}`)
      .join('&');
    const send = (): Promise<UpstreamAnswer> =>
      this.options.caller.call({
        ...call,
        url: `${this.base}/${path}${query === '' ? '' : `?${query}`}`,
        headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
        maxResponseBytes: ANSWER_BYTES[answer],
      });
    return answer === 'large' ? this.large.run(send, call.signal) : send();
  }
}

/**
 * Encodes a value as one path segment.
 *
 * @returns undefined if that is impossible: an empty segment names the list instead of an entry, and
 *   HTTP clients resolve `.` and `..`
 */
export function segment(value: string): string | undefined {
  if (value === '' || value === '.' || value === '..') return undefined;
  try {
    return encodeURIComponent(value);
  } catch {
    // A lone surrogate, which SciCat can't store either.
    return undefined;
  }
}
