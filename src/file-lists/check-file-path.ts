import { hasDotSegment, hasUnprintable } from '../facilities/path-text.js';

const SLASH = 0x2f;
/** In bytes: longer than any file system allows, and short enough to be checked quickly. */
export const LONGEST_FILE_PATH = 4096;

/** What a segment of a plain path may consist of: 2 anywhere, 1 after its first character. */
const IN_PLAIN_SEGMENT = new Uint8Array(256);
for (let byte = 0; byte < 128; byte += 1) {
  const character = String.fromCharCode(byte);
  IN_PLAIN_SEGMENT[byte] = /[\w-]/.test(character) ? 2 : /[ .,+=@]/.test(character) ? 1 : 0;
}

/**
 * Whether a path is certainly usable, as most are: ASCII letters, digits and a few more characters.
 * With up to 400,000 entries, this is decided on the bytes, without making strings; a path that is
 * not plain is left to {@link refuseFilePath}.
 *
 * @param bytes UTF-8, with the path from `start` to `end`
 */
export function isPlainFilePath(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > LONGEST_FILE_PATH) return false;
  let atStart = true;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === SLASH && !atStart) {
      atStart = true;
    } else {
      const kind = IN_PLAIN_SEGMENT[byte] ?? 0;
      if (kind === 0 || (atStart && kind === 1)) return false;
      atStart = false;
    }
  }
  return !atStart;
}

/**
 * Why a path of a file list is refused, as the end of a sentence that begins with the path;
 * `undefined` if it is usable. A name may contain a backslash, but not where a Windows collection
 * would read it as a way out of the dataset's folder.
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
