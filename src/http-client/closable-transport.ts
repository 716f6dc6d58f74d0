import type { HttpRequest, HttpResponse, HttpTransport } from '../ports/http-transport.port.js';

/**
 * A network that can be left: what is under way ends at once, and nothing begins any more. For
 * programs that must end when they are done, although calls that others share (a login, a token)
 * mind nobody's signal.
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
