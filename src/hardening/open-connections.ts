import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from './network-of.js';

/** How long the rest of a body is read after its response, or the client might not receive that. */
const LINGER_MS = 1_000;

interface Use {
  /** The peer, by {@link networkOf}. */
  readonly address: string;
  /** Whether any number of connections may come from there. */
  readonly exempt: boolean;
  /** Requests that are being answered. */
  answering: number;
  /** The latest request. Its body may still be arriving, even after the response. */
  request: IncomingMessage | undefined;
  /** Rises with each event of any connection; the lowest has been idle for longest. */
  since: number;
}

/** Bounds of {@link OpenConnections}. */
export interface ConnectionBounds {
  /** The server's limit. */
  readonly most: number;
  /** From one address; 0 for no limit. Read each time. */
  readonly mostOfAddress: () => number;
  /** Whether this is the address of a reverse proxy. */
  readonly isProxy: (address: string) => boolean;
  /** Called when a connection is closed because there are too many from its address. */
  readonly onTooMany: (address: string) => void;
}

/**
 * The connections of a server, for making room and for closing it. Node closes only those that are
 * idle at the time, and keeps a connection open for the next request when it becomes idle later.
 *
 * A connection is idle if no request on it is being answered, even if nothing was ever sent on it.
 * Idle ones are kept for long; when there is no room for a new one, one of them is closed, so that
 * clients that have left their connections open, or only open them, lock nobody out.
 */
export class OpenConnections {
  private readonly uses = new Map<Socket, Use>();
  private readonly counts = new Map<string, number>();
  private events = 0;
  private closing = false;

  constructor(
    server: Server,
    private readonly bounds: ConnectionBounds,
  ) {
    server.on('connection', (socket: Socket) => {
      this.add(socket);
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      const use = this.uses.get(socket);
      if (use === undefined) return;
      use.answering += 1;
      use.request = request;
      response.once('close', () => {
        use.answering -= 1;
        use.since = this.events += 1;
        if (this.closing) endIfUnused(socket, use);
      });
    });
  }

  get size(): number {
    return this.uses.size;
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

  private add(socket: Socket): void {
    const given = socket.remoteAddress ?? '';
    const address = networkOf(given);
    const use: Use = {
      address,
      exempt: this.bounds.isProxy(given),
      answering: 0,
      request: undefined,
      since: (this.events += 1),
    };
    this.uses.set(socket, use);
    this.counts.set(address, this.countOf(address) + 1);
    socket.once('close', () => {
      this.forget(socket, address);
    });
    this.makeRoomFor(socket, use);
  }

  private makeRoomFor(socket: Socket, { address, exempt }: Use): void {
    const limit = exempt ? 0 : this.bounds.mostOfAddress();
    if (limit > 0 && this.countOf(address) > limit) {
      const idle = this.mostDispensable((other) => other.address === address, socket);
      if (idle === undefined) this.bounds.onTooMany(address);
      this.end(idle ?? socket);
    }
    // Room for the next one: the server itself refuses those beyond its limit.
    if (this.uses.size < this.bounds.most) return;
    const idle = this.mostDispensable(() => true, socket);
    if (idle !== undefined) this.end(idle);
  }

  /** Of the idle connections, the one that is missed least. */
  private mostDispensable(among: (use: Use) => boolean, except: Socket): Socket | undefined {
    let found: readonly [Socket, Use] | undefined;
    for (const [socket, use] of this.uses) {
      if (use.answering > 0 || socket === except || !among(use)) continue;
      if (found === undefined || this.isMissedLess(use, found[1])) found = [socket, use];
    }
    return found?.[0];
  }

  /**
   * First those of the address with most connections, and reverse proxies, who have many for good
   * reason, last; of the same address, those on which no request ever came, then the oldest.
   */
  private isMissedLess(one: Use, other: Use): boolean {
    if (one.exempt !== other.exempt) return other.exempt;
    const more = this.countOf(one.address) - this.countOf(other.address);
    if (more !== 0) return more > 0;
    const used = Number(one.request !== undefined) - Number(other.request !== undefined);
    return used === 0 ? one.since < other.since : used < 0;
  }

  private end(socket: Socket): void {
    const use = this.uses.get(socket);
    socket.destroy();
    if (use !== undefined) this.forget(socket, use.address);
  }

  private forget(socket: Socket, address: string): void {
    if (!this.uses.delete(socket)) return;
    const left = this.countOf(address) - 1;
    if (left > 0) this.counts.set(address, left);
    else this.counts.delete(address);
  }

  private countOf(address: string): number {
    return this.counts.get(address) ?? 0;
  }
}

function endIfUnused(socket: Socket, { answering, request }: Use): void {
  if (answering > 0) return;
  if (request?.complete === false) setTimeout(() => socket.destroy(), LINGER_MS).unref();
  else socket.destroySoon();
}
