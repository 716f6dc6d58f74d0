import { InvalidRequestError } from '../errors/request.errors.js';
import type { Clock } from '../ports/clock.port.js';
import type { ServerLimits } from './server-limits.js';

/** A request whose body may still be arriving. */
export interface ArrivingBody {
  readonly complete: boolean;
  readonly socket: { readonly bytesRead: number };
}

/** The required pace. */
export type BodyPace = Pick<ServerLimits, 'bodyBytesPerSecond' | 'slowBodySeconds'>;

/** The body arrives too slowly; the connection must be closed. */
export class SlowBodyError extends InvalidRequestError {}

/**
 * Waits for a body to be read, but not for a client that sends it slowly to hold memory. Consecutive
 * slow seconds are counted, so that a connection may recover from a stall; a second in which this
 * process was busy itself counts as one at most.
 *
 * @throws SlowBodyError, and what `reading` throws
 */
export async function atPace<T>(
  reading: Promise<T>,
  body: ArrivingBody,
  pace: BodyPace,
  clock: Clock,
): Promise<T> {
  let stop = (): void => undefined;
  const tooSlow = new Promise<never>((_resolve, reject) => {
    let slowSeconds = 0;
    let before = body.socket.bytesRead;
    const check = (): void => {
      const now = body.socket.bytesRead;
      const isSlow = !body.complete && now - before < pace.bodyBytesPerSecond;
      slowSeconds = isSlow ? slowSeconds + 1 : 0;
      before = now;
      if (slowSeconds < pace.slowBodySeconds) stop = clock.schedule(1_000, check);
      else reject(slowBody(pace));
    };
    stop = clock.schedule(1_000, check);
  });
  try {
    return await Promise.race([reading, tooSlow]);
  } finally {
    stop();
  }
}

function slowBody({ bodyBytesPerSecond, slowBodySeconds }: BodyPace): SlowBodyError {
  return new SlowBodyError(
    `The body arrived too slowly: less than ${bodyBytesPerSecond} bytes per second for ${slowBodySeconds} seconds. Please retry over a faster connection.`,
  );
}
