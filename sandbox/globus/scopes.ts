/** A scope of a scope string, with its dependencies in brackets. */
export interface Scope {
  readonly name: string;
  /** Marked with `*`: Globus calls it an atomically revocable dependency. */
  readonly optional: boolean;
  readonly dependencies: readonly Scope[];
}

export class ScopeSyntaxError extends Error {
  override readonly name = 'ScopeSyntaxError';
}

/** The scope of Transfer's API; collections' `data_access` scopes depend on it. */
export const transferScope = 'urn:globus:auth:scope:transfer.api.globus.org:all';

const dataAccessPattern = /^https:\/\/auth\.globus\.org\/scopes\/([^/]+)\/data_access$/;

/** The scope that lets Transfer reach the data of a mapped collection. */
export function dataAccessScope(collectionId: string): string {
  return `https://auth.globus.org/scopes/${collectionId}/data_access`;
}

/** The collection whose `data_access` scope this is, if it is one. */
export function collectionOfDataAccess(scopeName: string): string | undefined {
  return dataAccessPattern.exec(scopeName)?.[1];
}

/**
 * Parses a scope string: scopes separated by spaces, each with optional dependencies in brackets, such
 * as `base[*one *two]`. Repeated scopes are merged: the result has all dependencies, and is required if
 * one of them is (fact: Globus merges `foo[bar] foo[*bar]`).
 *
 * @throws {@link ScopeSyntaxError} for what Globus refuses: `foo [bar]`, `foo[]`, `foo[bar]baz`,
 * unbalanced brackets, a `*` without a scope, and a scope that depends on itself.
 */
export function parseScopes(text: string): readonly Scope[] {
  const reader = new ScopeReader(text);
  const scopes = reader.list(false);
  reader.end();
  for (const scope of scopes) refuseCycles(scope, []);
  return merge(scopes);
}

class ScopeReader {
  private position = 0;

  constructor(private readonly text: string) {}

  list(inBracket: boolean): readonly Scope[] {
    const scopes: Scope[] = [];
    for (;;) {
      while (this.peek() === ' ') this.position += 1;
      const next = this.peek();
      if (next === '' || next === ']') break;
      scopes.push(this.scope());
      const after = this.peek();
      if (after !== '' && after !== ' ' && after !== ']') {
        throw new ScopeSyntaxError(`A space is missing at position ${this.position}.`);
      }
    }
    if (scopes.length === 0) {
      throw new ScopeSyntaxError(inBracket ? 'A bracket is empty.' : 'There is no scope.');
    }
    return scopes;
  }

  end(): void {
    if (this.position < this.text.length) {
      throw new ScopeSyntaxError(`There is a stray bracket at position ${this.position}.`);
    }
  }

  private scope(): Scope {
    const optional = this.peek() === '*';
    if (optional) this.position += 1;
    const start = this.position;
    while (!['', ' ', '[', ']', '*'].includes(this.peek())) this.position += 1;
    const name = this.text.slice(start, this.position);
    if (name === '') throw new ScopeSyntaxError(`A scope is missing at position ${start}.`);
    if (this.peek() !== '[') return { name, optional, dependencies: [] };
    this.position += 1;
    const dependencies = this.list(true);
    if (this.peek() !== ']') throw new ScopeSyntaxError('A bracket is not closed.');
    this.position += 1;
    return { name, optional, dependencies };
  }

  private peek(): string {
    return this.text.charAt(this.position);
  }
}

function refuseCycles(scope: Scope, above: readonly string[]): void {
  if (above.includes(scope.name)) {
    throw new ScopeSyntaxError(`The scope ${scope.name} depends on itself.`);
  }
  for (const dependency of scope.dependencies) refuseCycles(dependency, [...above, scope.name]);
}

function merge(scopes: readonly Scope[]): readonly Scope[] {
  const merged = new Map<string, Scope>();
  for (const scope of scopes) {
    const known = merged.get(scope.name);
    merged.set(scope.name, {
      name: scope.name,
      optional: scope.optional && (known?.optional ?? true),
      dependencies: merge([...(known?.dependencies ?? []), ...scope.dependencies]),
    });
  }
  return [...merged.values()];
}
