import { percentEncoded } from './go-text.js';

/** Go's `path.Clean`: the shortest equivalent path, worked out lexically. */
function cleaned(path: string): string {
  const rooted = path.startsWith('/');
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    const last = kept.at(-1);
    if (segment !== '..') kept.push(segment);
    else if (last !== undefined && last !== '..') kept.pop();
    else if (!rooted) kept.push(segment);
  }
  const joined = kept.join('/');
  if (rooted) return `/${joined}`;
  return joined === '' ? '.' : joined;
}

/**
 * All but the last element of a slash-separated path, cleaned, exactly as Go's `path.Dir`.
 *
 * @example goPathDir('20.500.12345/abc') === '20.500.12345'; goPathDir('abc') === '.'
 */
export function goPathDir(path: string): string {
  return cleaned(path.slice(0, path.lastIndexOf('/') + 1));
}

/**
 * The last element of a slash-separated path, exactly as Go's `path.Base`: `.` for an empty path,
 * `/` for one of slashes alone. Trailing slashes don't count.
 */
export function goPathBase(path: string): string {
  if (path === '') return '.';
  let end = path.length;
  while (end > 0 && path.charAt(end - 1) === '/') end--;
  if (end === 0) return '/';
  return path.slice(path.lastIndexOf('/', end - 1) + 1, end);
}

/**
 * A string as one segment of a URL's path, exactly as Go's `url.PathEscape`: a slash becomes `%2F`,
 * while `$ & + : = @` stay. An unpaired surrogate becomes U+FFFD.
 */
export function goPathEscape(text: string): string {
  return percentEncoded(text, /[A-Za-z0-9\-_.~$&+:=@]/);
}
