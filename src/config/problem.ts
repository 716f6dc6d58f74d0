import { ProxyError } from '../errors/proxy-error.js';
import { nearestName } from '../templates/suggestion.js';

/** One thing that is wrong, or doubtful, in the configuration. */
export interface Problem {
  /** The file it is in; `environment` for a variable of the process. */
  readonly file: string;
  /** Line in the file, from 1; `undefined` where there is no line to point at. */
  readonly line: number | undefined;
  /** Column in that line, from 1. */
  readonly column: number | undefined;
  /** Where in the configuration, e.g. `facilities[0].accessPath`, or the name of a variable. */
  readonly path: string;
  /** What is wrong. Never contains the value of a secret. */
  readonly message: string;
  /** What was probably meant, if it can be guessed. */
  readonly suggestion?: string;
  /** An error keeps the service from starting; a warning does not. */
  readonly severity: 'error' | 'warning';
}

/** `file:line: path: what is wrong, and what would be right`, on one line. */
export function formatProblem(problem: Problem): string {
  const place =
    problem.line === undefined ? problem.file : `${problem.file}:${problem.line.toString()}`;
  const suggestion = problem.suggestion === undefined ? '' : `; ${problem.suggestion}`;
  return `${place}: ${problem.path}: ${problem.message}${suggestion}`.replace(
    /\s*[\r\n]+\s*/g,
    ' ',
  );
}

/** Only what keeps the service from starting. */
export function errorsAmong(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter((problem) => problem.severity === 'error');
}

/** `did you mean "…"?` for a misspelt word, or `undefined` if nothing known comes close. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const name = nearestName(word, known);
  return name === undefined ? undefined : `did you mean "${name}"?`;
}

/** An error that has no place in a file's lines. */
export function errorWithoutLine(file: string, path: string, message: string): Problem {
  return { file, line: undefined, column: undefined, path, message, severity: 'error' };
}

/** The configuration can't be used. The message lists every error, one a line. */
export class ConfigurationError extends ProxyError {
  readonly code = 'CONFIGURATION';
  /** All that was found, warnings too. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const errors = errorsAmong(problems);
    const count = errors.length === 1 ? '1 problem' : `${errors.length.toString()} problems`;
    super([`The configuration has ${count}:`, ...errors.map(formatProblem)].join('\n'));
    this.problems = problems;
  }
}
