/** Scheme and host, in the form of a request that a forward proxy would get. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i;

/**
 * The target of a request with each run of slashes in its path as one, so that `//transfer` is
 * `/transfer`: a reverse proxy with one slash too many in its configuration sends such requests.
 * Everything else remains: the query, `%2F`, and dot segments, which the router does not resolve.
 */
export function collapseSlashes(target: string): string {
  const origin = target.startsWith('/') ? '' : (ORIGIN.exec(target)?.[0] ?? '');
  const queryAt = target.indexOf('?', origin.length);
  const end = queryAt === -1 ? target.length : queryAt;
  const path = target.slice(origin.length, end);
  if (!path.includes('//')) return target;
  return origin + path.replace(/\/{2,}/g, '/') + target.slice(end);
}
