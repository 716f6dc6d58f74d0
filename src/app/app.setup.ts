import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { getMetadataStorage, type ValidationError } from 'class-validator';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { type AllowedMethods, allowedMethods, type Route } from './allowed-methods.js';
import { AppModule } from './app.module.js';
import { contextOf } from '../auth/request-context.js';
import type { AppConfig } from '../config/app-config.js';
import { didYouMean } from '../config/problem.js';
import { errorFacts } from '../errors/error-facts.js';
import { ErrorResponseFilter, NOT_CACHED } from '../errors/error-response.filter.js';
import type { ErrorCode } from '../errors/error-status.js';
import { ProxyError } from '../errors/proxy-error.js';
import { InvalidRequestError, MethodNotAllowedError } from '../errors/request.errors.js';
import { endUnreadBodies, LimitedExpressAdapter } from '../hardening/limited-express.adapter.js';
import { SERVER_LIMITS, type ServerLimits } from '../hardening/server-limits.js';
import { DependencyHealth } from '../health/dependency-health.js';
import { FrameworkLogger, type Logger } from '../logging/logger.js';
import { requestLog } from '../logging/request-log.js';
import { isDocumentation } from '../metrics/labels.js';
import { RequestMetrics } from '../metrics/request-metrics.js';
import { serveOpenApi } from './openapi.js';
import { TrackerSchedule } from '../tracking/tracker-schedule.js';

/**
 * Creates the application, the same for `main` and for every test. It does not listen yet, but has
 * begun to read the open transfers from SciCat.
 */
export async function createApp(
  config: AppConfig,
  logger: Logger,
  limits: ServerLimits = SERVER_LIMITS,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.from(config, logger, limits),
    new LimitedExpressAdapter(limits, warnThatFull(logger, limits)),
    {
      logger: new FrameworkLogger(logger),
      // The one route with a body reads it, after the guards.
      bodyParser: false,
      abortOnError: false,
    },
  );
  try {
    // Both make network calls, which overlap with the rest of the setup.
    app.get(TrackerSchedule).begin();
    void app.get(DependencyHealth).askGlobus();
    await configureApp(app, config, logger, limits);
    return app;
  } catch (error) {
    // Otherwise what has started would keep the process alive.
    await app.close().catch(() => undefined);
    throw error;
  }
}

async function configureApp(
  app: NestExpressApplication,
  config: AppConfig,
  logger: Logger,
  limits: ServerLimits,
): Promise<void> {
  const filter = new ErrorResponseFilter((error, { unexpected, status, body: { requestId } }) => {
    if (unexpected) logger.error({ err: error, requestId }, 'unexpected error');
    else if (isLogged(error, status)) {
      logger.warn({ ...errorFacts(error), requestId }, 'request failed');
    }
  });
  app.set('trust proxy', config.server.trustProxy);
  app.disable('x-powered-by');
  app.use(requestLog(logger, (request) => contextOf(request).facts));
  app.use(app.get(RequestMetrics).measure);
  app.use(endUnreadBodies(limits.lingerMs));
  app.use(keepOutOfCaches);
  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: true, directives: pageDirectives },
      // Other hosts of the domain are not the service's to decide about.
      strictTransportSecurity: { includeSubDomains: config.server.hstsIncludeSubDomains },
    }),
  );
  app.use(refuseOtherMethods(app));
  app.useGlobalFilters(filter);
  app.useGlobalPipes(
    new ValidationPipe({
      transform: true,
      whitelist: true,
      // Ignoring a misspelt autoArchive would send a dataset to tape.
      forbidNonWhitelisted: true,
      forbidUnknownValues: false,
      exceptionFactory: invalidRequest,
    }),
  );
  serveOpenApi(app);
  await app.init();
  // Errors of the framework's router before any route, which would become an HTML page.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    filter.answer(error, request, response);
  });
}

/** Probes and wrong tokens are frequent; what is behind them is logged once, at its source. */
const LOGGED_ELSEWHERE: readonly ErrorCode[] = ['NOT_READY', 'TOO_MANY_FAILED_LOGINS'];

function isLogged(error: unknown, status: number): error is ProxyError {
  if (!(error instanceof ProxyError) || LOGGED_ELSEWHERE.includes(error.code)) return false;
  return status >= 500 || error.cause !== undefined;
}

const WARN_AGAIN_AFTER_MS = 60_000;

/** Logs at most once a minute, so that a flood of connections does not flood the log. */
function warnThatFull(logger: Logger, { connections }: ServerLimits): () => void {
  let warnedAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - warnedAt < WARN_AGAIN_AFTER_MS) return;
    warnedAt = now;
    logger.warn({ connections }, 'connection limit reached');
  };
}

/** Answers say who has which data, and are true for a moment only; the documentation is public. */
function keepOutOfCaches(request: Request, response: Response, next: NextFunction): void {
  if (!isDocumentation(request.path)) response.set('Cache-Control', NOT_CACHED);
  next();
}

/** The files of the documentation's page have no route of their own. */
const FILE_METHODS = ['GET', 'HEAD'];

/** Before any token is looked at: which methods there are is no secret. */
function refuseOtherMethods(app: NestExpressApplication) {
  let known: AllowedMethods | undefined;
  return (request: Request, _response: Response, next: NextFunction): void => {
    // At the first request, when all routes are there.
    known ??= allowedMethods(routesOf(app));
    const { method, path } = request;
    const allowed = known(path) ?? (isDocumentation(path) ? FILE_METHODS : undefined);
    if (allowed === undefined || allowed.includes(method)) next();
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

/** Swagger UI needs inline styles and data images. */
const pageDirectives = {
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  // Plain HTTP is common inside a cluster.
  'upgrade-insecure-requests': null,
};

function invalidRequest(errors: readonly ValidationError[]): InvalidRequestError {
  const problems = errors.map(({ property, value, target, constraints = {} }) => {
    const name = property.slice(0, LONGEST_SHOWN_NAME);
    if ('whitelistValidation' in constraints) {
      const meant = name === property ? didYouMean(name, parametersOf(target)) : undefined;
      return `unknown parameter "${name}"${meant === undefined ? '' : ` (${meant})`}`;
    }
    if (value === undefined || (value === '' && 'isNotEmpty' in constraints)) {
      return `${name} is missing`;
    }
    if (Array.isArray(value)) return `${name} is given ${value.length} times`;
    // The type comes before length or size.
    const kind = ['isString', 'isInt', 'isBoolean'].find((rule) => rule in constraints);
    const rule = kind ?? Object.keys(constraints)[0] ?? '';
    return constraints[rule] ?? `${name} is invalid`;
  });
  return new InvalidRequestError(`The request is invalid: ${problems.join('; ')}.`);
}

/** Longer names are shortened in messages. */
const LONGEST_SHOWN_NAME = 100;

function parametersOf(query: object | undefined): readonly string[] {
  if (query === undefined) return [];
  return getMetadataStorage()
    .getTargetValidationMetadatas(query.constructor, '', false, false)
    .map(({ propertyName }) => propertyName);
}
