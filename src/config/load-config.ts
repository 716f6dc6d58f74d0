import { readFileSync, statSync } from 'node:fs';
import { posix, win32 } from 'node:path';
import type { AppConfig } from './app-config.js';
import { checkConfig, type CheckedConfig } from './check-config.js';
import {
  allVariables,
  errorCode,
  parseDotEnv,
  readSecrets,
  whichSecretsAreSet,
  type EnvironmentSources,
} from './environment.js';
import { type ConfigFileSearch, findConfigFile } from './find-config-file.js';
import { ConfigurationError, errorWithoutLine, type Problem } from './problem.js';

/** Access to the files of a configuration. */
export interface ConfigFiles {
  /** A file's content. @throws as `node:fs` does */
  read(path: string): string;
  /** Whether a file (not a folder) exists at this path. */
  exists(path: string): boolean;
}

/** The files of this machine. */
export const LOCAL_FILES: ConfigFiles = {
  read: (path) => readFileSync(path, 'utf8'),
  exists: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
};

/** What a configuration is loaded from; `env` are the process's variables. */
export interface ConfigOptions extends Omit<ConfigFileSearch, 'fileExists'> {
  /** @default the files of this machine */
  readonly files?: ConfigFiles;
  /** `ignored`: the file is checked alone. @default 'needed' */
  readonly secrets?: 'needed' | 'ignored';
}

export interface ConfigReading extends CheckedConfig {
  /** The configuration file, if found. */
  readonly file: string | undefined;
  /** Its content, if readable. */
  readonly text: string | undefined;
  /** For each secret, by its variable's name, whether it is set. */
  readonly secretsSet: Readonly<Record<string, boolean>>;
}

export interface LoadedConfig {
  readonly config: AppConfig;
  /** The file's content. */
  readonly text: string;
  readonly warnings: readonly Problem[];
}

/**
 * Finds, reads and checks the configuration.
 *
 * @throws ConfigurationError with every error at once
 */
export function loadConfig(input: ConfigOptions): LoadedConfig {
  const { config, text, problems } = readConfig(input);
  if (config === undefined || text === undefined) throw new ConfigurationError(problems);
  return { config, text, warnings: problems };
}

/** Like {@link loadConfig}, for callers that report the problems themselves. */
export function readConfig(input: ConfigOptions): ConfigReading {
  const files = input.files ?? LOCAL_FILES;
  const path = input.platform === 'win32' ? win32 : posix;
  const dotEnv = readDotEnv(path.join(input.applicationFolder, '.env'), files);
  const sources = { process: input.env, dotEnv: dotEnv.found };
  const variables = allVariables(sources);
  const secrets =
    input.secrets === 'ignored'
      ? { kind: 'ignored' as const }
      : readSecrets(sources, (file) => files.read(path.resolve(input.workingFolder, file)));
  const secretsSet = whichSecretsAreSet(sources);
  const failed = (file: string | undefined, message: string): ConfigReading => ({
    file,
    text: undefined,
    problems: [
      errorWithoutLine(file ?? 'configuration', 'file', message),
      ...dotEnv.problems,
      ...(secrets.kind === 'incomplete' ? secrets.problems : []),
    ],
    fileConfig: undefined,
    config: undefined,
    secretsSet,
  });

  const found = findConfigFile({
    ...input,
    env: variables,
    fileExists: (file) => files.exists(file),
  });
  if (found.kind === 'not-found') return failed(undefined, found.message);
  const { file } = found;
  let text: string;
  try {
    // Some editors on Windows add a byte order mark, which would shift columns in the first line.
    text = files.read(file).replace(/^\uFEFF/, '');
  } catch (error) {
    return failed(
      file,
      `can't be read (${errorCode(error)}); the user that runs the service must be allowed to read it`,
    );
  }
  const checked = checkConfig({ file, text, variables, platform: input.platform, secrets });
  return {
    ...checked,
    file,
    text,
    problems: [...checked.problems, ...dotEnv.problems],
    secretsSet,
    config: dotEnv.problems.length === 0 ? checked.config : undefined,
  };
}

function readDotEnv(
  file: string,
  files: ConfigFiles,
): { readonly found: EnvironmentSources['dotEnv']; readonly problems: readonly Problem[] } {
  if (!files.exists(file)) return { found: undefined, problems: [] };
  try {
    return { found: { file, variables: parseDotEnv(files.read(file)) }, problems: [] };
  } catch (error) {
    const message = `can't be read (${errorCode(error)}); make it readable, or remove it`;
    return { found: undefined, problems: [errorWithoutLine(file, 'file', message)] };
  }
}
