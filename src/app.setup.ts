import { type INestApplication, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { ValidationError } from 'class-validator';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppModule } from './app.module.js';
import type { AppConfig } from './config/app-config.js';
import { errorFacts } from './errors/error-facts.js';
import { ErrorResponseFilter } from './errors/error-response.filter.js';
import { ProxyError } from './errors/proxy-error.js';
import { InvalidRequestError } from './errors/request.errors.js';
import { FrameworkLogger, type Logger } from './logging/logger.js';
import { requestLog } from './logging/request-log.js';
import { RequestMetrics } from './metrics/request-metrics.js';
import { serveOpenApi } from './openapi.js';

/** A request must be complete after this time, a big body on a slow line included. */
const REQUEST_TIMEOUT_MS = 300_000;
const HEADERS_TIMEOUT_MS = 20_000;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/**
 * Makes the service out of a configuration: the same application for `main` and for every test.
 * Nothing listens yet.
 */
export async function createApp(
  config: AppConfig,
  logger: Logger,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.from(config, logger), {
    logger: new FrameworkLogger(logger),
    // Bodies are read by the one route that has one, after the guards.
    bodyParser: false,
    abortOnError: false,
  });
  const filter = new ErrorResponseFilter((error, { unforeseen, status, body: { requestId } }) => {
    if (unforeseen) logger.error({ err: error, requestId }, 'unforeseen error');
    else if (isWorthALine(error, status)) {
      logger.warn({ ...errorFacts(error), requestId }, 'request not answered as wished');
    }
  });
  app.set('trust proxy', config.server.trustProxy);
  app.disable('x-powered-by');
  app.use(requestLog(logger));
  app.use(app.get(RequestMetrics).measure);
  app.use(helmet({ contentSecurityPolicy: { useDefaults: true, directives: pageDirectives } }));
  app.useGlobalFilters(filter);
  app.useGlobalPipes(
    new ValidationPipe({
      transform: true,
      whitelist: true,
      // A misspelt autoArchive that is passed over would send a dataset to tape.
      forbidNonWhitelisted: true,
      forbidUnknownValues: false,
      exceptionFactory: invalidRequest,
    }),
  );
  serveOpenApi(app);
  await app.init();
  // What the framework's router throws before any route is found ends here, not in an HTML page.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    filter.answer(error, request, response);
  });
  limitServer(app);
  return app;
}

/** Not being ready is said where it comes from, and asked for all the time by probes. */
function isWorthALine(error: unknown, status: number): error is ProxyError {
  if (!(error instanceof ProxyError) || error.code === 'NOT_READY') return false;
  return status >= 500 || error.cause !== undefined;
}

/** Swagger UI's page has inline styles and data images; nothing else needs more than the default. */
const pageDirectives = {
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  // The service is as often reached by plain HTTP inside a cluster.
  'upgrade-insecure-requests': null,
};

function invalidRequest(errors: readonly ValidationError[]): InvalidRequestError {
  const problems = errors.map(({ property, value, constraints = {} }) => {
    const name = property.slice(0, 100);
    if ('whitelistValidation' in constraints) return `there is no parameter "${name}"`;
    if (value === undefined || (value === '' && 'isNotEmpty' in constraints)) {
      return `${name} is missing`;
    }
    if (Array.isArray(value)) return `${name} is given ${value.length} times`;
    // What it is comes before how long or how large it is.
    const kind = ['isString', 'isInt', 'isBoolean'].find((rule) => rule in constraints);
    const rule = kind ?? Object.keys(constraints)[0];
    return (rule === undefined ? undefined : constraints[rule]) ?? `${name} is not usable`;
  });
  return new InvalidRequestError(`The request can't be used: ${problems.join('; ')}.`);
}

function limitServer(app: INestApplication): void {
  const server = app.getHttpServer() as Server & { requireHostHeader?: boolean };
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  // Nothing here depends on the host's name, and Node's own refusal has no body.
  server.requireHostHeader = false;
  // Node would ask for the body before anybody knows whose it is; the route that reads it asks.
  const goOn = (request: IncomingMessage, response: ServerResponse): void => {
    server.emit('request', request, response);
  };
  server.on('checkContinue', goOn);
  server.on('checkExpectation', goOn);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    answerBrokenRequest(error, socket);
  });
}

/** What is no HTTP never becomes a request; even then the answer has the one shape. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const body = JSON.stringify({
    message: brokenRequestMessage(error.code),
    code: 'INVALID_REQUEST',
    requestId,
  });
  // Always 400: existing clients know no 408, 413 or 431.
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nX-Request-Id: ${requestId}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function brokenRequestMessage(code: string | undefined): string {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'The address and the headers of the request are larger than the 16 KiB that this service takes.';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'The request was not complete in time.';
    default:
      return 'The request is not well-formed HTTP.';
  }
}
