import { FileTrouble, type FileSystem } from './file-system.port.js';

/** Where a collection's path leads on this machine. */
export interface LocatedPath {
  /** Absolute, free of symbolic links but for the last segment of an unfollowed link. */
  readonly path: string;
  readonly exists: boolean;
}

/**
 * Finds a collection's path in the collection's folder. The folder is the root: `..` stops there,
 * `/~/` is it as well, and a symbolic link that leads out of it is not followed.
 *
 * @param followLast whether a symbolic link at the very end is followed
 * @throws {@link FileTrouble} PERMISSION_DENIED for a way out, NOT_A_DIRECTORY for a way through a
 * file, INVALID_SYMLINK for a link to nowhere, INVALID_PATH_NAME for a NUL, FILE_NOT_FOUND when the
 * folder itself is missing
 */
export function locate(
  files: FileSystem,
  folder: string,
  path: string,
  followLast = true,
): LocatedPath {
  if (path.includes('\0')) throw new FileTrouble('INVALID_PATH_NAME', 'A path contains a NUL.');
  const root = files.realPath(folder);
  if (root === undefined) {
    throw new FileTrouble('FILE_NOT_FOUND', `The collection's folder ${folder} is missing.`);
  }
  const segments = segmentsOf(path);
  let current = root;
  for (const [index, segment] of segments.entries()) {
    const next = join(current, segment);
    const entry = files.entry(next);
    if (entry === undefined) {
      if (index > 0 && files.entry(current)?.kind === 'file') {
        throw new FileTrouble('NOT_A_DIRECTORY', `${path} leads through a file.`);
      }
      return { path: segments.slice(index).reduce(join, current), exists: false };
    }
    const isLast = index === segments.length - 1;
    if (entry.kind !== 'symlink' || (isLast && !followLast)) {
      current = next;
      continue;
    }
    const real = files.realPath(next);
    if (real === undefined) throw new FileTrouble('INVALID_SYMLINK', `${path} leads nowhere.`);
    if (!isInside(root, real)) {
      throw new FileTrouble('PERMISSION_DENIED', `${path} leads out of the collection.`);
    }
    current = real;
  }
  return { path: current, exists: true };
}

/** Whether a path is the folder or lies below it; both absolute and free of links. */
export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** A path below a directory, both in the collection's notation. */
export function join(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}

/** A collection's path without `.`, `..`, `~` and doubled slashes; `/` for the root. */
export function normalize(path: string): string {
  return `/${segmentsOf(path).join('/')}`;
}

function segmentsOf(path: string): readonly string[] {
  const segments: string[] = [];
  // Fact: `/~/` is the home of the collection.
  for (const segment of path.replace(/^\/?~(?=\/|$)/, '').split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return segments;
}
