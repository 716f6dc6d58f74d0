import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long the rest of a body is read after its response, or the client might not receive that. */
const LINGER_MS = 1_000;

interface Use {
  /** Requests that are being answered. */
  answering: number;
  /** The latest request. Its body may still be arriving, even after the response. */
  request: IncomingMessage | undefined;
}

/**
 * The connections of a server, for making room and for closing it. Node closes only those that are
 * idle at the time, and keeps a connection open for the next request when it becomes idle later.
 *
 * Idle connections are kept for a long time. When there is no room for a new one, all of them are
 * closed, so that clients that have left their connections open do not lock others out.
 */
export class OpenConnections {
  private readonly uses = new Map<Socket, Use>();
  private closing = false;

  /** @param most the server's limit */
  constructor(server: Server, most: number) {
    server.on('connection', (socket: Socket) => {
      this.uses.set(socket, { answering: 0, request: undefined });
      socket.once('close', () => this.uses.delete(socket));
      if (this.uses.size >= most) server.closeIdleConnections();
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      const use = this.uses.get(socket);
      if (use === undefined) return;
      use.answering += 1;
      use.request = request;
      response.once('close', () => {
        use.answering -= 1;
        if (this.closing) endIfUnused(socket, use);
      });
    });
  }

  /**
   * Closes each connection as soon as none of its requests is being answered. A request that has not
   * arrived with all of its headers does not count. The others are broken after `withinMs`.
   */
  close(withinMs: number): void {
    if (this.closing) return;
    this.closing = true;
    for (const [socket, use] of this.uses) endIfUnused(socket, use);
    setTimeout(() => {
      for (const socket of this.uses.keys()) socket.destroy();
    }, withinMs).unref();
  }
}

function endIfUnused(socket: Socket, { answering, request }: Use): void {
  if (answering > 0) return;
  if (request?.complete === false) setTimeout(() => socket.destroy(), LINGER_MS).unref();
  else socket.destroySoon();
}
