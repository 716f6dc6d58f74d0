import { TooBusyError } from '../errors/request.errors.js';

/** Room that a body takes up. */
export interface BodyPlace {
  /**
   * The body has turned out to be so large.
   *
   * @throws TooBusyError when there is no room for as much
   */
  readonly need: (bytes: number) => void;
  /** Gives the room back; may be called twice. */
  readonly leave: () => void;
}

/** Seconds in which a big body is usually read and dealt with. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Bounds the bytes of all bodies that are read or worked on at the same time: a few dozen people
 * with lists of 400,000 files are no reason to run out of memory. Where a body's size is known, room
 * is taken before the first byte is read, so that who was let in also gets through.
 */
export class BodyGate {
  private taken = 0;

  /** @param bytesAtOnce of all bodies together; one alone is let in whatever its size */
  constructor(private readonly bytesAtOnce: number) {}

  /**
   * @param bytes that the body has at most
   * @throws TooBusyError when there is no room for as many
   */
  enter(bytes: number): BodyPlace {
    let own = 0;
    const need = (wanted: number): void => {
      if (wanted <= own) return;
      const others = this.taken - own;
      if (others > 0 && others + wanted > this.bytesAtOnce) {
        throw new TooBusyError(
          'Several very long file lists are being worked on at the moment. Please try again in a few seconds.',
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
