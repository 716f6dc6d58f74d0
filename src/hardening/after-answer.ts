import type { ServerResponse } from 'node:http';

/**
 * Calls `done` once nothing more happens for a request: when its response has been written, even if the
 * client has left before, because the calls that were made for it, and the memory that it takes, remain
 * until then.
 *
 * @param isWorking whether anything is done for the request; otherwise it ends with its connection
 */
export function afterAnswer(
  response: ServerResponse,
  done: () => void,
  isWorking: () => boolean = () => true,
): void {
  let closed = response.destroyed;
  response.once('close', () => {
    closed = true;
    if (!isWorking() || response.writableEnded) done();
  });
  const end = response.end.bind(response);
  response.end = ((...given: Parameters<typeof end>) => {
    const ended = end(...given);
    if (closed) done();
    return ended;
  }) as typeof response.end;
}
