import { posix, win32 } from 'node:path';
import { parseEnv } from 'node:util';
import type { Account, Secrets } from './app-config.js';
import { APPLICATION_NAME } from './find-config-file.js';
import { type Problem, problemAt } from './problem.js';
import { faultOf } from './read-text-file.js';
import { Secret } from './secret.js';

/** Variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Named instead of a file in problems with the process's own variables. */
export const ENVIRONMENT = 'environment';

/** Where variables come from. The process's own win over those of the `.env` file. */
export interface EnvironmentSources {
  readonly process: Variables;
  readonly dotEnv:
    | {
        readonly file: string;
        readonly variables: Variables;
        /** Where each variable is, from 1. */
        readonly lines?: Readonly<Record<string, number>>;
      }
    | undefined;
}

/** Parses a `.env` file. A value with `#` or spaces must be quoted in it. */
export function parseDotEnv(text: string): Variables {
  return parseEnv(text.replace(/^\uFEFF/, ''));
}

/** All variables; an empty one counts as not set, because containers often pass those. */
export function allVariables(sources: EnvironmentSources): Variables {
  const set = Object.entries(sources.process).filter(([, value]) => nonEmpty(value) !== undefined);
  return { ...sources.dotEnv?.variables, ...Object.fromEntries(set) };
}

/** The required secrets and what each holds; each may be given as `<name>_FILE` instead. */
const REQUIRED_SECRETS = {
  GLOBUS_CLIENT_ID: 'the id of the Globus client',
  GLOBUS_CLIENT_SECRET: "the Globus client's secret",
  SCICAT_SERVICE_USER_USERNAME: "the SciCat service account's user name",
  SCICAT_SERVICE_USER_PASSWORD: "the SciCat service account's password",
};
const UPDATE_USER = ['SCICAT_UPDATE_USER_USERNAME', 'SCICAT_UPDATE_USER_PASSWORD'] as const;

/** For each secret whether it is set, in either form. Reads no file. */
export function whichSecretsAreSet(sources: EnvironmentSources): Readonly<Record<string, boolean>> {
  const names = [...Object.keys(REQUIRED_SECRETS), ...UPDATE_USER];
  return Object.fromEntries(names.map((name) => [name, lookUp(sources, name) !== undefined]));
}

/** The secrets, or everything that is wrong with them. */
export type SecretsResult =
  | {
      readonly kind: 'complete';
      readonly secrets: Secrets;
      readonly warnings?: readonly Problem[];
    }
  | { readonly kind: 'incomplete'; readonly problems: readonly Problem[] };

/** The problems of secrets, or the warnings if they are complete. */
export function problemsOfSecrets(
  secrets: SecretsResult | { readonly kind: 'ignored' },
): readonly Problem[] {
  switch (secrets.kind) {
    case 'ignored':
      return [];
    case 'complete':
      return secrets.warnings ?? [];
    case 'incomplete':
      return secrets.problems;
  }
}

/** The values in `.env.example`, which no service accepts. */
const EXAMPLES = [
  '00000000-0000-0000-0000-000000000000',
  'the-secret-of-the-Globus-client',
  'the-password-of-the-account',
  'its-password',
];

/**
 * Reads each secret from the variable of its name or from the file that `<name>_FILE` names. A line
 * break at the end and a byte order mark at the beginning are not part of the value in either form.
 *
 * @param readFile returns a file's content and throws as `node:fs` does, or UnusableFileError
 */
