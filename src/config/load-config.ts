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

/** The files that a configuration comes from. */
export interface ConfigFiles {
  /** A file's text. @throws as `node:fs` does */
  read(path: string): string;
  /** Whether there is a file (not a folder) at this path. */
  exists(path: string): boolean;
}

/** The files of this machine. */
export const LOCAL_FILES: ConfigFiles = {
  read: (path) => readFileSync(path, 'utf8'),
  exists: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
};

/** What a configuration is read from; `env` are the process's variables. */
export interface ConfigOptions extends Omit<ConfigFileSearch, 'fileExists'> {
  /** @default the files of this machine */
  readonly files?: ConfigFiles;
  /** `ignored`: the file is checked alone. @default 'needed' */
  readonly secrets?: 'needed' | 'ignored';
}

/** All that was found, and the configuration if none of it is an error. */
export interface ConfigReading extends CheckedConfig {
  /** The configuration file, if one was found. */
  readonly file: string | undefined;
  /** Its text, if it could be read. */
  readonly text: string | undefined;
  /** For each secret, by its variable's name, whether it is set. */
  readonly secretsSet: Readonly<Record<string, boolean>>;
}

/** A configuration that can be used, and what is doubtful about it. */
export interface LoadedConfig {
  readonly config: AppConfig;
  /** The file's text. */
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

/** As {@link loadConfig}, for callers that show all problems themselves. */
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
  const otherProblems = [
    ...dotEnv.problems,
    ...(secrets.kind === 'incomplete' ? secrets.problems : []),
  ];

  const nothing = { text: undefined, fileConfig: undefined, config: undefined, secretsSet };
  const found = findConfigFile({
    ...input,
    env: variables,
    fileExists: (file) => files.exists(file),
  });
  if (found.kind === 'not-found') {
    const problem = errorWithoutLine('configuration', 'file', found.message);
    return { ...nothing, file: undefined, problems: [problem, ...otherProblems] };
  }
  const { file } = found;
  let text: string;
  try {
    text = withoutByteOrderMark(files.read(file));
  } catch (error) {
    const problem = errorWithoutLine(
      file,
      'file',
      `can't be read (${errorCode(error)}); the user that runs the service must be allowed to read it`,
    );
    return { ...nothing, file, problems: [problem, ...otherProblems] };
  }
  const checked = checkConfig({ file, text, variables, platform: input.platform, secrets });
  return {
    file,
    text,
    problems: [...checked.problems, ...dotEnv.problems],
    fileConfig: checked.fileConfig,
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

/** Some editors of Windows begin a file with one; it would shift the columns of its first line. */
function withoutByteOrderMark(text: string): string {
  return text.replace(/^\uFEFF/, '');
}
