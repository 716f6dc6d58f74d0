import { describe, expect, it } from '@jest/globals';
import { ClosableTransport } from './closable-transport.js';
import { type HttpRequest, TransportError } from '../ports/http-transport.port.js';

/** Hangs until its signal aborts, as the network does at worst. */
const hanging = {
  send: ({ signal }: HttpRequest): Promise<never> =>
    new Promise((_resolve, reject) => {
      const end = (): void => {
        reject(new TransportError('aborted', 'The call was aborted.'));
      };
      signal?.addEventListener('abort', end);
      if (signal?.aborted === true) end();
    }),
};
const request: HttpRequest = { method: 'GET', url: 'http://x', headers: {}, timeoutMs: 1 };
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: unknown) => (error as TransportError).failure);

describe('a network that is left', () => {
  it('ends what is under way, with a signal of its own or without, and begins nothing', async () => {
    const transport = new ClosableTransport(hanging);
    const { signal } = new AbortController();
    const calls = [transport.send(request), transport.send({ ...request, signal })].map(failure);
    transport.close();
    expect(await Promise.all([...calls, failure(transport.send(request))])).toEqual([
      'aborted',
      'aborted',
      'aborted',
    ]);
  });

  it('still honours the signal of a call', async () => {
    const interrupt = new AbortController();
    const call = failure(
      new ClosableTransport(hanging).send({ ...request, signal: interrupt.signal }),
    );
    interrupt.abort();
    expect(await call).toBe('aborted');
  });
});
