import { FileTrouble, type FileSystem } from './file-system.port.js';

/** A collection's path on this machine. */
export interface LocatedPath {
  /** Absolute, without symbolic links, except for an unfollowed link at the end. */
  readonly path: string;
  readonly exists: boolean;
}

/**
 * Resolves a collection's path in the collection's folder. The folder is the root, also for `/~/`: `..`
 * stops there, and symbolic links out of it are not followed.
 *
 * @param followLast whether to follow a symbolic link at the end
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

/** Whether a path is in a folder or equal to it; both absolute and without links. */
export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

export function join(directory: string, name: string): string {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}

/** A collection's path without `.`, `..`, `~` and double slashes; `/` for the root. */
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
