import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { MethodNotAllowedError } from '../errors/request.errors.js';
import { isDocumentation } from '../metrics/labels.js';

/** A route as the router has it: a path, maybe with parameters such as `:id`, and methods. */
interface Route {
  readonly path: string;
  /** In lower case. */
  readonly methods: readonly string[];
}

/** The methods at an address, in upper case and in order; undefined if no route is there. */
type AllowedMethods = (path: string) => readonly string[] | undefined;

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

/** The files of the documentation's page have no route of their own. */
const FILE_METHODS = ['GET', 'HEAD'];

/**
 * Middleware that refuses methods which no route at the address has. It comes before authentication:
 * which methods there are is no secret.
 */
export function refuseOtherMethods(app: NestExpressApplication) {
  let known: AllowedMethods | undefined;
  return (request: Request, _response: Response, next: NextFunction): void => {
    // At the first request, when all routes are there.
    known ??= allowedMethods(routesOf(app));
    const { method, path } = request;
    const allowed = known(path) ?? (isDocumentation(path) ? FILE_METHODS : undefined);
    // What can't be decoded is not an address; the router refuses it.
    if (allowed === undefined || allowed.includes(method) || !isDecodable(path)) next();
    else next(new MethodNotAllowedError(method, allowed));
  };
}

/** Part of the router that Express's types do not describe. */
interface ExpressRoutes {
  readonly router: {
    readonly stack: readonly {
      readonly route?: {
        readonly path: string;
        readonly methods: Readonly<Record<string, boolean>>;
      };
    }[];
  };
}

function routesOf(app: NestExpressApplication): readonly Route[] {
  const express = app.getHttpAdapter().getInstance() as unknown as ExpressRoutes;
  return express.router.stack.flatMap(({ route }) =>
    route === undefined ? [] : [{ path: route.path, methods: Object.keys(route.methods) }],
  );
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
