import { posix, win32 } from 'node:path';
import { parseEnv } from 'node:util';
import { codeOf } from '../errors/error-code.js';
import type { Account, Secrets } from './app-config.js';
import { APPLICATION_NAME } from './find-config-file.js';
import { errorWithoutLine, type Problem } from './problem.js';
import { Secret } from './secret.js';

/** Variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What stands in place of a file in problems with variables of the process. */
export const ENVIRONMENT = 'environment';

/** Where variables come from. The process's own win over those of the `.env` file. */
export interface EnvironmentSources {
  readonly process: Variables;
  readonly dotEnv: { readonly file: string; readonly variables: Variables } | undefined;
}

/** The text of a `.env` file as variables. A value with `#` or spaces must be quoted in it. */
export function parseDotEnv(text: string): Variables {
  return parseEnv(text);
}

/** All variables as one; an empty one counts as not set, as containers often pass them. */
export function allVariables(sources: EnvironmentSources): Variables {
  const set = Object.entries(sources.process).filter(([, value]) => isSet(value));
  return { ...sources.dotEnv?.variables, ...Object.fromEntries(set) };
}

/** The variables that hold secrets; each may be given as `<name>_FILE` instead. */
const REQUIRED_SECRETS = {
  GLOBUS_CLIENT_ID: 'the id of the Globus client',
  GLOBUS_CLIENT_SECRET: "the Globus client's secret",
  SCICAT_SERVICE_USER_USERNAME: "the SciCat service account's user name",
  SCICAT_SERVICE_USER_PASSWORD: "the SciCat service account's password",
};
const UPDATE_USER = ['SCICAT_UPDATE_USER_USERNAME', 'SCICAT_UPDATE_USER_PASSWORD'] as const;

/** For each secret whether it is set, in either form; nothing is read. */
export function whichSecretsAreSet(sources: EnvironmentSources): Readonly<Record<string, boolean>> {
  return Object.fromEntries(
    [...Object.keys(REQUIRED_SECRETS), ...UPDATE_USER].map((name) => [
      name,
      lookUp(sources, name) !== undefined,
    ]),
  );
}

/** The secrets, or all that is wrong with them. */
export type SecretsResult =
  | { readonly kind: 'complete'; readonly secrets: Secrets }
  | { readonly kind: 'incomplete'; readonly problems: readonly Problem[] };

/**
 * Reads the secrets, each from the variable of its name or from the file that `<name>_FILE` names.
 *
 * @param readFile returns a file's text and throws as `node:fs` does
 */
export function readSecrets(
  sources: EnvironmentSources,
  readFile: (path: string) => string,
): SecretsResult {
  const problems: Problem[] = [];
  const report = (name: string, message: string, file = ENVIRONMENT): void => {
    problems.push(errorWithoutLine(file, name, message));
  };

  const optional = (name: string): string | undefined => {
    const found = lookUp(sources, name);
    if (found === undefined) return undefined;
    if (found.value !== undefined && found.path !== undefined) {
      report(name, `is set, and so is ${name}_FILE; set only one of them`, found.file);
      return undefined;
    }
    if (found.path === undefined) return found.value;
    let text: string;
    try {
      text = readFile(found.path);
    } catch (error) {
      const why = errorCode(error);
      report(
        `${name}_FILE`,
        `names the file ${found.path}, which can't be read (${why}); it must exist and be readable for the user that runs the service`,
        found.file,
      );
      return undefined;
    }
    // Editors and `echo` end a file with a line break that belongs to no password.
    const value = text.replace(/[\r\n]+$/, '');
    if (value !== '') return value;
    report(`${name}_FILE`, `names the file ${found.path}, which is empty`, found.file);
    return undefined;
  };
  const required = (name: string, what: string): string | undefined => {
    const value = optional(name);
    if (value === undefined && lookUp(sources, name) === undefined) {
      report(name, `is not set; it must hold ${what} (or ${name}_FILE the path of a file with it)`);
    }
    return value;
  };

  const [globusClientId, globusClientSecret, ...serviceUser] = Object.entries(REQUIRED_SECRETS).map(
    ([name, what]) => required(name, what),
  );
  const updateUser = UPDATE_USER.map(optional);
  const [missing, ...others] = UPDATE_USER.filter((name) => lookUp(sources, name) === undefined);
  if (missing !== undefined && others.length === 0) {
    const given = UPDATE_USER.find((name) => name !== missing) ?? '';
    report(missing, `is not set, but ${given} is; set both, or neither`);
  }

  const scicatServiceUser = account(serviceUser);
  if (
    problems.length > 0 ||
    globusClientId === undefined ||
    globusClientSecret === undefined ||
    scicatServiceUser === undefined
  ) {
    return { kind: 'incomplete', problems };
  }
  const scicatUpdateUser = account(updateUser);
  return {
    kind: 'complete',
    secrets: Object.freeze({
      globusClientId,
      globusClientSecret: new Secret(globusClientSecret),
      scicatServiceUser,
      ...(scicatUpdateUser === undefined ? {} : { scicatUpdateUser }),
    }),
  };
}

/**
 * The folder for data that must survive a restart: `$XDG_STATE_HOME` or `~/.local/state`, then the
 * service's own folder; `undefined` if there is no home to put it in.
 */
export function defaultDataDir(
  variables: Variables,
  platform: NodeJS.Platform,
): string | undefined {
  const path = platform === 'win32' ? win32 : posix;
  const state = variables['XDG_STATE_HOME'] ?? '';
  // The XDG specification has relative ones ignored.
  if (path.isAbsolute(state)) return path.join(state, APPLICATION_NAME);
  const home = variables['HOME'] ?? (platform === 'win32' ? variables['USERPROFILE'] : undefined);
  if (!isSet(home)) return undefined;
  return path.join(home, '.local', 'state', APPLICATION_NAME);
}

interface FoundVariable {
  readonly value: string | undefined;
  /** The path that `<name>_FILE` gives. */
  readonly path: string | undefined;
  readonly file: string;
}

/** Both forms count as one variable: a mounted secret of the process wins over a `.env` entry. */
function lookUp(sources: EnvironmentSources, name: string): FoundVariable | undefined {
  const places = [
    { variables: sources.process, file: ENVIRONMENT },
    ...(sources.dotEnv === undefined ? [] : [sources.dotEnv]),
  ];
  for (const { variables, file } of places) {
    const value = variables[name];
    const path = variables[`${name}_FILE`];
    if (isSet(value) || isSet(path)) {
      return {
        value: isSet(value) ? value : undefined,
        path: isSet(path) ? path : undefined,
        file,
      };
    }
  }
  return undefined;
}

function account([username, password]: readonly (string | undefined)[]): Account | undefined {
  if (username === undefined || password === undefined) return undefined;
  return Object.freeze({ username, password: new Secret(password) });
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** `ENOENT` and the like: the message of a file error can't be trusted to hold no content. */
export function errorCode(error: unknown): string {
  return codeOf(error) ?? 'unknown error';
}
