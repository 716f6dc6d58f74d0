/** What every token must be good for: all of Globus Transfer. */
export const TRANSFER_SCOPE = 'urn:globus:auth:scope:transfer.api.globus.org:all';

/** A scope and what it depends on, as in `base[*optional required]`. */
interface Scope {
  readonly name: string;
  /** Marked by `*`: it can be revoked alone. */
  readonly optional: boolean;
  readonly dependencies: readonly Scope[];
}

/**
 * Merges scopes into one string for a single token: each base scope is named once, with all its
 * dependencies in one bracket. Globus Auth refuses a whole request for one scope that it can't
 * read, so what is not understood here is handed on as it is, after the rest, for Globus to judge.
 *
 * @returns the same string for the same scopes in the same order, so that it can name a cached token
 */
export function mergeScopes(texts: readonly string[]): string {
  const understood: Scope[] = [];
  const unknown: string[] = [];
  for (const text of texts) {
    const scopes = parseScopes(text);
    if (scopes !== undefined) understood.push(...scopes);
    else if (!unknown.includes(text.trim())) unknown.push(text.trim());
  }
  return [...merge(understood).map(write), ...unknown].join(' ');
}

/** Several occurrences become one; required wins over optional. */
function merge(scopes: readonly Scope[]): readonly Scope[] {
  const byName = new Map<string, Scope>();
  for (const scope of scopes) {
    const before = byName.get(scope.name);
    byName.set(scope.name, {
      name: scope.name,
      optional: scope.optional && (before?.optional ?? true),
      dependencies: merge([...(before?.dependencies ?? []), ...scope.dependencies]),
    });
  }
  return [...byName.values()];
}

function write(scope: Scope): string {
  const dependencies =
    scope.dependencies.length === 0 ? '' : `[${scope.dependencies.map(write).join(' ')}]`;
  return `${scope.optional ? '*' : ''}${scope.name}${dependencies}`;
}

/** @returns undefined when the string does not follow Globus Auth's scope syntax */
function parseScopes(text: string): readonly Scope[] | undefined {
  const tokens = text.match(/\[|\]|\s+|[^[\]\s]+/g) ?? [];
  const reader = new ScopeReader(tokens);
  const scopes = reader.list();
  return scopes === undefined || !reader.atEnd() ? undefined : scopes;
}

class ScopeReader {
  private position = 0;

  constructor(private readonly tokens: readonly string[]) {}

  atEnd(): boolean {
    return this.position === this.tokens.length;
  }

  /** Scopes with blanks between them, up to a closing bracket or the end. */
  list(): readonly Scope[] | undefined {
    const scopes: Scope[] = [];
    this.skipBlanks();
    while (!this.atEnd() && this.tokens[this.position] !== ']') {
      const scope = this.scope();
      if (scope === undefined) return undefined;
      scopes.push(scope);
      const blank = this.skipBlanks();
      if (!blank && !this.atEnd() && this.tokens[this.position] !== ']') return undefined;
    }
    return scopes;
  }

  private scope(): Scope | undefined {
    const token = this.tokens[this.position] ?? '';
    const name = token.replace(/^\*/, '');
    if (!/^[^*[\]]+$/.test(name)) return undefined;
    this.position += 1;
    const dependencies = this.dependencies();
    return dependencies && { name, optional: name !== token, dependencies };
  }

  private dependencies(): readonly Scope[] | undefined {
    if (this.tokens[this.position] !== '[') return [];
    this.position += 1;
    const inside = this.list();
    if (inside === undefined || inside.length === 0) return undefined;
    if (this.tokens[this.position] !== ']') return undefined;
    this.position += 1;
    return inside;
  }

  private skipBlanks(): boolean {
    const blank = this.tokens[this.position]?.trim() === '';
    if (blank) this.position += 1;
    return blank;
  }
}
