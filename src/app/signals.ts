import type { Logger } from '../logging/logger.js';

/**
 * Longest graceful stop, in milliseconds. The process then exits, which breaks no promise. A process
 * manager must allow more time than this.
 */
export const STOP_WITHIN_MS = 20_000;

/**
 * Stops the service on SIGTERM and SIGINT: it accepts no more requests, finishes submissions and
 * writes what is pending. A second signal ends the process at once.
 */
export function stopOnSignals(service: { close(): Promise<void> }, logger: Logger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) {
      logger.warn({ signal }, 'second signal, exiting immediately');
      process.exit(1);
    }
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.warn('stopping took too long, exiting');
      process.exit(1);
    }, STOP_WITHIN_MS).unref();
    service.close().then(
      () => {
        logger.info('stopped');
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
