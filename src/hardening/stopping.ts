import type { OnModuleDestroy } from '@nestjs/common';
import { NotReadyError } from '../errors/request.errors.js';

/**
 * Tells those who wait for clients that the service is stopping. The first to know: the tracker and
 * the server are stopped afterwards.
 */
export class Stopping implements OnModuleDestroy {
  private readonly controller = new AbortController();

  /** Aborts with a {@link NotReadyError} for requests that are given up. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  onModuleDestroy(): void {
    this.controller.abort(
      new NotReadyError('The service is stopping; please try again in a minute.'),
    );
  }
}
