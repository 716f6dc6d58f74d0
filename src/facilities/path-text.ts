/**
 * Small questions about path texts. Paths here are texts in a Globus collection, never files of this
 * machine: segments are separated by `/`, and where danger is looked for also by `\`, since
 * collections on Windows take both.
 */

const DOT_SEGMENT = /(?:^|[\\/])\.{1,2}(?:[\\/]|$)/;

/** Control characters (C0, DEL, C1) and halves of surrogate pairs, which UTF-8 can't carry. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/** The longest part of a foreign text that is repeated in a message. */
const QUOTED_LENGTH = 200;

/** Whether any segment is `.` or `..`, with `/` and `\` both separating. */
export function hasDotSegment(path: string): boolean {
  return DOT_SEGMENT.test(path);
}

/** Whether there is a NUL, any other control character (DEL and C1 too) or a broken surrogate. */
export function hasUnprintable(text: string): boolean {
  return UNPRINTABLE.test(text);
}

/** The non-empty segments between `/`, so that repeated and trailing slashes make no difference. */
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

/** A foreign text in quotes, safe to stand in a message or a log line. */
export function quoted(text: string): string {
  const short = text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text;
  const safe = short.replace(
    /[\p{Cc}\p{Cs}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${safe}"`;
}

/**
 * Why a PID is refused, as the end of a sentence that begins with the PID, or `undefined` if it can
 * be asked for. An empty one or a `.` would address another route of SciCat, and PIDs reach paths.
 */
export function refusePid(pid: string): string | undefined {
  if (pid.trim() === '') return 'is empty';
  if (hasDotSegment(pid)) return 'has a "." or ".." segment';
  if (hasUnprintable(pid)) return 'contains a control character or broken text';
  return undefined;
}
