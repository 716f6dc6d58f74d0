import { hasDotSegment, hasUnprintable } from './path-text.js';

/** Most paths are like this, and then nothing below can be wrong with them. */
const PLAIN = /^(?:[\w-][\w .,+=@-]*\/)*[\w-][\w .,+=@-]*$/;

/**
 * Why one path of a file list is refused, as the end of a sentence that begins with the path; or
 * `undefined` if it is usable. Paths are relative to the dataset's folder. A backslash may stand in
 * a name, but not where a Windows collection would read it as a way out of the folder.
 *
 * Lists have 400,000 entries: nothing is allocated for a good path.
 *
 * @param atRoot the dataset's folder is the top of a collection
 */
export function refuseFilePath(path: string, atRoot: boolean): string | undefined {
  if (PLAIN.test(path)) return undefined;
  if (path === '') return 'is empty';
  if (path.startsWith('/') || path.startsWith('\\')) {
    return "is absolute; file paths are relative to the dataset's source folder";
  }
  if (atRoot && path.startsWith('~')) {
    return 'begins with "~", which Globus takes for a home folder at the top of a collection';
  }
  if (hasDotSegment(path)) return 'has a "." or ".." segment, which could lead out of the dataset';
  if (hasUnprintable(path)) return 'contains a control character or broken text';
  return undefined;
}
