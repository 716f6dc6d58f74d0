import { TooBusyError } from '../errors/request.errors.js';

/** Memory reserved for a body. */
export interface BodyPlace {
  /** Reserves room for this many bytes, which have arrived. @throws TooBusyError when there is none */
  readonly need: (bytes: number) => void;
  /** Aborted with a {@link TooBusyError} when the body has to give way to others. */
  readonly givenUp: AbortSignal;
  /** The whole body has arrived: it no longer gives way. */
  readonly complete: () => void;
  /** Releases the memory; may be called twice. */
  readonly leave: () => void;
}

/** Bytes that bodies may occupy. */
export interface BodyRoom {
  /** All of them. */
  readonly bytes: number;
  /** Those of a user, before they have to give way to others. */
  readonly bytesPerUser: number;
  /** The part of {@link bytes} that is kept for small bodies. */
  readonly smallBytes: number;
}

/** The largest body that counts as small. */
export const SMALL_BODY_BYTES = 1024 * 1024;
/** Of the room for small bodies, each user may have one part in this many. */
const USERS_OF_SMALL_ROOM = 4;

// A large body is usually processed in this time.
const RETRY_AFTER_SECONDS = 5;

interface Place {
  readonly user: string;
  readonly controller: AbortController;
  bytes: number;
  isSmall: boolean;
  arriving: boolean;
}

/**
 * Limits the total size of the bodies processed at the same time, so that a few dozen users with lists
 * of 400,000 files do not exhaust the memory, and shares the room among users:
 *
 * - Small bodies have a room of their own, and use the other one, too.
 * - A body within its user's share has its room reserved before its first byte is read, so that it
 *   also completes.
 * - Beyond the share, room is taken only as bytes arrive, from what is free. Whoever is over the share
 *   gives way, while the body is arriving, to others who are not: nobody keeps them out by announcing
 *   a large body and sending it slowly.
 */
export class BodyGate {
  private readonly places = new Set<Place>();

  /** @param room read at each step; a single body is admitted whatever its size */
  constructor(private readonly room: () => BodyRoom) {}

  /** Bytes that are reserved. */
  get taken(): number {
    return sum(this.places);
  }

  /** Admits a body of a user, announced with this size. @throws TooBusyError when there is no room */
  enter(user: string, announced: number): BodyPlace {
    const controller = new AbortController();
    const place: Place = { user, controller, bytes: 0, isSmall: true, arriving: true };
    const leave = (): void => {
      this.places.delete(place);
    };
    const need = (bytes: number): void => {
      controller.signal.throwIfAborted();
      if (bytes > place.bytes) this.grow(place, bytes);
    };
    this.places.add(place);
    try {
      need(Math.min(announced, this.room().bytesPerUser));
    } catch (error) {
      leave();
      throw error;
    }
    const complete = (): void => {
      place.arriving = false;
    };
    return { need, leave, complete, givenUp: controller.signal };
  }

  private grow(place: Place, bytes: number): void {
    const others = [...this.places].filter((other) => other !== place);
    if (place.isSmall && bytes <= SMALL_BODY_BYTES && this.fitsAmongSmall(place, bytes, others)) {
      place.bytes = bytes;
      return;
    }
    const { bytes: all, bytesPerUser, smallBytes } = this.room();
    const large = others.filter(({ isSmall }) => !isSmall);
    const isOver = sum(ofUser(large, place.user)) + bytes > bytesPerUser;
    let missing = sum(large) + bytes - Math.max(0, all - smallBytes);
    const leaving: Place[] = [];
    if (!isOver) {
      for (const other of this.overTheirShare(large, bytesPerUser)) {
        if (missing <= 0) break;
        leaving.push(other);
        missing -= other.bytes;
      }
    }
    if (missing > 0 && leaving.length < large.length) throw tooBusy();
    for (const other of leaving) {
      this.places.delete(other);
      other.controller.abort(tooBusy());
    }
    place.isSmall = false;
    place.bytes = bytes;
  }

  private fitsAmongSmall({ user }: Place, bytes: number, others: readonly Place[]): boolean {
    const { smallBytes } = this.room();
    const small = others.filter(({ isSmall }) => isSmall);
    return (
      sum(small) + bytes <= smallBytes &&
      sum(ofUser(small, user)) + bytes <= smallBytes / USERS_OF_SMALL_ROOM
    );
  }

  /** Bodies that may have to give way, the largest first. */
  private overTheirShare(large: readonly Place[], bytesPerUser: number): readonly Place[] {
    return large
      .filter(({ arriving, user }) => arriving && sum(ofUser(large, user)) > bytesPerUser)
      .sort((one, other) => other.bytes - one.bytes);
  }
}

function ofUser(places: readonly Place[], user: string): readonly Place[] {
  return places.filter((place) => place.user === user);
}

function sum(places: Iterable<Place>): number {
  let bytes = 0;
  for (const place of places) bytes += place.bytes;
  return bytes;
}

function tooBusy(): TooBusyError {
  return new TooBusyError(
    'Several very long file lists are being processed. Please try again in a few seconds.',
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}
