import { posix, win32 } from 'node:path';
import { ENVIRONMENT } from '../../config/environment.js';
import type { ConfigReading } from '../../config/load-config.js';
import { errorsAmong, type Problem } from '../../config/problem.js';
import type { Terminal } from '../common/terminal.js';
import { counted, painter } from '../common/text.js';

/** Counts errors and warnings. */
export function countProblems(problems: readonly Problem[]): {
  readonly errors: number;
  readonly warnings: number;
} {
  const errors = errorsAmong(problems).length;
  return { errors, warnings: problems.length - errors };
}

/**
 * All problems for people: `file:line:column: error: …` as compilers print it, so that editors and
 * CI find the location; the line with a caret below the column; a summary at the end.
 */
export function problemReport(
  reading: ConfigReading,
  terminal: Pick<Terminal, 'colours' | 'platform' | 'workingFolder'>,
): string {
  const painted = painter(terminal.colours);
  const near = (file: string): string => relativePath(file, terminal);
  const parts = reading.problems.map((problem) => {
    const { file, line, column, severity, suggestion, path, message } = problem;
    const place = [near(file), line, column].filter((part) => part !== undefined).join(':');
    const kind = painted(['bold', severity === 'error' ? 'red' : 'yellow'], `${severity}:`);
    const head = `${painted('bold', `${place}:`)} ${kind} ${printable(`${path}: ${message}`)}`;
    const hint = suggestion === undefined ? '' : printable(suggestion);
    const text = file === reading.file ? reading.text : undefined;
    const excerpt = text === undefined ? undefined : excerptOf(problem, text);
    if (excerpt === undefined) return hint === '' ? head : `${head}; ${hint}`;
    const number = excerpt.line.toString();
    return [
      head,
      `  ${number} | ${excerpt.text}`,
      `  ${' '.repeat(number.length)} | ${excerpt.indent}${painted(['bold', 'green'], `^ ${hint}`.trim())}`,
    ].join('\n');
  });
  return `${[...parts, summary(reading, near)].join('\n\n')}\n`;
}

function summary(
  { file, problems, fileConfig }: ConfigReading,
  near: (file: string) => string,
): string {
  const { errors, warnings } = countProblems(problems);
  const subject = file === undefined ? '' : `${near(file)}: `;
  if (problems.length === 0) {
    const facilities = fileConfig?.facilities.length ?? 0;
    return `${subject}valid, ${counted(facilities, 'facility', 'facilities')}`;
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

/** Longer lines are cut: a terminal would wrap them, and the caret would be misplaced. */
const WIDTH = 100;
const MARGIN = 20;

/** A line of the file, ready to print. */
export interface Excerpt {
  readonly line: number;
  readonly text: string;
  /** Goes before the caret: spaces, and the line's own tabs. */
  readonly indent: string;
}

/**
 * The line of a problem. What looks like a secret is masked, since the output may be shared.
 *
 * @param text content of the file
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
  // Keeps the caret in view near the end of the line, too.
  const from =
    masked.length <= WIDTH ? 0 : Math.max(0, Math.min(caret - MARGIN, masked.length - WIDTH));
  const to = from + WIDTH;
  const shown = `${from > 0 ? '…' : ''}${masked.slice(from, to)}${to < masked.length ? '…' : ''}`;
  const before = `${from > 0 ? '…' : ''}${masked.slice(from, caret)}`;
  return { line, text: shown, indent: before.replace(/[^\t]/g, ' ') };
}

/** Replaces what could move the cursor or change colors; columns stay the same. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t\n]/gu, '\uFFFD');
}

function withoutSecrets(line: string): string {
  return line
    .replace(/((?:secret|password|passwd|token)\w*["']?\s*:\s*)\S.*$/i, '$1…')
    .replace(/(:\/\/)[^/@\s]*@/g, '$1…@');
}
