import { posix, win32 } from 'node:path';
import { ENVIRONMENT } from '../../config/environment.js';
import type { Problem } from '../../config/problem.js';
import type { Terminal } from '../common/terminal.js';
import { counted, painter } from '../common/text.js';

/** What of a check is shown. */
export interface CheckedFile {
  /** Absolute path; undefined if no file was found. */
  readonly file: string | undefined;
  /** Undefined if it could not be read. */
  readonly text: string | undefined;
  readonly problems: readonly Problem[];
  /** How many facilities there are, if there are no errors. */
  readonly facilities: number | undefined;
}

/** How many of a check's problems are errors, and how many warnings. */
export function countProblems(problems: readonly Problem[]): {
  readonly errors: number;
  readonly warnings: number;
} {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return { errors, warnings: problems.length - errors };
}

/**
 * All problems for people: `file:line:column: error: …` as compilers write it, so that editors and CI
 * find the place; the line with a caret under the column; and at the end a summary.
 */
export function problemReport(
  checked: CheckedFile,
  terminal: Pick<Terminal, 'colours' | 'platform' | 'workingFolder'>,
): string {
  const painted = painter(terminal.colours);
  const near = (file: string): string => relativePath(file, terminal);
  const parts = checked.problems.map((problem) => {
    const { line, column, severity, suggestion } = problem;
    const place = [near(problem.file), line, column].filter((part) => part !== undefined).join(':');
    const kind = painted(['bold', severity === 'error' ? 'red' : 'yellow'], `${severity}:`);
    const head = `${painted('bold', `${place}:`)} ${kind} ${printable(`${problem.path}: ${problem.message}`)}`;
    const excerpt =
      problem.file === checked.file && checked.text !== undefined
        ? excerptOf(problem, checked.text)
        : undefined;
    if (excerpt === undefined) {
      return suggestion === undefined ? head : `${head}; ${printable(suggestion)}`;
    }
    const number = excerpt.line.toString();
    const pad = ' '.repeat(number.length);
    const hint = suggestion === undefined ? '' : ` ${printable(suggestion)}`;
    return [
      head,
      `  ${number} | ${excerpt.text}`,
      `  ${pad} | ${excerpt.indent}${painted(['bold', 'green'], `^${hint}`)}`,
    ].join('\n');
  });
  return `${[...parts, summary(checked, near)].join('\n\n')}\n`;
}

function summary(
  { file, problems, facilities }: CheckedFile,
  near: (file: string) => string,
): string {
  const { errors, warnings } = countProblems(problems);
  const subject = file === undefined ? '' : `${near(file)}: `;
  if (problems.length === 0) {
    const found = facilities === undefined ? [] : [counted(facilities, 'facility', 'facilities')];
    return `${subject}${['valid', ...found].join(', ')}`;
  }
  const sums = [
    errors === 0 ? 'no errors' : counted(errors, 'error'),
    ...(warnings === 0 ? [] : [counted(warnings, 'warning')]),
  ];
  const ofSecrets = problems.filter((problem) => problem.file === ENVIRONMENT);
  const hint =
    errors > 0 && errors === ofSecrets.length
      ? '; no errors in the file itself (use --no-secrets to check only the file)'
      : '';
  return `${subject}${sums.join(', ')}${hint}`;
}

/** Relative to the working folder for files in it. */
function relativePath(
  file: string,
  { platform, workingFolder }: Pick<Terminal, 'platform' | 'workingFolder'>,
): string {
  const path = platform === 'win32' ? win32 : posix;
  if (!path.isAbsolute(file)) return file;
  const relative = path.relative(workingFolder, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}

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
 * The line that a problem is in. Values that look like secrets are masked: the output of a check ends
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
  const masked = printable(withoutSecrets(whole.trimEnd()));
  const caret = Math.min(column - 1, masked.length);
  // Near the end of the line the caret must be in view, too.
  const from =
    masked.length <= WIDTH ? 0 : Math.max(0, Math.min(caret - MARGIN, masked.length - WIDTH));
  const to = from + WIDTH;
  const shown = `${from > 0 ? '…' : ''}${masked.slice(from, to)}${to < masked.length ? '…' : ''}`;
  const before = `${from > 0 ? '…' : ''}${masked.slice(from, caret)}`;
  return { line, text: shown, indent: before.replace(/[^\t]/g, ' ') };
}

/** Text from a file without what could move the cursor or change colours; columns stay the same. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t\n]/gu, '\uFFFD');
}

function withoutSecrets(line: string): string {
  return line
    .replace(/((?:secret|password|passwd|token)\w*["']?\s*:\s*)\S.*$/i, '$1…')
    .replace(/(:\/\/)[^/@\s]*@/g, '$1…@');
}
