import { errorsAmong, type Problem } from './problem.js';
import type { FilePosition, YamlSource } from './yaml-source.js';

interface FindingOptions {
  readonly suggestion?: string | undefined;
  /** @default where the value at the path begins */
  readonly at?: FilePosition | undefined;
}

/** Collects the problems of one file, each with its position. */
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

  /** Whether a path or anything around it has an error, so that further ones would only confuse. */
  hasErrorAbove(path: string): boolean {
    return errorsAmong(this.problems).some((problem) => isWithin(path, problem.path));
  }

  /** Whether a path itself has an error or a warning. */
  hasAny(path: string): boolean {
    return this.problems.some((problem) => problem.path === path);
  }

  /** Whether a path or anything below it has an error. */
  hasErrorBelow(path: string): boolean {
    return errorsAmong(this.problems).some((problem) => isWithin(problem.path, path));
  }

  /** All problems, in the order of the file. */
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
