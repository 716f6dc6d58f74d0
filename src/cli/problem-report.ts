import { posix, win32 } from 'node:path';
import { styleText } from 'node:util';
import { ENVIRONMENT } from '../config/environment.js';
import type { Problem } from '../config/problem.js';
import { excerptOf, printable } from './problem-excerpt.js';
import type { Terminal } from './terminal.js';

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
 * find the place, the line with a caret under the column, and at the end how it stands.
 */
export function problemReport(
  checked: CheckedFile,
  terminal: Pick<Terminal, 'colours' | 'platform' | 'workingFolder'>,
): string {
  const styled = (style: Parameters<typeof styleText>[0], text: string): string =>
    terminal.colours ? styleText(style, text, { validateStream: false }) : text;
  const near = (file: string): string => relativePath(file, terminal);
  const parts = checked.problems.map((problem) => {
    const { line, column, severity, suggestion } = problem;
    const place = [near(problem.file), line, column].filter((part) => part !== undefined).join(':');
    const kind = styled(['bold', severity === 'error' ? 'red' : 'yellow'], `${severity}:`);
    const head = `${styled('bold', `${place}:`)} ${kind} ${printable(`${problem.path}: ${problem.message}`)}`;
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
      `  ${pad} | ${excerpt.indent}${styled(['bold', 'green'], `^${hint}`)}`,
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
    return facilities === undefined
      ? `${subject}all right`
      : `${subject}all right, ${counted(facilities, 'facility', 'facilities')}`;
  }
  const sum = `${subject}${errors === 0 ? 'no errors' : counted(errors, 'error')}${
    warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`
  }`;
  const ofSecrets = problems.filter((problem) => problem.file === ENVIRONMENT);
  return errors > 0 && errors === ofSecrets.length
    ? `${sum}; none in the file, --no-secrets checks it alone`
    : sum;
}

function counted(count: number, one: string, more = `${one}s`): string {
  return `${count.toString()} ${count === 1 ? one : more}`;
}

/** As somebody in this folder would write it, where that is shorter. */
function relativePath(
  file: string,
  { platform, workingFolder }: Pick<Terminal, 'platform' | 'workingFolder'>,
): string {
  const path = platform === 'win32' ? win32 : posix;
  if (!path.isAbsolute(file)) return file;
  const relative = path.relative(workingFolder, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
