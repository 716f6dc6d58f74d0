import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, posix } from 'node:path';

/** Environment variable by which an image declares that its processes run in a container. */
export const CONTAINER_VARIABLE = 'PROXY_CONTAINER';

/** Files that Docker and Podman create in their containers; other engines create none. */
const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv'];

/** File systems whose content is lost with the container, mounted or not. */
const MEMORY_FILE_SYSTEMS = ['tmpfs', 'ramfs'];

/** What is read from the machine; replaced in tests. */
export interface ContainerOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly exists: (path: string) => boolean;
  /** Resolves symbolic links in a path that exists. */
  readonly realPath: (path: string) => string;
  /** Content of `/proc/self/mountinfo`; '' if unavailable. */
  readonly mountInfo: () => string;
}

/**
 * Warns of a data folder that will be lost with its container: only what is below a mount survives
 * when a container is replaced, and without it each update costs the file lists of all waiting
 * transfers. Device numbers would not do: a volume can be on the same device as the container's root.
 *
 * @param dataDir absolute path; need not exist yet
 * @returns a sentence for the log; undefined when the folder is persistent, or unknown
 */
export function dataDirWarning(
  dataDir: string,
  options: ContainerOptions = THIS_MACHINE,
): string | undefined {
  if (!inContainer(options)) return undefined;
  const mount = mountOf(existingPart(dataDir, options), readMountInfo(options.mountInfo()));
  const lost =
    mount?.path === '/'
      ? 'is part of the container and will be lost with it'
      : mount !== undefined && MEMORY_FILE_SYSTEMS.includes(mount.type)
        ? `is in memory (${mount.type} at ${mount.path}) and will be lost with the container`
        : undefined;
  return lost === undefined
    ? undefined
    : `The data folder ${dataDir} ${lost}, along with the file lists of waiting transfers. Mount a volume there.`;
}

interface Mount {
  readonly path: string;
  /** Type of its file system. */
  readonly type: string;
}

function inContainer({ env, exists }: ContainerOptions): boolean {
  const declared = env[CONTAINER_VARIABLE] ?? '';
  return declared === '' ? CONTAINER_MARKS.some((path) => exists(path)) : declared !== '0';
}

/** Real path of the nearest existing folder. */
function existingPart(path: string, { exists, realPath }: ContainerOptions): string {
  let part = path;
  while (!exists(part) && dirname(part) !== part) part = dirname(part);
  return realPath(part);
}

/** The longest mount path that contains a path; of equal ones, the latest. */
function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    const relative = posix.relative(mount.path, path);
    const contains = relative !== '..' && !relative.startsWith('../');
    if (contains && mount.path.length >= (found?.path.length ?? 0)) found = mount;
  }
  return found;
}

/**
 * Parses lines as in proc(5): the fifth field is the mount point, with spaces and the like as `\040`;
 * the type follows " - ".
 */
function readMountInfo(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [fields = '', source = ''] = line.split(' - ', 2);
    const path = fields
      .split(' ')[4]
      ?.replace(/\\([0-7]{3})/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 8)),
      );
    return path === undefined ? [] : [{ path, type: source.split(' ')[0] ?? '' }];
  });
}

const THIS_MACHINE: ContainerOptions = {
  env: process.env,
  exists: existsSync,
  realPath: realpathSync,
  mountInfo: () => {
    try {
      return readFileSync('/proc/self/mountinfo', 'utf8');
    } catch {
      return '';
    }
  },
};
