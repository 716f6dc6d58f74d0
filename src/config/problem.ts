import { ProxyError } from '../errors/proxy-error.js';
import { nearestName } from '../templates/suggestion.js';
import type { FilePosition, YamlSource } from './yaml-source.js';

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

/** What a problem may have besides its path and message. */
interface FindingOptions {
  readonly suggestion?: string | undefined;
  /** Where it is, if not where the value at the path begins. */
  readonly at?: FilePosition | undefined;
}

/** Collects the problems of one file, each with its place in it. */
export class Findings {
  readonly problems: Problem[] = [];

  constructor(
    private readonly source: YamlSource,
    private readonly file: string,
  ) {}

  error(path: string, message: string, options: FindingOptions = {}): void {
    this.#add('error', path, message, options);
  }

  warning(path: string, message: string, options: FindingOptions = {}): void {
    this.#add('warning', path, message, options);
  }

  /** Whether there is an error at a path or in what holds it, so that more messages only confuse. */
  hasErrorAbove(path: string): boolean {
    return errorsAmong(this.problems).some((problem) => isWithin(path, problem.path));
  }

  /** Whether there is an error at a path or below it. */
  hasErrorBelow(path: string): boolean {
    return errorsAmong(this.problems).some((problem) => isWithin(problem.path, path));
  }

  /** All that was found, in the order of the file. */
  sorted(): readonly Problem[] {
    return this.problems.toSorted(
      (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    );
  }

  #add(
    severity: Problem['severity'],
    path: string,
    message: string,
    { suggestion, at = this.source.positionOf(path) }: FindingOptions,
  ): void {
    this.problems.push({
      file: this.file,
      line: at?.line,
      column: at?.column,
      path,
      message,
      ...(suggestion === undefined ? {} : { suggestion }),
      severity,
    });
  }
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}
