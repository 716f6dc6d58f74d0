import { posix, win32 } from 'node:path';
import { parseEnv } from 'node:util';
import { codeOf } from '../errors/error-code.js';
import type { Account, Secrets } from './app-config.js';
import { APPLICATION_NAME } from './find-config-file.js';
import { errorWithoutLine, type Problem } from './problem.js';
import { Secret } from './secret.js';

/** Variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Named instead of a file in problems with the process's own variables. */
export const ENVIRONMENT = 'environment';

/** Where variables come from. The process's own win over those of the `.env` file. */
export interface EnvironmentSources {
  readonly process: Variables;
  readonly dotEnv: { readonly file: string; readonly variables: Variables } | undefined;
}

/** Parses a `.env` file. A value with `#` or spaces must be quoted in it. */
export function parseDotEnv(text: string): Variables {
  return parseEnv(text);
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
  | { readonly kind: 'complete'; readonly secrets: Secrets }
  | { readonly kind: 'incomplete'; readonly problems: readonly Problem[] };

/**
 * Reads each secret from the variable of its name or from the file that `<name>_FILE` names.
 *
 * @param readFile returns a file's content and throws as `node:fs` does
 */
export function readSecrets(
  sources: EnvironmentSources,
  readFile: (path: string) => string,
): SecretsResult {
  const problems: Problem[] = [];
  const refuse = (name: string, message: string, file = ENVIRONMENT): string | undefined => {
    problems.push(errorWithoutLine(file, name, message));
    return undefined;
  };

  const optional = (name: string): string | undefined => {
    const found = lookUp(sources, name);
    if (found?.path === undefined) return found?.value;
    const { value, path, file } = found;
    const byFile = `${name}_FILE`;
    if (value !== undefined) {
      return refuse(name, `is set, and so is ${byFile}; set only one of them`, file);
    }
    try {
      // Editors and `echo` end a file with a line break that is not part of the password.
      const secret = nonEmpty(readFile(path).replace(/[\r\n]+$/, ''));
      return secret ?? refuse(byFile, `names the file ${path}, which is empty`, file);
    } catch (error) {
      return refuse(
        byFile,
        `names the file ${path}, which can't be read (${errorCode(error)}); it must exist and be readable by the user that runs the service`,
        file,
      );
    }
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
}

/** Both forms count as one variable: a mounted secret of the process wins over a `.env` entry. */
function lookUp(sources: EnvironmentSources, name: string): FoundVariable | undefined {
  return [{ variables: sources.process, file: ENVIRONMENT }, sources.dotEnv]
    .filter((place) => place !== undefined)
    .map(({ variables, file }) => ({
      value: nonEmpty(variables[name]),
      path: nonEmpty(variables[`${name}_FILE`]),
      file,
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

/** `ENOENT` and the like; the message of a file error may hold content. */
export function errorCode(error: unknown): string {
  return codeOf(error) ?? 'unknown error';
}
