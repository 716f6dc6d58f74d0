import type { Problem } from './problem.js';
import type { FilePosition, YamlSource } from './yaml-source.js';

/** What a problem may have besides its path and message. */
export interface FindingOptions {
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

  /** Whether something is wrong at a path or with what holds it, so that more words only confuse. */
  hasErrorAbove(path: string): boolean {
    return this.problems.some(
      (problem) =>
        problem.severity === 'error' &&
        (path === problem.path ||
          path.startsWith(`${problem.path}.`) ||
          path.startsWith(`${problem.path}[`)),
    );
  }

  /** Whether something is wrong at a path or below it. */
  hasErrorBelow(path: string): boolean {
    return this.problems.some(
      (problem) =>
        problem.severity === 'error' &&
        (problem.path === path ||
          problem.path.startsWith(`${path}.`) ||
          problem.path.startsWith(`${path}[`)),
    );
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
