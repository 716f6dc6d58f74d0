import { hasDotSegment, hasUnprintable } from '../facilities/path-text.js';

const SLASH = 0x2f;
/** More than any file system takes, in bytes; and what is done for a path must not take long. */
export const LONGEST_FILE_PATH = 4096;

/** What may stand in a segment of a plain path: 2 anywhere, 1 behind something else. */
const IN_PLAIN_SEGMENT = new Uint8Array(256);
for (let byte = 0; byte < 128; byte += 1) {
  const character = String.fromCharCode(byte);
  IN_PLAIN_SEGMENT[byte] = /[\w-]/.test(character) ? 2 : /[ .,+=@]/.test(character) ? 1 : 0;
}

/**
 * Whether a path is one of those with which nothing can be wrong, as most are: letters, digits and a
 * few signs of ASCII. Lists have 400,000 entries, so this is found out without making texts of them;
 * a path that is not plain is looked at by {@link refuseFilePath}.
 *
 * @param bytes UTF-8; the path stands from `start` to `end`
 */
export function isPlainFilePath(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > LONGEST_FILE_PATH) return false;
  let atBeginning = true;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === SLASH && !atBeginning) {
      atBeginning = true;
    } else {
      const kind = IN_PLAIN_SEGMENT[byte] ?? 0;
      if (kind === 0 || (atBeginning && kind === 1)) return false;
      atBeginning = false;
    }
  }
  return !atBeginning;
}

/**
 * Why one path of a file list is refused, as the end of a sentence that begins with the path; or
 * `undefined` if it is usable. Paths are relative to the dataset's folder. A backslash may stand in
 * a name, but not where a Windows collection would read it as a way out of the folder.
 *
 * @param atRoot the dataset's folder is the top of a collection
 */
export function refuseFilePath(path: string, atRoot: boolean): string | undefined {
  if (path === '') return 'is empty';
  if (Buffer.byteLength(path) > LONGEST_FILE_PATH)
    return `is longer than ${LONGEST_FILE_PATH} bytes`;
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
