/** The scope of every token: all of Globus Transfer. */
export const TRANSFER_SCOPE = 'urn:globus:auth:scope:transfer.api.globus.org:all';

/** A scope and its dependencies, as in `base[*optional required]`. */
interface Scope {
  readonly name: string;
  /** Marked by `*`: it can be revoked alone. */
  readonly optional: boolean;
  readonly dependencies: readonly Scope[];
}

/**
 * Merges scopes into one string for a single token: each base scope once, with all its dependencies
 * in one bracket. Strings that can't be parsed are appended unchanged, for Globus Auth to judge.
 *
 * @returns the same string for the same scopes in the same order, so it can identify a cached token
 */
export function mergeScopes(texts: readonly string[]): string {
  const scopes: Scope[] = [];
  const unknown = new Set<string>();
  for (const text of texts) {
    const parsed = parseScopes(text);
    if (parsed === undefined) unknown.add(text.trim());
    else scopes.push(...parsed);
  }
  return [...merge(scopes).map(write), ...unknown].join(' ');
}

/** Combines scopes of the same name; required wins over optional. */
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
  let position = 0;

  const accept = (isNext: (token: string) => boolean): boolean => {
    const token = tokens[position];
    if (token === undefined || !isNext(token)) return false;
    position += 1;
    return true;
  };
  const blank = () => accept((token) => token.trim() === '');
  const atEndOfList = () => position === tokens.length || tokens[position] === ']';

  /** Scopes separated by blanks, up to a closing bracket or the end. */
  function list(): readonly Scope[] | undefined {
    const scopes: Scope[] = [];
    blank();
    while (!atEndOfList()) {
      const parsed = scope();
      if (parsed === undefined || (!blank() && !atEndOfList())) return undefined;
      scopes.push(parsed);
    }
    return scopes;
  }

  function scope(): Scope | undefined {
    const token = tokens[position] ?? '';
    const name = token.replace(/^\*/, '');
    if (!accept(() => /^[^*[\]]+$/.test(name))) return undefined;
    const optional = name !== token;
    if (!accept((next) => next === '[')) return { name, optional, dependencies: [] };
    const dependencies = list();
    const closed = accept((next) => next === ']');
    return dependencies?.length && closed ? { name, optional, dependencies } : undefined;
  }

  const scopes = list();
  return position === tokens.length ? scopes : undefined;
}
