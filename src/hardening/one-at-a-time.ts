import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type Exchange = readonly [IncomingMessage, ServerResponse];

/** Collaborators of a {@link OneAtATime}. */
export interface OneAtATimeDeps {
  /** Requests that a connection may send ahead. Read each time. */
  readonly mostAhead: () => number;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Called when a connection is closed because it has sent more. */
  readonly onTooMany: (socket: Socket) => void;
}

/**
 * Has the requests of each connection handled one after the other. Node parses all that a client has
 * sent ahead, announces every one of these requests at once, and keeps them until it is their turn.
 *
 * As soon as one is sent ahead, the connection is read no further, so that the rest waits at the
 * client. What has been read by then may be thousands of requests: a connection with more than a few
 * of them is closed, and with it they are gone. Clients that send requests ahead must expect that, and
 * the usual ones send none.
 */
export class OneAtATime {
  /** Of connections with a request that is being handled: those that wait for its end. */
  private readonly ahead = new WeakMap<Socket, Exchange[]>();

  constructor(private readonly deps: OneAtATimeDeps) {}

  readonly take = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    const ahead = this.ahead.get(socket);
    if (ahead === undefined) {
      this.ahead.set(socket, []);
      this.begin(request, response);
    } else if (ahead.length < this.deps.mostAhead()) {
      ahead.push([request, response]);
      socket.pause();
    } else if (!socket.destroyed) {
      ahead.length = 0;
      this.deps.onTooMany(socket);
      socket.destroy();
    }
  };

  private begin(request: IncomingMessage, response: ServerResponse): void {
    response.once('close', () => {
      this.next(request.socket);
    });
    this.deps.handle(request, response);
  }

  private next(socket: Socket): void {
    const ahead = this.ahead.get(socket);
    const following = socket.destroyed ? undefined : ahead?.shift();
    if (following === undefined) {
      this.ahead.delete(socket);
      socket.resume();
      return;
    }
    // Node reads on after each response.
    if (ahead !== undefined && ahead.length > 0) socket.pause();
    this.begin(...following);
  }
}
