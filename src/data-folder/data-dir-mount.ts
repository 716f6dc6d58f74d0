import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, posix } from 'node:path';

/** Environment variable with which an image says that its processes run in a container. */
export const CONTAINER_VARIABLE = 'PROXY_CONTAINER';

/** What Docker and Podman leave in the containers that they make; other engines leave nothing. */
const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv'];

/** File systems whose content is gone with the container, mounted or not. */
const MEMORY_FILE_SYSTEMS = ['tmpfs', 'ramfs'];

/** What is asked of the machine; replaced in tests. */
export interface ContainerOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether there is a file or folder at this path. */
  readonly exists: (path: string) => boolean;
  /** A path without symbolic links; the path must exist. */
  readonly realPath: (path: string) => string;
  /** The text of `/proc/self/mountinfo`; undefined where there is none. */
  readonly mountInfo: () => string | undefined;
}

/**
 * Tells whether the data folder would be lost together with the container. In a container only what
 * lies below a mount is kept when the container is replaced, and a data folder that is forgotten at
 * every update costs the file lists of all waiting transfers.
 *
 * Asked of the table of mounts and not of the device numbers, because a volume can lie on the same
 * device as the container's root.
 *
 * @param dataDir absolute path; need not exist yet
 * @returns a sentence for the log; undefined when the folder is kept, or nobody can tell
 */
export function dataDirWarning(
  dataDir: string,
  surroundings: ContainerOptions = thisMachine(),
): string | undefined {
  if (!inContainer(surroundings)) return undefined;
  const text = surroundings.mountInfo();
  const mounts = text === undefined ? [] : readMountInfo(text);
  const mount = mountOf(existingPart(dataDir, surroundings), mounts);
  if (mount === undefined) return undefined;
  const lost =
    mount.path === '/'
      ? 'is part of the container and will be lost with it'
      : MEMORY_FILE_SYSTEMS.includes(mount.type)
        ? `is in memory (${mount.type} at ${mount.path}) and will be lost with the container`
        : undefined;
  return lost === undefined
    ? undefined
    : `The data folder ${dataDir} ${lost}, and with it the file lists of waiting transfers. Mount a volume there.`;
}

interface Mount {
  readonly path: string;
  /** Type of its file system. */
  readonly type: string;
}

function inContainer({ env, exists }: ContainerOptions): boolean {
  const said = env[CONTAINER_VARIABLE] ?? '';
  return said === '' ? CONTAINER_MARKS.some((path) => exists(path)) : said !== '0';
}

/** The nearest folder that is there already, as the kernel names it. */
function existingPart(path: string, { exists, realPath }: ContainerOptions): string {
  let part = path;
  while (!exists(part) && dirname(part) !== part) part = dirname(part);
  return realPath(part);
}

/** The mount that a path lies on: the longest one that leads to it, the latest of equal ones. */
function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    const relative = posix.relative(mount.path, path);
    const leads = relative !== '..' && !relative.startsWith('../');
    if (leads && mount.path.length >= (found?.path.length ?? 0)) found = mount;
  }
  return found;
}

/** Lines as proc(5) has them: the fifth field is the mount point, the type follows " - ". */
function readMountInfo(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [fields = '', source = ''] = line.split(' - ', 2);
    const path = fields.split(' ')[4];
    const type = source.split(' ')[0] ?? '';
    return path === undefined ? [] : [{ path: unescapeOctal(path), type }];
  });
}

/** Blanks and the like stand as `\040` in the table. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function thisMachine(): ContainerOptions {
  return {
    env: process.env,
    exists: existsSync,
    realPath: realpathSync,
    mountInfo: () => {
      try {
        return readFileSync('/proc/self/mountinfo', 'utf8');
      } catch {
        return undefined;
      }
    },
  };
}
