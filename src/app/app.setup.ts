import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { instanceToPlain, plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { refuseOtherMethods } from './allowed-methods.js';
import { AppModule } from './app.module.js';
import { invalidRequest } from './invalid-request.js';
import { contextOf } from '../auth/request-context.js';
import type { AppConfig } from '../config/app-config.js';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { errorFacts } from '../errors/error-facts.js';
import { ErrorResponseFilter, NOT_CACHED } from '../errors/error-response.filter.js';
import type { ErrorCode } from '../errors/error-status.js';
import { ProxyError } from '../errors/proxy-error.js';
import { endUnreadBodies, LimitedExpressAdapter } from '../hardening/limited-express.adapter.js';
import { RequestLine } from '../hardening/request-line.js';
import { isTrustedPeer } from '../hardening/trusted-peer.js';
import { separateProbes } from './probe-routes.js';
import { refusalsToLog } from './refusal-log.js';
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
  const refusals = refusalsToLog(logger);
  // Set below, before any connection.
  let current = (): AppConfig => config;
  const adapter = new LimitedExpressAdapter(limits, {
    connections: {
      most: config.server.maxConnections,
      mostOfAddress: () => current().server.maxConnectionsPerAddress,
    },
    mostAhead: () => current().server.maxPipelinedRequests,
    hasAdmin: config.server.adminPort !== undefined,
    refusals,
  });
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.from(config, logger, limits, refusals),
    adapter,
    {
      logger: new FrameworkLogger(logger),
      // The one route with a body reads it, after the guards.
      bodyParser: false,
      abortOnError: false,
    },
  );
  const snapshots = app.get(ConfigSnapshots);
  current = () => snapshots.current();
  try {
    // Both make network calls, which overlap with the rest of the setup.
    app.get(TrackerSchedule).begin();
    void app.get(DependencyHealth).askGlobus();
    await configureApp(app, adapter, config, logger, limits);
    return app;
  } catch (error) {
    // Otherwise what has started would keep the process alive.
    await app.close().catch(() => undefined);
    throw error;
  }
}

async function configureApp(
  app: NestExpressApplication,
  adapter: LimitedExpressAdapter,
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
  const line = app.get(RequestLine);
  app.set('trust proxy', config.server.trustProxy);
  app.disable('x-powered-by');
  app.use(
    requestLog(logger, {
      factsOf: (request) => contextOf(request).facts,
      isFromProxy: ({ socket }) => isTrustedPeer(adapter.getInstance(), socket.remoteAddress),
      isOneOfMany: (request) => line.wasRefused(request),
    }),
  );
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
  app.use(separateProbes(adapter.admin));
  app.use(refuseOtherMethods(app));
  app.use(line.admit);
  app.useGlobalFilters(filter);
  app.useGlobalPipes(
    new ValidationPipe({
      transform: true,
      whitelist: true,
      // Ignoring a misspelled autoArchive would send a dataset to tape.
      forbidNonWhitelisted: true,
      forbidUnknownValues: false,
      // It says which parameters there are.
      validationError: { target: true },
      exceptionFactory: invalidRequest,
      // Otherwise it loads all of both libraries, most of which is for phone numbers.
      validatorPackage: { validate },
      transformerPackage: { plainToInstance, classToPlain: instanceToPlain },
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
const LOGGED_ELSEWHERE: readonly ErrorCode[] = [
  'NOT_READY',
  'TOO_BUSY',
  'TOO_MANY_FAILED_LOGINS',
  'TOO_MANY_REQUESTS',
];

function isLogged(error: unknown, status: number): error is ProxyError {
  if (!(error instanceof ProxyError) || LOGGED_ELSEWHERE.includes(error.code)) return false;
  return status >= 500 || error.cause !== undefined;
}

/** Responses reveal who has which data, and are soon out of date; the documentation is public. */
function keepOutOfCaches(request: Request, response: Response, next: NextFunction): void {
  if (!isDocumentation(request.path)) response.set('Cache-Control', NOT_CACHED);
  next();
}

/** Swagger UI needs inline styles and data images. */
const pageDirectives = {
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  // Plain HTTP is common inside a cluster.
  'upgrade-insecure-requests': null,
};
