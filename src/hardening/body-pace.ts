import { InvalidRequestError } from '../errors/request.errors.js';
import type { Clock } from '../ports/clock.port.js';
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
  let stopLooking = (): void => undefined;
  const tooSlow = new Promise<never>((_resolve, reject) => {
    let slowSeconds = 0;
    let before = body.socket.bytesRead;
    const look = (): void => {
      const now = body.socket.bytesRead;
      const isSlow = !body.complete && now - before < pace.bodyBytesPerSecond;
      slowSeconds = isSlow ? slowSeconds + 1 : 0;
      before = now;
      if (slowSeconds < pace.slowBodySeconds) stopLooking = clock.schedule(1_000, look);
      else reject(slowBody(pace));
    };
    stopLooking = clock.schedule(1_000, look);
  });
  try {
    return await Promise.race([reading, tooSlow]);
  } finally {
    stopLooking();
  }
}

function slowBody({ bodyBytesPerSecond, slowBodySeconds }: BodyPace): SlowBodyError {
  return new SlowBodyError(
    `The body came too slowly: less than ${bodyBytesPerSecond} bytes a second for ${slowBodySeconds} seconds. Please send it again over a better connection.`,
  );
}
