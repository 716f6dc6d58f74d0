import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Injection token of the service's {@link Logger}. */
export const LOGGER = Symbol('Logger');

/** pino's levels, from the most to the least talkative; `silent` writes nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/**
 * The log: JSON lines on standard output. What could hold a secret is never handed to it; the paths
 * below are a second net.
 *
 * @param level one of {@link LOG_LEVELS}; anything else counts as `info`
 */
export function createLogger(level: string | undefined, destination?: DestinationStream): Logger {
  const known = LOG_LEVELS.find((name) => name === level?.toLowerCase());
  const options = {
    level: known ?? 'info',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: ['*.authorization', '*["scicat-api-key"]', '*.password', '*.token', '*.secret'],
      censor: '[hidden]',
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
