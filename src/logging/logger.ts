import type { LoggerService } from '@nestjs/common';
import { types } from 'node:util';
import { type DestinationStream, type Logger, pino } from 'pino';
import { codeOf } from '../errors/error-code.js';
import { HIDDEN } from '../secrets/secret-patterns.js';
import { knownSecrets } from '../secrets/known-secrets.js';

export type { Logger } from 'pino';

/** Injection token of the service's {@link Logger}. */
export const LOGGER = Symbol('Logger');

/** pino's levels, from the most verbose to none. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Logs JSON lines to standard output. Callers must not log secrets; `redact` is a second safeguard.
 * The third removes from each line the secrets of this process by their value, in case an upstream
 * quotes them, and anything that looks like a token, for users who send theirs in the wrong place.
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
      streamWrite: (line: string) => knownSecrets.hideInJson(line),
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Adds the framework's messages to the log. */
export class FrameworkLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: readonly unknown[]): void {
    this.write('debug', message, rest);
  }

  warn(message: unknown, ...rest: readonly unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: readonly unknown[]): void {
    // The startup code receives this error as well, and reports it better.
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

/** Limits chains of causes, which may be circular. */
const DEEPEST = 5;

/**
 * Name, message, code and stack of an error and its causes. Other properties are omitted: errors of
 * HTTP clients contain the whole request, including its token.
 */
export function errorForLog(error: unknown, depth = 0): unknown {
  if (!isError(error)) return String(error);
  const { cause } = error;
  const code = codeOf(error);
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    stack: error.stack,
    ...(cause === undefined || depth >= DEEPEST ? {} : { cause: errorForLog(cause, depth + 1) }),
  };
}

/** Includes errors of other realms, which are not instances of this one's class. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}
