import type { Logger } from '../logging/logger.js';

/**
 * After this time whatever is left is dropped; nothing that was promised depends on it. Whoever stops
 * the service has to have more patience than that.
 */
export const STOP_WITHIN_MS = 20_000;

/**
 * Ends the service on SIGTERM and SIGINT: takes no more requests, lets submissions end, writes what
 * is pending. A second signal ends it at once.
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
