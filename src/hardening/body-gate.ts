import { TooBusyError } from '../errors/request.errors.js';

/** Memory reserved for a body. */
export interface BodyPlace {
  /** Reserves up to this size. @throws TooBusyError when there is not enough memory */
  readonly need: (bytes: number) => void;
  /** Releases the memory; may be called twice. */
  readonly leave: () => void;
}

// A large body is usually processed in this time.
const RETRY_AFTER_SECONDS = 5;

/**
 * Limits the total size of the bodies processed at the same time, so that a few dozen users with lists
 * of 400,000 files do not exhaust the memory. If a body's size is known, memory is reserved before the
 * first byte is read, so that an admitted request also completes.
 */
export class BodyGate {
  private taken = 0;

  /** @param bytesAtOnce limit for all bodies; a single one is admitted whatever its size */
  constructor(private readonly bytesAtOnce: number) {}

  /** Admits a body of at most this size. @throws TooBusyError when there is not enough memory */
  enter(bytes: number): BodyPlace {
    let own = 0;
    const need = (wanted: number): void => {
      if (wanted <= own) return;
      const others = this.taken - own;
      if (others > 0 && others + wanted > this.bytesAtOnce) {
        throw new TooBusyError(
          'Several very long file lists are being processed. Please try again in a few seconds.',
          { retryAfterSeconds: RETRY_AFTER_SECONDS },
        );
      }
      this.taken += wanted - own;
      own = wanted;
    };
    need(bytes);
    return {
      need,
      leave: () => {
        this.taken -= own;
        own = 0;
      },
    };
  }
}
