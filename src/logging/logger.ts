import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, pino } from 'pino';
import { errorForLog } from './error-for-log.js';

export type { Logger } from 'pino';

/** Injection token of the service's {@link Logger}. */
export const LOGGER = Symbol('Logger');

/** pino's levels, from the most to the least talkative; `silent` writes nothing. */
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

/** Lets the framework's own messages go into the same log. */
export class FrameworkLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: readonly unknown[]): void {
    this.logger.debug({ context: contextOf(rest) }, String(message));
  }

  warn(message: unknown, ...rest: readonly unknown[]): void {
    this.logger.warn({ context: contextOf(rest) }, String(message));
  }

  error(message: unknown, ...rest: readonly unknown[]): void {
    // Whoever starts the application gets its error, too, and says it better.
    if (contextOf(rest) === 'ExceptionHandler') return;
    this.logger.error({ context: contextOf(rest) }, String(message));
  }

  debug(message: unknown, ...rest: readonly unknown[]): void {
    this.logger.trace({ context: contextOf(rest) }, String(message));
  }

  verbose(message: unknown, ...rest: readonly unknown[]): void {
    this.logger.trace({ context: contextOf(rest) }, String(message));
  }
}

function contextOf(rest: readonly unknown[]): string | undefined {
  const last = rest.at(-1);
  return typeof last === 'string' ? last : undefined;
}
