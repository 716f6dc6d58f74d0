/** A route as the router has it: a path, maybe with parameters such as `:id`, and methods. */
export interface Route {
  readonly path: string;
  /** In lower case. */
  readonly methods: readonly string[];
}

/** The methods at an address, in upper case and in order; undefined if no route is there. */
export type AllowedMethods = (path: string) => readonly string[] | undefined;

/**
 * Finds the methods at an address. A route with exactly this path comes before those with parameters:
 * `/transfer/preview` is not the transfer "preview". As for the router, letter case and a slash at the
 * end make no difference.
 */
export function allowedMethods(routes: readonly Route[]): AllowedMethods {
  const exact = new Map<string, Set<string>>();
  const patterns = new Map<string, Set<string>>();
  for (const { path, methods } of routes) {
    const byPath = path.includes(':') ? patterns : exact;
    const key = comparable(path);
    const all = byPath.get(key) ?? new Set();
    byPath.set(key, all);
    for (const method of methods) {
      all.add(method.toUpperCase());
      // The router answers HEAD with what GET does.
      if (method === 'get') all.add('HEAD');
    }
  }
  const sorted = (methods: Set<string> | undefined): readonly string[] | undefined =>
    methods && [...methods].sort();
  const matchers = [...patterns].map(
    ([path, methods]) => [patternOf(path), sorted(methods)] as const,
  );
  const literal = new Map([...exact].map(([path, methods]) => [path, sorted(methods)]));
  return (path) => {
    const key = comparable(path);
    return literal.get(key) ?? matchers.find(([pattern]) => pattern.test(key))?.[1];
  };
}

function comparable(path: string): string {
  return path.toLowerCase().replace(/(?<=.)\/$/, '');
}

function patternOf(path: string): RegExp {
  const segments = path.split('/').map((segment) => (segment.startsWith(':') ? '[^/]+' : segment));
  return new RegExp(`^${segments.join('/')}$`);
}
