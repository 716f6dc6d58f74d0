import { ExpressAdapter } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { collapseSlashes } from './collapse-slashes.js';
import { OpenConnections } from './open-connections.js';
import type { ServerLimits } from './server-limits.js';

/** Limit for the request line and headers. A SciCat token has at most 8 KiB. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Express with {@link ServerLimits}. */
export class LimitedExpressAdapter extends ExpressAdapter {
  private connections: OpenConnections | undefined;

  constructor(
    private readonly limits: ServerLimits,
    private readonly onFull: () => void,
  ) {
    super();
  }

  override initHttpServer(): void {
    const server = limitedServer(this.limits);
    this.connections = new OpenConnections(server, this.limits.connections);
    const express =
      this.getInstance<(request: IncomingMessage, response: ServerResponse) => void>();
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      // Before anything reads it: routes, log and metrics all see the same address.
      request.url = collapseSlashes(request.url ?? '');
      express(request, response);
    });
    server.on('drop', this.onFull);
    this.httpServer = server;
  }

  override close(): Promise<void> {
    this.connections?.close(this.limits.closeWithinMs);
    return super.close() as Promise<void>;
  }
}

function limitedServer(limits: ServerLimits): Server {
  const server = createServer({
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Nothing depends on the host name, and Node's own error has no body.
    requireHostHeader: false,
  });
  // Requests per connection are unlimited: Node's own error has no body.
  server.maxConnections = limits.connections;
  server.setTimeout(limits.silenceMs);
  // Node would ask for the body before authentication. The route that reads it asks instead.
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    server.emit('request', request, response);
  };
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  server.on('clientError', answerBrokenRequest);
  return server;
}

/** Middleware that closes connections whose body is still arriving `lingerMs` after the response. */
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

/** A client that is cut off while sending may not receive the response. */
const LINGER_MS = 1_000;

const answered = new WeakSet<Duplex>();

/**
 * Responds to malformed HTTP with an error in the usual format, and closes the connection, which Node
 * no longer monitors.
 */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Whatever follows malformed data is malformed, too.
  if (answered.has(socket)) return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  answered.add(socket);
  const requestId = randomUUID();
  const message = messageOf(error.code);
  const body = JSON.stringify({ message, code: 'INVALID_REQUEST', requestId });
  // Always 400: existing clients do not expect 408, 413 or 431.
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nX-Request-Id: ${requestId}\r\nConnection: close\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

function messageOf(code: string | undefined): string {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'The request line and headers exceed the limit of 16 KiB.';
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'The request did not arrive in time.';
    default:
      return 'The request is not valid HTTP.';
  }
}
