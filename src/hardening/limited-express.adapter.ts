import { ExpressAdapter } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ServerLimits } from './server-limits.js';

/** Largest first line and headers together, in bytes. A SciCat token has 8 KiB at most. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Express behind a server that keeps {@link ServerLimits}. */
export class LimitedExpressAdapter extends ExpressAdapter {
  constructor(
    private readonly limits: ServerLimits,
    private readonly onFull: () => void,
  ) {
    super();
  }

  override initHttpServer(): void {
    const server = limitedServer(this.limits);
    server.on('request', this.getInstance<(...args: unknown[]) => void>());
    server.on('drop', this.onFull);
    this.httpServer = server;
  }
}

function limitedServer(limits: ServerLimits): Server {
  const server = createServer({
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Nothing here depends on the host's name, and Node's own refusal has no body.
    requireHostHeader: false,
  });
  // There is no bound on the requests of one connection: Node's answer beyond it has no body.
  server.maxConnections = limits.connections;
  server.setTimeout(limits.silenceMs);
  // Node would ask for the body before its sender is known; the route that reads it asks.
  const goOn = (request: IncomingMessage, response: ServerResponse): void => {
    server.emit('request', request, response);
  };
  server.on('checkContinue', goOn);
  server.on('checkExpectation', goOn);
  server.on('clientError', answerBrokenRequest);
  return server;
}

/**
 * Ends connections on which a body goes on coming although its request has long been answered: an
 * unread body is thrown away, but not for ever.
 *
 * @param lingerMs see `ServerLimits.lingerMs`
 */
export function endUnreadBodies(lingerMs: number) {
  return (request: Request, response: Response, next: NextFunction): void => {
    response.once('finish', () => {
      if (request.complete) return;
      setTimeout(() => {
        if (!request.complete) request.socket.destroy();
      }, lingerMs).unref();
    });
    next();
  };
}

/** A sender who is cut off while still sending may never see the answer. */
const LINGER_MS = 1_000;

const answered = new WeakSet<Duplex>();

/**
 * Answers what never becomes a request, in the one shape of all errors, and ends its connection: one
 * whose other side does not hang up would stay for ever, as Node looks at it no more.
 */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
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
