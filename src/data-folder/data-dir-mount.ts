import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, posix } from 'node:path';

/** Environment variable by which an image tells that its processes run in a container. */
export const CONTAINER_VARIABLE = 'PROXY_CONTAINER';

/** Files that Docker and Podman put into their containers; other engines put none. */
const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv'];

/** File systems whose content is lost with the container, mounted or not. */
const MEMORY_FILE_SYSTEMS = ['tmpfs', 'ramfs'];

/** What is read of the machine; replaced in tests. */
export interface ContainerOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a file or folder exists. */
  readonly exists: (path: string) => boolean;
  /** Resolves symbolic links in a path that exists. */
  readonly realPath: (path: string) => string;
  /** Content of `/proc/self/mountinfo`; undefined where there is none. */
  readonly mountInfo: () => string | undefined;
}

/**
 * Warns of a data folder that will be lost with its container. Only what lies below a mount survives
 * when a container is replaced; otherwise each update costs the file lists of all waiting transfers.
 *
 * Reads the table of mounts and not device numbers: a volume can be on the same device as the
 * container's root.
 *
 * @param dataDir absolute path; need not exist yet
 * @returns a sentence for the log; undefined when the folder is persistent, or it can't be told
 */
export function dataDirWarning(
  dataDir: string,
  options: ContainerOptions = thisMachine(),
): string | undefined {
  if (!inContainer(options)) return undefined;
  const text = options.mountInfo();
  const mounts = text === undefined ? [] : readMountInfo(text);
  const mount = mountOf(existingPart(dataDir, options), mounts);
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
  const declared = env[CONTAINER_VARIABLE] ?? '';
  return declared === '' ? CONTAINER_MARKS.some((path) => exists(path)) : declared !== '0';
}

/** The nearest existing folder, as the kernel names it. */
function existingPart(path: string, { exists, realPath }: ContainerOptions): string {
  let part = path;
  while (!exists(part) && dirname(part) !== part) part = dirname(part);
  return realPath(part);
}

/** The mount of a path: the longest one that contains it, the latest of equal ones. */
function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    const relative = posix.relative(mount.path, path);
    const leads = relative !== '..' && !relative.startsWith('../');
    if (leads && mount.path.length >= (found?.path.length ?? 0)) found = mount;
  }
  return found;
}

/** Lines as in proc(5): the fifth field is the mount point, the type follows " - ". */
function readMountInfo(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [fields = '', source = ''] = line.split(' - ', 2);
    const path = fields.split(' ')[4];
    const type = source.split(' ')[0] ?? '';
    return path === undefined ? [] : [{ path: unescapeOctal(path), type }];
  });
}

/** The table has spaces and the like as `\040`. */
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
