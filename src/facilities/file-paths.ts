import { hasDotSegment, hasUnprintable } from './path-text.js';

/**
 * Why one path of a file list is refused, as the end of a sentence that begins with the path; or
 * `undefined` if it is usable. Paths are relative to the dataset's folder. A backslash may stand in
 * a name, but not where a Windows collection would read it as a way out of the folder.
 *
 * Lists have 400,000 entries: nothing is allocated for a good path.
 */
export function refuseFilePath(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (path.startsWith('/') || path.startsWith('\\')) {
    return "is absolute; file paths are relative to the dataset's source folder";
  }
  if (hasDotSegment(path)) return 'has a "." or ".." segment, which could lead out of the dataset';
  if (hasUnprintable(path)) return 'contains a control character or broken text';
  return undefined;
}
