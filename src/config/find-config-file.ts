import { posix, win32 } from 'node:path';
import { FORMER_FILE } from './former-keys.js';

/** Accepted names of the configuration file, the preferred one first. */
const CONFIG_FILE_NAMES = [
  'scicat-globus-proxy-config.yaml',
  'scicat-globus-proxy.config.yaml',
] as const;

/** Environment variable that names the configuration file. */
const CONFIG_FILE_VARIABLE = 'SCICAT_GLOBUS_PROXY_CONFIG';

/** Name of the service's folder in the user's configuration and state folders. */
export const APPLICATION_NAME = 'scicat-globus-proxy';

export interface ConfigFileSearch {
  /** An explicit path, which wins over everything else. */
  readonly file?: string | undefined;
  /** Command line arguments after the program's name, `process.argv.slice(2)`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The folder of `package.json`, which may also hold a `.env`. */
  readonly applicationFolder: string;
  /** Base of relative paths on the command line and in variables. */
  readonly workingFolder: string;
  /** Whether something exists at this path; whether it is a readable file shows when it is read. */
  readonly fileExists: (path: string) => boolean;
}

/** The file, or why none was found; `message` names every searched path. */
export type ConfigFileResult =
  | { readonly kind: 'found'; readonly file: string }
  | { readonly kind: 'not-found'; readonly message: string };

/**
 * Finds the configuration file: the one named by `--config` or `SCICAT_GLOBUS_PROXY_CONFIG`, else
 * one next to the application, else one in the user's configuration folder. If a named file does not
 * exist there is no fallback: not running is better than running with the wrong configuration.
 */
export function findConfigFile(search: ConfigFileSearch): ConfigFileResult {
  const path = search.platform === 'win32' ? win32 : posix;
  const named = namedFile(search);
  if (named?.file === '') {
    return notFound(`${named.by} must be followed by the path of the configuration file`);
  }
  if (named !== undefined && /[\r\n]/.test(named.file.trim())) {
    return notFound(
      `${named.by} must be the path of the configuration file, but has several lines; was the file's content given in place of its path?`,
    );
  }
  if (named !== undefined && /^(["']).*\1$/.test(named.file)) {
    return notFound(
      `The path ${named.file}, specified by ${named.by}, is in quotes, which count as part of it; remove them`,
    );
  }
  if (named !== undefined) {
    const file = path.resolve(search.workingFolder, named.file);
    if (search.fileExists(file)) return { kind: 'found', file };
    return notFound(`The file ${file}, specified by ${named.by}, does not exist`);
  }
  const userFolder = userConfigFolder(search);
  const searched = [
    search.applicationFolder,
    ...(userFolder === undefined ? [] : [path.join(userFolder, APPLICATION_NAME)]),
  ].flatMap((folder) => CONFIG_FILE_NAMES.map((name) => path.join(folder, name)));
  const file = searched.find((candidate) => search.fileExists(candidate));
  if (file !== undefined) return { kind: 'found', file };
  const former = [
    search.applicationFolder,
    ...(userFolder === undefined ? [] : [path.join(userFolder, FORMER_FILE.folder)]),
  ]
    .map((folder) => path.join(folder, FORMER_FILE.name))
    .find((candidate) => search.fileExists(candidate));
  if (former !== undefined) {
    return notFound(
      `No configuration file was found, only ${former}, which is a configuration file for version 0.1 or 0.2. Run "scicat-globus-proxy check-config ${former}" to see what to change, and save the result as ${searched[0]}`,
    );
  }
  return notFound(
    `No configuration file was found; searched: ${searched.join(', ')}. Put one there, or name it with --config or ${CONFIG_FILE_VARIABLE}`,
  );
}

/** Go's `os.UserConfigDir`; `undefined` where that fails. */
function userConfigFolder(search: Pick<ConfigFileSearch, 'env' | 'platform'>): string | undefined {
  const { env, platform } = search;
  const below = (home: string | undefined, ...rest: readonly string[]): string | undefined =>
    home === undefined || home === '' ? undefined : posix.join(home, ...rest);
  switch (platform) {
    case 'win32':
      return env['AppData'] ?? env['APPDATA'];
    case 'darwin':
      return below(env['HOME'], 'Library', 'Application Support');
    default: {
      const configured = env['XDG_CONFIG_HOME'] ?? '';
      if (configured === '') return below(env['HOME'], '.config');
      // Go refuses a relative one, because it would depend on the working folder.
      return posix.isAbsolute(configured) ? configured : undefined;
    }
  }
}

function namedFile(
  search: Pick<ConfigFileSearch, 'file' | 'argv' | 'env'>,
): { readonly by: string; readonly file: string } | undefined {
  const { file, argv, env } = search;
  if (file !== undefined) return { by: "the command's argument", file };
  for (const [index, argument] of argv.entries()) {
    if (argument === '--config') return { by: '--config', file: argv[index + 1] ?? '' };
    if (argument.startsWith('--config=')) {
      return { by: '--config', file: argument.slice('--config='.length) };
    }
  }
  const variable = env[CONFIG_FILE_VARIABLE] ?? '';
  return variable === '' ? undefined : { by: CONFIG_FILE_VARIABLE, file: variable };
}

function notFound(message: string): ConfigFileResult {
  return { kind: 'not-found', message };
}
