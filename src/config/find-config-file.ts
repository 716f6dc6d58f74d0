import { posix, win32 } from 'node:path';

/** Names that the configuration file may have, the preferred one first. */
export const CONFIG_FILE_NAMES = [
  'scicat-globus-proxy-config.yaml',
  'scicat-globus-proxy.config.yaml',
] as const;

/** Environment variable that names the configuration file. */
export const CONFIG_FILE_VARIABLE = 'SCICAT_GLOBUS_PROXY_CONFIG';

/** Name of the service's folder below the user's configuration and state folders. */
export const APPLICATION_NAME = 'scicat-globus-proxy';

/** What the search depends on. */
export interface ConfigFileSearch {
  /** A path that was given by itself; it wins over everything else. */
  readonly named?: string | undefined;
  /** Command line arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The folder that holds `package.json`. */
  readonly applicationFolder: string;
  /** Folder that a relative path on the command line or in the variable starts from. */
  readonly workingFolder: string;
  /** Whether there is a file (not a folder) at this path. */
  readonly fileExists: (path: string) => boolean;
}

/** The file, or why there is none: `message` is a sentence that names every searched path. */
export type ConfigFileResult =
  | { readonly kind: 'found'; readonly file: string }
  | { readonly kind: 'not-found'; readonly searched: readonly string[]; readonly message: string };

/**
 * Finds the configuration file: the one named by `--config` or `SCICAT_GLOBUS_PROXY_CONFIG`, else
 * next to the application, else in the user's configuration folder. A file that was named but does
 * not exist is not replaced by another one: running with a configuration that nobody asked for is
 * worse than not running.
 */
export function findConfigFile(search: ConfigFileSearch): ConfigFileResult {
  const path = search.platform === 'win32' ? win32 : posix;
  const named = namedFile(search);
  if (named !== undefined) {
    if (named.file === '') {
      return notFound([], `${named.by} must be followed by the path of the configuration file.`);
    }
    const file = path.resolve(search.workingFolder, named.file);
    if (search.fileExists(file)) return { kind: 'found', file };
    return notFound([file], `There is no file ${file}, which ${named.by} names.`);
  }
  const userFolder = userConfigFolder(search);
  const searched = [
    search.applicationFolder,
    ...(userFolder === undefined ? [] : [path.join(userFolder, APPLICATION_NAME)]),
  ].flatMap((folder) => CONFIG_FILE_NAMES.map((name) => path.join(folder, name)));
  const file = searched.find((candidate) => search.fileExists(candidate));
  if (file !== undefined) return { kind: 'found', file };
  return notFound(
    searched,
    `No configuration file was found; searched: ${searched.join(', ')}. Put one there, or name it with --config or ${CONFIG_FILE_VARIABLE}.`,
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
  search: Pick<ConfigFileSearch, 'named' | 'argv' | 'env'>,
): { readonly by: string; readonly file: string } | undefined {
  const { named, argv, env } = search;
  if (named !== undefined) return { by: 'the command line', file: named };
  for (const [index, argument] of argv.entries()) {
    if (argument === '--config') return { by: '--config', file: argv[index + 1] ?? '' };
    if (argument.startsWith('--config=')) {
      return { by: '--config', file: argument.slice('--config='.length) };
    }
  }
  const variable = env[CONFIG_FILE_VARIABLE] ?? '';
  return variable === '' ? undefined : { by: CONFIG_FILE_VARIABLE, file: variable };
}

function notFound(searched: readonly string[], message: string): ConfigFileResult {
  return { kind: 'not-found', searched, message };
}
