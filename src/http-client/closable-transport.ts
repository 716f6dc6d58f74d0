import type { HttpRequest, HttpResponse, HttpTransport } from '../ports/http-transport.port.js';

/**
 * A network that can be closed: calls under way end at once, and new ones fail. For programs that
 * must end when they are done, although shared calls (a login, a token) have no signal.
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

  /** Every call fails with `aborted` from now on. */
  close(): void {
    this.closed.abort();
  }
}
