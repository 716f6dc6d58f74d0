import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';

/** A sender who is cut off while still sending may never see the answer. */
const LINGER_MS = 1_000;

const answered = new WeakSet<Duplex>();

/**
 * Answers what never becomes a request, in the one shape of all errors, and ends its connection: one
 * whose other side does not hang up would stay for ever, as Node looks at it no more.
 */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  // What comes after the broken part is broken, too.
  if (answered.has(socket)) return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  answered.add(socket);
  const requestId = randomUUID();
  const message = messageOf(error.code);
  const body = JSON.stringify({ message, code: 'INVALID_REQUEST', requestId });
  // Always 400: existing clients know no 408, 413 or 431.
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nX-Request-Id: ${requestId}\r\nConnection: close\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => {
    socket.destroy();
  }, LINGER_MS);
  socket.once('close', () => {
    clearTimeout(timer);
  });
}

function messageOf(code: string | undefined): string {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'The address and the headers of the request are larger than the 16 KiB that this service takes.';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'The request was not complete in time.';
    default:
      return 'The request is not well-formed HTTP.';
  }
}