export function readSecrets(
  sources: EnvironmentSources,
  readFile: (path: string) => string,
): SecretsResult {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const refuse = (
    name: string,
    message: string,
    at: Partial<FoundVariable> = {},
  ): string | undefined => {
    const { file = ENVIRONMENT, lines = {} } = at;
    problems.push(problemAt(file, lines[name], name, message, 'error'));
    return undefined;
  };

  const optional = (name: string): string | undefined => {
    const found = lookUp(sources, name);
    if (found === undefined) return undefined;
    const { value, path, file, lines } = found;
    const byFile = `${name}_FILE`;
    if (value !== undefined && path !== undefined) {
      return refuse(name, `is set, and so is ${byFile}; set only one of them`, found);
    }
    const by = path === undefined ? name : byFile;
    const given = withoutEnds(value ?? path ?? '');
    const fault = faultOfValue(given);
    if (fault !== undefined) return refuse(by, fault, found);
    const secret = path === undefined ? given : contentOf(given, byFile, found);
    if (secret !== undefined && EXAMPLES.includes(secret)) {
      const message =
        'has the example value of .env.example, with which no login succeeds; replace it with your own';
      warnings.push(problemAt(file, lines?.[by], by, message, 'warning'));
    }
    return secret;
  };
  const contentOf = (path: string, byFile: string, found: FoundVariable): string | undefined => {
    let text: string;
    try {
      text = withoutEnds(readFile(path));
    } catch (error) {
      const advice = 'it must exist and be readable by the user that runs the service';
      // This may be the secret itself, written here by mistake.
      const named = /[/\\.]/.test(path) ? `names the file ${path}, which` : 'names a file that';
      return refuse(byFile, `${named} ${faultOf(error, path, advice)}`, found);
    }
    const fault = text === '' ? 'is empty' : faultOfValue(text);
    return fault === undefined
      ? text
      : refuse(byFile, `names the file ${path}, which ${fault}`, found);
  };
  const required = ([name, what]: readonly [string, string]): string | undefined =>
    lookUp(sources, name) === undefined
      ? refuse(
          name,
          `is not set; it must hold ${what} (or set ${name}_FILE to the path of a file that holds it)`,
        )
      : optional(name);

  const [globusClientId, globusClientSecret, ...serviceUser] =
    Object.entries(REQUIRED_SECRETS).map(required);
  const scicatServiceUser = account(serviceUser);
  const scicatUpdateUser = account(UPDATE_USER.map(optional));
  const [missing, ...others] = UPDATE_USER.filter((name) => lookUp(sources, name) === undefined);
  if (missing !== undefined && others.length === 0) {
    const given = UPDATE_USER.find((name) => name !== missing) ?? '';
    refuse(missing, `is not set, but ${given} is; set both, or neither`);
  }
  if (
    problems.length > 0 ||
    globusClientId === undefined ||
    globusClientSecret === undefined ||
    scicatServiceUser === undefined
  ) {
    return { kind: 'incomplete', problems };
  }
  return {
    kind: 'complete',
    warnings,
    secrets: Object.freeze({
      globusClientId,
      globusClientSecret: new Secret(globusClientSecret),
      scicatServiceUser,
      ...(scicatUpdateUser === undefined ? {} : { scicatUpdateUser }),
    }),
  };
}

/**
 * The folder for data that must survive a restart: the service's own in `$XDG_STATE_HOME` or
 * `~/.local/state`; `undefined` without a home folder.
 */
export function defaultDataDir(
  variables: Variables,
  platform: NodeJS.Platform,
): string | undefined {
  const path = platform === 'win32' ? win32 : posix;
  const state = variables['XDG_STATE_HOME'] ?? '';
  // The XDG specification says to ignore relative ones.
  if (path.isAbsolute(state)) return path.join(state, APPLICATION_NAME);
  const home = nonEmpty(
    variables['HOME'] ?? (platform === 'win32' ? variables['USERPROFILE'] : undefined),
  );
  return home === undefined ? undefined : path.join(home, '.local', 'state', APPLICATION_NAME);
}

interface FoundVariable {
  readonly value: string | undefined;
  /** The path that `<name>_FILE` gives. */
  readonly path: string | undefined;
  readonly file: string;
  /** Where each variable is in the file, from 1. */
  readonly lines?: Readonly<Record<string, number>> | undefined;
}

/** Both forms count as one variable: a mounted secret of the process wins over a `.env` entry. */
function lookUp(sources: EnvironmentSources, name: string): FoundVariable | undefined {
  return [{ variables: sources.process, file: ENVIRONMENT }, sources.dotEnv]
    .filter((place) => place !== undefined)
    .map(({ variables, file, ...more }) => ({
      value: nonEmpty(variables[name]),
      path: nonEmpty(variables[`${name}_FILE`]),
      file,
      lines: 'lines' in more ? more.lines : undefined,
    }))
    .find(({ value, path }) => value !== undefined || path !== undefined);
}

function account([username, password]: readonly (string | undefined)[]): Account | undefined {
  if (username === undefined || password === undefined) return undefined;
  return Object.freeze({ username, password: new Secret(password) });
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** Editors and `echo` end a file with a line break, some editors begin it with a byte order mark. */
function withoutEnds(text: string): string {
  const start = text.startsWith('\uFEFF') ? 1 : 0;
  let end = text.length;
  while (end > start && '\r\n'.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** Why a value can't be a secret, or the path of one; never holds the value. */
function faultOfValue(value: string): string | undefined {
  if (value.trim() === '') return 'contains only spaces';
  if (/[\r\n]/.test(value)) {
    return 'has several lines, but must be a single line; keep only the line with the value';
  }
  if (/\p{Cc}/u.test(value)) {
    return 'contains a control character, such as a tab or a color code; remove it';
  }
  const [first = '', last = ''] = [value.at(0), value.at(-1)];
  if (value.length > 1 && QUOTES.some(([open, close]) => first === open && last === close)) {
    return `is in quotes (${first}…${last}), which count as part of the value; remove them`;
  }
  return undefined;
}

/** Straight ones, and those of word processors. */
const QUOTES = [
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
  ['\u201c', '\u201d'],
  ['\u201e', '\u201c'],
  ['\u201d', '\u201d'],
  ['\u2018', '\u2019'],
  ['\u201a', '\u2018'],
  ['\u2019', '\u2019'],
  ['\u00ab', '\u00bb'],
] as const;
