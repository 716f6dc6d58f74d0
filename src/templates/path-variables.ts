import { posix } from 'node:path';
import { percentEncoded } from './go-text.js';

/**
 * All but the last element of a slash-separated path, cleaned, exactly as Go's `path.Dir`.
 *
 * @example goPathDir('20.500.12345/abc') === '20.500.12345'; goPathDir('abc') === '.'
 */
export function goPathDir(path: string): string {
  const folder = posix.normalize(path.slice(0, path.lastIndexOf('/') + 1));
  return folder === '/' ? folder : folder.replace(/\/$/, '');
}

/**
 * The last element of a slash-separated path, exactly as Go's `path.Base`: `.` for an empty path,
 * `/` for one of slashes alone. Trailing slashes don't count.
 */
export function goPathBase(path: string): string {
  return path === '' ? '.' : posix.basename(path) || '/';
}

/**
 * A string as one segment of a URL's path, exactly as Go's `url.PathEscape`: a slash becomes `%2F`,
 * while `$ & + : = @` stay. An unpaired surrogate becomes U+FFFD.
 */
export function goPathEscape(text: string): string {
  return percentEncoded(text, /[A-Za-z0-9\-_.~$&+:=@]/);
}
