import type { LoggerService } from '@nestjs/common';
import { types } from 'node:util';
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Injection token of the service's {@link Logger}. */
export const LOGGER = Symbol('Logger');

/** pino's levels, from the most to the least verbose; `silent` writes nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A JSON Web Token, which is what SciCat's tokens are. */
const HIDDEN = '[hidden]';
const TOKEN = /eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g;

/**
 * The log: JSON lines on standard output. What could hold a secret is never handed to it. The paths
 * below are a second net; the third hides what looks like a token, for users who put theirs where it
 * does not belong, such as the name of a facility.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: ['*.authorization', '*["scicat-api-key"]', '*.password', '*.token', '*.secret'],
      censor: HIDDEN,
    },
    serializers: { err: errorForLog },
    hooks: {
      streamWrite: (line: string) => (line.includes('eyJ') ? line.replaceAll(TOKEN, HIDDEN) : line),
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Writes the framework's own messages into the same log. */
export class FrameworkLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: readonly unknown[]): void {
    this.write('debug', message, rest);
  }

  warn(message: unknown, ...rest: readonly unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: readonly unknown[]): void {
    // The code that starts the application gets its error too, and reports it better.
    if (rest.at(-1) !== 'ExceptionHandler') this.write('error', message, rest);
  }

  debug(message: unknown, ...rest: readonly unknown[]): void {
    this.write('trace', message, rest);
  }

  private write(
    level: 'error' | 'warn' | 'debug' | 'trace',
    message: unknown,
    rest: readonly unknown[],
  ): void {
    const last = rest.at(-1);
    this.logger[level]({ context: typeof last === 'string' ? last : undefined }, String(message));
  }
}

/** Causes of causes beyond this are left out: a chain may lead back to its beginning. */
const DEEPEST = 5;

/**
 * An error as it is logged: its name, message, code and stack, and those of what caused it. Nothing
 * else that an error carries is written, since errors of HTTP clients hold the whole request with
 * its token.
 */
export function errorForLog(error: unknown, depth = 0): unknown {
  if (!isError(error)) return String(error);
  const { cause } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    stack: error.stack,
    ...(cause === undefined || depth >= DEEPEST ? {} : { cause: errorForLog(cause, depth + 1) }),
  };
}

/** Also errors of another JavaScript realm, which are not instances of this one's class. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}
