import { InvalidRequestError } from '../errors/request.errors.js';
import type { Clock } from '../ports/clock.port.js';
import type { ServerLimits } from './server-limits.js';

/** A request whose body may still be arriving. */
export interface ArrivingBody {
  readonly complete: boolean;
  readonly socket: { readonly bytesRead: number };
}

/** The required pace. */
export interface BodyPace extends Pick<ServerLimits, 'bodyBytesPerSecond' | 'slowBodySeconds'> {
  /** How long the whole body may take. */
  readonly wholeBodySeconds: number;
  /** Its announced size on the wire, 0 if unknown. */
  readonly announcedBytes: number;
}

/** The body arrives too slowly; the connection must be closed. */
export class SlowBodyError extends InvalidRequestError {}

/**
 * Waits for a body to be read, but not for a client that sends it slowly to hold memory. The more it
 * has announced, or sent already, the faster it must be. Bytes that it is behind add up, so that a
 * connection may recover from a stall, but only by catching up; a second in which this process was
 * busy itself counts as one at most.
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
    const start = body.socket.bytesRead;
    let before = start;
    let behind = 0;
    const check = (): void => {
      const now = body.socket.bytesRead;
      const perSecond = bytesPerSecond(pace, now - start);
      behind = body.complete ? 0 : Math.max(0, behind + perSecond - (now - before));
      before = now;
      if (behind < perSecond * pace.slowBodySeconds) stop = clock.schedule(1_000, check);
      else reject(slowBody(perSecond, pace.slowBodySeconds));
    };
    stop = clock.schedule(1_000, check);
  });
  try {
    return await Promise.race([reading, tooSlow]);
  } finally {
    stop();
  }
}

function bytesPerSecond(pace: BodyPace, arrived: number): number {
  const whole = Math.max(pace.announcedBytes, arrived);
  return Math.max(pace.bodyBytesPerSecond, Math.ceil(whole / pace.wholeBodySeconds));
}

function slowBody(perSecond: number, seconds: number): SlowBodyError {
  return new SlowBodyError(
    `The body arrived too slowly: it was more than ${seconds} seconds behind the ${perSecond} bytes per second that its size requires. Please retry over a faster connection.`,
  );
}
