import { hasDotSegment, hasUnprintable } from '../facilities/path-text.js';

const SLASH = 0x2f;
/** In bytes; longer than any file system allows. */
export const LONGEST_FILE_PATH = 4096;

/** Bytes allowed in a segment of a plain path: 2 anywhere, 1 after the first character. */
const IN_PLAIN_SEGMENT = new Uint8Array(256);
for (let byte = 0; byte < 128; byte += 1) {
  const character = String.fromCharCode(byte);
  IN_PLAIN_SEGMENT[byte] = /[\w-]/.test(character) ? 2 : /[ .,+=@]/.test(character) ? 1 : 0;
}

/**
 * Whether a path consists of ASCII letters, digits and a few other characters, as most do, and so is
 * valid. Works on bytes, because a list has up to 400,000 paths; {@link refuseFilePath} decides on
 * paths that are not plain.
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
 * Checks a path of a file list. A name may contain a backslash, but not where a Windows collection
 * would follow it out of the dataset's folder.
 *
 * @param atRoot the dataset's folder is the root of a collection
 * @returns why the path is refused, as the predicate of a sentence; undefined if it is valid
 */
export function refuseFilePath(path: string, atRoot: boolean): string | undefined {
  if (path === '') return 'is empty';
  if (Buffer.byteLength(path) > LONGEST_FILE_PATH)
    return `is longer than ${LONGEST_FILE_PATH} bytes`;
  if (path.startsWith('/') || path.startsWith('\\')) {
    return "is absolute; file paths are relative to the dataset's source folder";
  }
  if (atRoot && path.startsWith('~')) {
    return 'begins with "~", which Globus would take for a home folder';
  }
  // It would be the same file as without them, and could be listed twice.
  if (path.includes('//')) return 'has repeated slashes';
  if (hasDotSegment(path)) return 'has a "." or ".." segment, which could lead out of the dataset';
  if (hasUnprintable(path)) return 'contains a control character or invalid Unicode';
  return undefined;
}
