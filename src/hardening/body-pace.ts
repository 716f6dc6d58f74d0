import { InvalidRequestError } from '../errors/request.errors.js';
import type { Clock } from '../time/clock.port.js';
import type { ServerLimits } from './server-limits.js';

/** What is looked at of a request while its body arrives. */
export interface ArrivingBody {
  /** All of it is here. */
  readonly complete: boolean;
  readonly socket: { readonly bytesRead: number };
}

/** The pace that a body has to keep. */
export type BodyPace = Pick<ServerLimits, 'bodyBytesPerSecond' | 'slowBodySeconds'>;

/** The sender of a body is too slow; the connection is of no use any more. */
export class SlowBodyError extends InvalidRequestError {}

/**
 * Waits for a body to be read, but not for a sender who lets it trickle in to keep memory and a
 * place taken. Counted are seconds in a row that bring next to nothing: a line that falters may
 * recover, and a second in which this process was busy itself counts as one at most.
 *
 * @throws SlowBodyError, and what `reading` throws
 */
export async function atPace<T>(
  reading: Promise<T>,
  body: ArrivingBody,
  pace: BodyPace,
  clock: Clock,
): Promise<T> {
  const done = new AbortController();
  try {
    return await Promise.race([reading, untilTooSlow(body, pace, clock, done.signal)]);
  } finally {
    done.abort();
  }
}

async function untilTooSlow(
  body: ArrivingBody,
  { bodyBytesPerSecond, slowBodySeconds }: BodyPace,
  clock: Clock,
  signal: AbortSignal,
): Promise<never> {
  let slowSeconds = 0;
  let before = body.socket.bytesRead;
  while (slowSeconds < slowBodySeconds) {
    await clock.sleep(1_000, signal);
    const now = body.socket.bytesRead;
    slowSeconds = body.complete || now - before >= bodyBytesPerSecond ? 0 : slowSeconds + 1;
    before = now;
  }
  throw new SlowBodyError(
    `The body came too slowly: less than ${bodyBytesPerSecond} bytes a second for ${slowBodySeconds} seconds. Please send it again over a better connection.`,
  );
}
