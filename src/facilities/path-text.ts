/**
 * Checks on path strings. Paths here belong to a Globus collection, never to this machine. Segments
 * are separated by `/`; the safety checks also count `\\`, which collections on Windows accept.
 */

const DOT_SEGMENT = /(?:^|[\\/])\.{1,2}(?:[\\/]|$)/;

/** Control characters (C0, DEL, C1) and unpaired surrogates, which UTF-8 can't encode. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/gu;

/** Longest part of a foreign string that a message quotes. */
const QUOTED_LENGTH = 200;

/** Whether any segment is `.` or `..`, with `/` and `\` both separating. */
export function hasDotSegment(path: string): boolean {
  return DOT_SEGMENT.test(path);
}

/** Whether there is a control character (DEL and C1 included) or an unpaired surrogate. */
export function hasUnprintable(text: string): boolean {
  return text.search(UNPRINTABLE) >= 0;
}

/** The non-empty segments between `/`: repeated and trailing slashes make no difference. */
export function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/** One leading slash, no repeated ones, no trailing one. */
export function normalizedPath(path: string): string {
  return `/${segmentsOf(path).join('/')}`;
}

/** Whether `folder` is `root` or below it, compared segment by segment. */
export function isInside(folder: readonly string[], root: readonly string[]): boolean {
  return root.every((segment, index) => folder[index] === segment);
}

/** A foreign string in quotes, shortened and escaped for a message or a log line. */
export function quoted(text: string): string {
  const short = text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text;
  const safe = short.replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${safe}"`;
}

/** Why a string must not become part of a path, as a predicate for a message; undefined if it may. */
export function unsafePart(text: string): string | undefined {
  if (hasDotSegment(text)) return 'has a "." or ".." segment';
  if (hasUnprintable(text)) return 'contains a control character or invalid Unicode';
  return undefined;
}

/** Why a PID is refused. An empty one, or `.`, would address a different route of SciCat. */
export function pidProblem(pid: string): string | undefined {
  return pid.trim() === '' ? 'is empty' : unsafePart(pid);
}

/** Why an absolute path is refused. */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'is empty';
  return path.startsWith('/')
    ? unsafePart(path)
    : 'is not an absolute path (it must begin with "/")';
}
