import { posix, win32 } from 'node:path';
import type { AppConfig } from './app-config.js';
import { checkConfig, type CheckedConfig } from './check-config.js';
import { dotEnvLines } from './dot-env.js';
import {
  allVariables,
  parseDotEnv,
  problemsOfSecrets,
  readSecrets,
  type SecretsResult,
  whichSecretsAreSet,
  type EnvironmentSources,
} from './environment.js';
import { type ConfigFileSearch, findConfigFile } from './find-config-file.js';
import { ConfigurationError, errorsAmong, type Problem, problemAt } from './problem.js';
import { existsAt, faultOf, readTextFile, UnusableFileError } from './read-text-file.js';

/** Access to the files of a configuration. */
export interface ConfigFiles {
  /**
   * The text of a file.
   *
   * @param use of the file; a secret may be read from a pipe
   * @throws UnusableFileError, or as `node:fs` does
   */
  read(path: string, use: 'settings' | 'secret'): string;
  /** Whether something exists at this path; reading it then says if it is not a readable file. */
  exists(path: string): boolean;
}

const KIB = 1024;

/** The files of this machine. */
export const LOCAL_FILES: ConfigFiles = {
  read: (path, use) =>
    readTextFile(
      path,
      use === 'secret' ? { maxBytes: 64 * KIB, pipeMs: 5000 } : { maxBytes: 1024 * KIB },
    ),
  exists: existsAt,
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
  const read =
    input.secrets === 'ignored'
      ? { kind: 'ignored' as const }
      : readSecrets(sources, (file) =>
          files.read(path.resolve(input.workingFolder, file), 'secret'),
        );
  // What a lost `.env` would have set is not reported as missing.
  const secrets =
    dotEnv.lost !== undefined && read.kind === 'incomplete'
      ? { kind: 'ignored' as const }
      : withoutRepeats(read, dotEnv);
  // Where a container only has an empty folder of this name, the variables may be all there.
  const harmless = dotEnv.lost === 'folder' && read.kind !== 'incomplete';
  const ofDotEnv = dotEnv.problems.map((problem) => {
    if (harmless) return { ...problem, severity: 'warning' as const };
    // Why the line can't be used says more than that the secret is missing.
    return problemsOf(read).some(({ path: name }) => name === problem.path)
      ? { ...problem, severity: 'error' as const }
      : problem;
  });
  const secretsSet = whichSecretsAreSet(sources);
  const failed = (file: string | undefined, message: string, line?: number): ConfigReading => ({
    file,
    text: undefined,
    problems: [
      problemAt(file ?? 'configuration', line, 'file', message, 'error'),
      ...ofDotEnv,
      ...problemsOfSecrets(secrets),
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
    text = files.read(file, 'settings').replace(/^\uFEFF/, '');
  } catch (error) {
    const advice = 'the user that runs the service must be allowed to read it';
    const line = error instanceof UnusableFileError ? error.line : undefined;
    return failed(file, faultOf(error, file, advice), line);
  }
  const checked = checkConfig({ file, text, variables, platform: input.platform, secrets });
  return {
    ...checked,
    file,
    text,
    problems: [...checked.problems, ...ofDotEnv],
    secretsSet,
    config: errorsAmong(ofDotEnv).length === 0 ? checked.config : undefined,
  };
}

type Read = SecretsResult | { readonly kind: 'ignored' };

/** The errors of secrets. */
function problemsOf(read: Read): readonly Problem[] {
  return read.kind === 'incomplete' ? read.problems : [];
}

/** Without the errors of secrets whose line in `.env` has a problem of its own. */
function withoutRepeats(read: Read, { problems: ofDotEnv, hidden = [] }: DotEnvReading): Read {
  if (read.kind !== 'incomplete') return read;
  const isSaid = ({ path }: Problem): boolean =>
    hidden.includes(path) || ofDotEnv.some((other) => other.path === path);
  return { ...read, problems: read.problems.filter((problem) => !isSaid(problem)) };
}

interface DotEnvReading {
  readonly found: EnvironmentSources['dotEnv'];
  readonly problems: readonly Problem[];
  /** Variables that are not seen because of a problem above them. */
  readonly hidden?: readonly string[];
  /** What is there instead of a file that can be read. */
  readonly lost?: 'folder' | 'file';
}

function readDotEnv(file: string, files: ConfigFiles): DotEnvReading {
  if (!files.exists(file)) return { found: undefined, problems: [] };
  try {
    const text = files.read(file, 'settings');
    const variables = parseDotEnv(text);
    const { lines, problems, lost } = dotEnvLines(text, variables, file);
    return { found: { file, variables, lines }, problems, hidden: lost };
  } catch (error) {
    const unusable = error instanceof UnusableFileError ? error : undefined;
    const message = faultOf(error, file, 'make it readable, or remove it');
    return {
      found: undefined,
      problems: [problemAt(file, unusable?.line, 'file', message, 'error')],
      lost: unusable?.isFolder === true ? 'folder' : 'file',
    };
  }
}
