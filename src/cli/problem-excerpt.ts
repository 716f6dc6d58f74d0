import type { Problem } from '../config/problem.js';

/** The most of a line that is shown: more would be wrapped, and the caret would point at nothing. */
const WIDTH = 100;
const MARGIN = 20;

/** A line of the file, fit to be shown, and what goes below it so that the caret is in its place. */
export interface Excerpt {
  readonly line: number;
  readonly text: string;
  /** Blanks, and tabs where the line has them, up to the column. */
  readonly indent: string;
}

/**
 * The line that a problem is in. Values that look like secrets are covered: output of a check ends
 * up in other places than the file.
 *
 * @param text of the file that the problem is in
 */
export function excerptOf(
  problem: Pick<Problem, 'line' | 'column'>,
  text: string,
): Excerpt | undefined {
  const { line, column = 1 } = problem;
  const whole = line === undefined ? undefined : text.split('\n')[line - 1];
  if (line === undefined || whole === undefined) return undefined;
  const covered = printable(withoutSecrets(whole.trimEnd()));
  const caret = Math.min(column - 1, covered.length);
  // Near the end of the line the caret must be in view, too.
  const from =
    covered.length <= WIDTH ? 0 : Math.max(0, Math.min(caret - MARGIN, covered.length - WIDTH));
  const to = from + WIDTH;
  const shown = `${from > 0 ? '…' : ''}${covered.slice(from, to)}${to < covered.length ? '…' : ''}`;
  const before = `${from > 0 ? '…' : ''}${covered.slice(from, caret)}`;
  return { line, text: shown, indent: before.replace(/[^\t]/g, ' ') };
}

/** Text from a file without what could move the cursor or change colours. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t\n]/gu, '\uFFFD');
}

function withoutSecrets(line: string): string {
  return line
    .replace(/((?:secret|password|passwd|token)\w*["']?\s*:\s*)\S.*$/i, '$1…')
    .replace(/(:\/\/)[^/@\s]*@/g, '$1…@');
}
