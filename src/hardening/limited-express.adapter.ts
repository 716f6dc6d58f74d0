import { ExpressAdapter } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { collapseSlashes } from './collapse-slashes.js';
import { OneAtATime } from './one-at-a-time.js';
import { type ConnectionBounds, OpenConnections } from './open-connections.js';
import { isTrustedPeer } from './trusted-peer.js';
import type { Refusals } from './refusals.js';
import type { ServerLimits } from './server-limits.js';

/** Limit for the request line and headers. A SciCat token has at most 8 KiB. */
const MAX_HEADER_BYTES = 16 * 1024;

/** What the operator may set, and what is told. */
export interface DoorOptions {
  readonly connections: Pick<ConnectionBounds, 'most' | 'mostOfAddress'>;
  /** Requests that a connection may send ahead. Read each time. */
  readonly mostAhead: () => number;
  /** Whether there is a second server, for probes and metrics alone. */
  readonly hasAdmin: boolean;
  readonly refusals: Refusals;
}

/** For probes, metrics, and people who look at them. */
const ADMIN_CONNECTIONS = 100;

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** Express with {@link ServerLimits}, on one server or two. */
export class LimitedExpressAdapter extends ExpressAdapter {
  private open: OpenConnections | undefined;
  private openAdmin: OpenConnections | undefined;
  /** The second server, for probes and metrics alone; undefined if there is none. */
  admin: Server | undefined;

  constructor(
    private readonly limits: ServerLimits,
    private readonly door: DoorOptions,
  ) {
    super();
  }

  /** Connections to the first server. */
  get connections(): number {
    return this.open?.size ?? 0;
  }

  override initHttpServer(): void {
    const { connections, hasAdmin, refusals } = this.door;
    const onTooMany = (address: string): void => {
      refusals.note('connection-of-address', { address });
    };
    const server = limitedServer(this.limits, connections.most);
    this.open = new OpenConnections(server, {
      ...connections,
      isProxy: (address) => isTrustedPeer(this.getInstance(), address),
      onTooMany,
    });
    this.serve(server);
    server.on('drop', () => {
      refusals.note('connection', { connections: connections.most });
    });
    this.httpServer = server;
    if (!hasAdmin) return;
    this.admin = limitedServer(this.limits, ADMIN_CONNECTIONS);
    this.openAdmin = new OpenConnections(this.admin, {
      most: ADMIN_CONNECTIONS,
      mostOfAddress: () => 0,
      isProxy: () => false,
      onTooMany,
    });
    this.serve(this.admin);
  }

  private serve(server: Server): void {
    const express = this.getInstance<Handle>();
    const { mostAhead, refusals } = this.door;
    const oneAtATime = new OneAtATime({
      mostAhead,
      handle: (request, response) => {
        // Before anything reads it: routes, log and metrics all see the same address.
        request.url = collapseSlashes(request.url ?? '');
        express(request, response);
      },
      onTooMany: ({ remoteAddress }) => {
        refusals.note('pipelining', { address: remoteAddress });
      },
    });
    server.on('request', oneAtATime.take);
  }

  override async close(): Promise<void> {
    this.open?.close(this.limits.closeWithinMs);
    this.openAdmin?.close(this.limits.closeWithinMs);
    const { admin } = this;
    // One that does not listen can't be closed.
    const adminClosed =
      admin?.listening === true
        ? new Promise<void>((resolve) => admin.close(() => resolve()))
        : undefined;
    await super.close();
    await adminClosed;
  }
}

function limitedServer(limits: ServerLimits, mostConnections: number): Server {
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
  server.maxConnections = mostConnections;
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
