import type { HttpRequest, HttpResponse, HttpTransport } from '../ports/http-transport.port.js';

/**
 * A transport that can be closed: pending calls end at once, and new ones fail. For programs that must
 * exit when done although shared calls (for a login or token) take no signal.
 */
export class ClosableTransport implements HttpTransport {
  private readonly closed = new AbortController();

  constructor(private readonly inner: HttpTransport) {}

  send(request: HttpRequest): Promise<HttpResponse> {
    const { signal } = this.closed;
    return this.inner.send({
      ...request,
      signal: request.signal === undefined ? signal : AbortSignal.any([request.signal, signal]),
    });
  }

  /** From now on every call fails with `aborted`. */
  close(): void {
    this.closed.abort();
  }
}
