import { type Refusal, Refusals } from '../hardening/refusals.js';
import type { Logger } from '../logging/logger.js';
import { SystemClock } from '../time/system-clock.js';

const MESSAGES: Readonly<Record<Refusal, string>> = {
  connection: 'connection limit reached',
  'connection-of-address': 'too many connections from one address, closing further ones',
  pipelining: 'too many requests sent ahead on a connection, closed it',
  request: 'too many requests are waiting, refusing further ones',
  body: 'no room for further request bodies, refusing them',
  'slow-body': 'request body too slow, closed its connection',
};

/** Counts what is refused, with a line in the log for each burst. */
export function refusalsToLog(logger: Logger): Refusals {
  return new Refusals(new SystemClock(), ({ kind, about, times }) => {
    logger.warn({ ...about, refused: times }, MESSAGES[kind]);
  });
}
