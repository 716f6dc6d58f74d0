import type { Problem } from './problem.js';
import type { FilePosition, YamlSource } from './yaml-source.js';

interface FindingOptions {
  readonly suggestion?: string | undefined;
  /** @default where the value at the path begins */
  readonly at?: FilePosition | undefined;
}

/** Collects the problems of one file, each with its position. */
export class Findings {
  readonly problems: Problem[] = [];
  /** How many of the problems were looked at for the sets below. */
  #indexed = 0;
  readonly #all = new Set<string>();
  readonly #errors = new Set<string>();
  /** Paths of errors, and of everything around them. */
  readonly #aroundErrors = new Set<string>();
  readonly #settled = new Set<string>();

  constructor(
    private readonly source: YamlSource,
    private readonly file: string,
  ) {}

  error(path: string, message: string, options: FindingOptions = {}): void {
    this.#add('error', path, message, options);
  }

  warning(path: string, message: string, options: FindingOptions = {}): void {
    if (!this.#isSettled(path)) this.#add('warning', path, message, options);
  }

  /**
   * What stands at a path was found elsewhere, misspelt or in the wrong place, and reported there: no
   * warning says of the path that it is not set.
   *
   * @param path `facilities[]` stands for every facility
   */
  settle(path: string): void {
    this.#settled.add(path);
  }

  /** Makes one problem of all those with a value. Any error among them makes it an error. */
  replace(path: string, message: string, options: FindingOptions = {}): void {
    const isError = this.hasErrorAbove(path) || this.hasErrorBelow(path);
    const others = this.problems.filter((problem) => !isWithin(problem.path, path));
    this.problems.splice(0, this.problems.length, ...others);
    this.#indexed = 0;
    for (const set of [this.#all, this.#errors, this.#aroundErrors]) set.clear();
    this.#add(isError ? 'error' : 'warning', path, message, options);
  }

  /** Whether a path or anything around it has an error, so that further ones would only confuse. */
  hasErrorAbove(path: string): boolean {
    this.#index();
    return around(path).some((outer) => this.#errors.has(outer));
  }

  /** Whether a path itself has an error or a warning. */
  hasAny(path: string): boolean {
    this.#index();
    return this.#all.has(path);
  }

  /** Whether a path or anything below it has an error. */
  hasErrorBelow(path: string): boolean {
    this.#index();
    return this.#aroundErrors.has(path);
  }

  /** All problems, in the order of the file. */
  sorted(): readonly Problem[] {
    return this.problems.toSorted(
      (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
    );
  }

  #isSettled(path: string): boolean {
    return around(path).some(
      (outer) => this.#settled.has(outer) || this.#settled.has(outer.replace(/\[\d+\]/, '[]')),
    );
  }

  /** A large file may have very many problems, and each value is looked up several times. */
  #index(): void {
    for (; this.#indexed < this.problems.length; this.#indexed += 1) {
      const problem = this.problems[this.#indexed];
      if (problem === undefined) continue;
      this.#all.add(problem.path);
      if (problem.severity !== 'error') continue;
      this.#errors.add(problem.path);
      for (const outer of around(problem.path)) this.#aroundErrors.add(outer);
    }
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

/** A path, and those of everything that it is in. */
function around(path: string): readonly string[] {
  const paths = [path];
  for (const { index } of path.matchAll(/[.[]/g)) paths.push(path.slice(0, index));
  return paths;
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}
