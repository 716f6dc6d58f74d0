import { ProxyError } from '../errors/proxy-error.js';
import { nearestName } from '../templates/suggestion.js';

/** An error or a warning about the configuration. */
export interface Problem {
  /** The file, or `environment` for a variable of the process. */
  readonly file: string;
  /** From 1; `undefined` where no line can be given. */
  readonly line: number | undefined;
  /** From 1. */
  readonly column: number | undefined;
  /** Where in the configuration, e.g. `facilities[0].accessPath`, or the name of a variable. */
  readonly path: string;
  /** What is wrong; never holds the value of a secret. */
  readonly message: string;
  /** A guess at what was meant. */
  readonly suggestion?: string;
  /** Only errors keep the service from starting. */
  readonly severity: 'error' | 'warning';
}

/** `file:line: path: what is wrong, and what would be right`, on one line. */
export function formatProblem(problem: Problem): string {
  const { file, line, path, message, suggestion } = problem;
  const place = line === undefined ? file : `${file}:${line.toString()}`;
  const hint = suggestion === undefined ? '' : `; ${suggestion}`;
  return `${place}: ${path}: ${message}${hint}`.replace(/\s*[\r\n]+\s*/g, ' ');
}

export function errorsAmong(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter((problem) => problem.severity === 'error');
}

/** `did you mean "…"?` for a misspelled word; `undefined` if no known word is close. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const name = nearestName(word, known);
  return name === undefined ? undefined : `did you mean "${name}"?`;
}

/** A problem with a line as a whole, or with the whole file. */
export function problemAt(
  file: string,
  line: number | undefined,
  path: string,
  message: string,
  severity: Problem['severity'],
): Problem {
  return { file, line, column: undefined, path, message, severity };
}

/** The configuration can't be used. The message lists every error, one per line. */
export class ConfigurationError extends ProxyError {
  readonly code = 'CONFIGURATION';
  /** Errors and warnings. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const errors = errorsAmong(problems);
    const count = errors.length === 1 ? '1 problem' : `${errors.length.toString()} problems`;
    super([`The configuration has ${count}:`, ...errors.map(formatProblem)].join('\n'));
    this.problems = problems;
  }
}
