import { posix, win32 } from 'node:path';

/** Names that the configuration file may have, the preferred one first. */
const CONFIG_FILE_NAMES = [
  'scicat-globus-proxy-config.yaml',
  'scicat-globus-proxy.config.yaml',
] as const;

/** Environment variable that names the configuration file. */
const CONFIG_FILE_VARIABLE = 'SCICAT_GLOBUS_PROXY_CONFIG';

/** Name of the service's folder below the user's configuration and state folders. */
export const APPLICATION_NAME = 'scicat-globus-proxy';

/** What the search depends on. */
export interface ConfigFileSearch {
  /** A path that was given by itself; it wins over everything else. */
  readonly file?: string | undefined;
  /** Command line arguments after the program's name, `process.argv.slice(2)`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The folder that holds `package.json`; a `.env` is read from it too. */
  readonly applicationFolder: string;
  /** Folder that relative paths on the command line and in variables start from. */
  readonly workingFolder: string;
  /** Whether there is a file (not a folder) at this path. */
  readonly fileExists: (path: string) => boolean;
}

/** The file, or why there is none: `message` names every searched path. */
export type ConfigFileResult =
  | { readonly kind: 'found'; readonly file: string }
  | { readonly kind: 'not-found'; readonly message: string };

/**
 * Finds the configuration file: the one named by `--config` or `SCICAT_GLOBUS_PROXY_CONFIG`, else
 * next to the application, else in the user's configuration folder. A file that was named but does
 * not exist is not replaced by another one: running with the wrong configuration is worse than not
 * running.
 */
export function findConfigFile(search: ConfigFileSearch): ConfigFileResult {
  const path = search.platform === 'win32' ? win32 : posix;
  const named = namedFile(search);
  if (named !== undefined) {
    if (named.file === '') {
      return notFound(`${named.by} must be followed by the path of the configuration file`);
    }
    const file = path.resolve(search.workingFolder, named.file);
    if (search.fileExists(file)) return { kind: 'found', file };
    return notFound(`The file ${file}, which ${named.by} names, does not exist`);
  }
  const userFolder = userConfigFolder(search);
  const searched = [
    search.applicationFolder,
    ...(userFolder === undefined ? [] : [path.join(userFolder, APPLICATION_NAME)]),
  ].flatMap((folder) => CONFIG_FILE_NAMES.map((name) => path.join(folder, name)));
  const file = searched.find((candidate) => search.fileExists(candidate));
  if (file !== undefined) return { kind: 'found', file };
  return notFound(
    `No configuration file was found; searched: ${searched.join(', ')}. Put one there, or name it with --config or ${CONFIG_FILE_VARIABLE}`,
  );
}

/** The user's configuration folder as Go's `os.UserConfigDir` finds it; `undefined` if it can't. */
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
      // Go refuses a relative one: it would mean another folder wherever the service is started.
      return posix.isAbsolute(configured) ? configured : undefined;
    }
  }
}

function namedFile(
  search: Pick<ConfigFileSearch, 'file' | 'argv' | 'env'>,
): { readonly by: string; readonly file: string } | undefined {
  const { file, argv, env } = search;
  if (file !== undefined) return { by: 'the command line', file };
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
