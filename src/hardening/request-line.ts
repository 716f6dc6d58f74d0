import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TooManyRequestsError } from '../errors/request.errors.js';
import type { Clock } from '../ports/clock.port.js';
import { afterAnswer } from './after-answer.js';
import { FairLine, type LineBounds, type LineChange } from './fair-line.js';
import type { Refusals } from './refusals.js';

/** A request as Express hands it on. */
export interface ArrivedRequest extends IncomingMessage {
  /** The caller's address, behind a trusted reverse proxy, too. */
  readonly ip?: string | undefined;
}

/** Collaborators of a {@link RequestLine}. */
export interface RequestLineDeps {
  /** Read at each request. */
  readonly bounds: () => LineBounds;
  /** Whose request this seems to be: a user's or, as long as that is unknown, an address's. */
  readonly keyOf: (request: ArrivedRequest) => string;
  readonly refusals: Refusals;
  readonly clock: Pick<Clock, 'monotonicMs' | 'schedule'>;
}

/** A request in the line. */
interface Visit {
  readonly socket: Socket;
  key: string;
  /** Calls for the request are, or may be, under way. They go on even if the client leaves. */
  working: boolean;
  /** What it waits for. */
  decided: (outcome: 'runs' | 'refused') => void;
}

/** Probes and metrics must be answered whatever else happens. */
const UNLIMITED = /^\/(?:health|metrics)(?:\/|$|\?)/i;

/** By then, the requests that now run have usually ended. */
const RETRY_AFTER_SECONDS = 5;

/**
 * At least so much lies between the ends of two rests: to refuse takes nearly a millisecond, and all
 * that is refused again must not fill the process.
 */
const REST_SPACING_MS = 5;
const LONGEST_REST_MS = 15_000;

/**
 * Has requests wait for their turn, in a {@link FairLine} of users. A request waits before anything is
 * done for it, with its headers only: it is not authenticated, and its body is not read.
 *
 * A caller who is refused and asks again on the same connection, sooner than told, rests until then.
 * Else those who never wait would have the process do nothing but refuse them.
 */
export class RequestLine {
  private readonly line: FairLine<Visit>;
  private readonly visits = new WeakMap<object, Visit>();
  private readonly refused = new WeakSet<object>();
  /** Of connections on which a request was refused: whose, and until when the next one rests. */
  private readonly rests = new WeakMap<Socket, { readonly key: string; readonly until: number }>();
  private lastRestUntil = -Infinity;

  constructor(private readonly deps: RequestLineDeps) {
    this.line = new FairLine(deps.bounds);
  }

  get running(): number {
    return this.line.running;
  }

  get waiting(): number {
    return this.line.waiting;
  }

  /** Middleware; must come before whatever takes time. */
  readonly admit = (
    request: ArrivedRequest,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): void => {
    if (UNLIMITED.test(request.url ?? '')) {
      next();
      return;
    }
    const visit: Visit = {
      socket: request.socket,
      key: this.deps.keyOf(request),
      working: false,
      decided: () => undefined,
    };
    this.visits.set(request, visit);
    const leave = (): void => this.apply(this.line.leave(visit));
    afterAnswer(response, leave, () => visit.working);
    const enter = (): void => {
      this.turnOf(request, visit).then(() => {
        next();
      }, next);
    };
    const restMs = this.restOf(visit);
    if (restMs > 0) response.once('close', this.deps.clock.schedule(restMs, enter));
    else enter();
  };

  /**
   * The user of a request is known, and work for it begins. If the user has no share left, this takes
   * until it is their turn.
   *
   * @param onWait called if it has to wait
   * @throws TooManyRequestsError when too many of the user's requests are waiting already
   */
  async belongsTo(request: object, user: string, onWait: () => void): Promise<void> {
    const visit = this.visits.get(request);
    const key = keyOfUser(user);
    if (visit === undefined || visit.key === key || !this.line.isRunning(visit)) return;
    visit.key = key;
    await this.wait(visit, () => this.line.move(visit, key), onWait);
  }

  /** From now on, the request counts until its response is complete, even if the client leaves. */
  works(request: object): void {
    const visit = this.visits.get(request);
    if (visit !== undefined) visit.working = true;
  }

  /** Whether there was no room for the request in the line. */
  wasRefused(request: object): boolean {
    const visit = this.visits.get(request);
    return visit !== undefined && this.refused.has(visit);
  }

  private async turnOf(request: ArrivedRequest, visit: Visit): Promise<void> {
    await this.wait(visit, () => this.line.enter(visit, visit.key));
    // Its user may have become known while it waited in the line of its address.
    for (let key = this.deps.keyOf(request); key !== visit.key; key = this.deps.keyOf(request)) {
      visit.key = key;
      await this.wait(visit, () => this.line.move(visit, key));
    }
  }

  /** Behind a reverse proxy, a connection is of many callers; only the refused one rests. */
  private restOf({ socket, key }: Visit): number {
    const rest = this.rests.get(socket);
    return rest?.key === key ? rest.until - this.deps.clock.monotonicMs() : 0;
  }

  private rest({ socket, key }: Visit): void {
    const now = this.deps.clock.monotonicMs();
    const earliest = now + RETRY_AFTER_SECONDS * 1000;
    // Whoever is refused after very many others, who may have left, does not wait for all of them.
    this.lastRestUntil = Math.min(
      Math.max(this.lastRestUntil + REST_SPACING_MS, earliest),
      now + LONGEST_REST_MS,
    );
    this.rests.set(socket, { key, until: this.lastRestUntil });
  }

  private async wait(
    visit: Visit,
    change: () => LineChange<Visit>,
    onWait: () => void = () => undefined,
  ): Promise<void> {
    const outcome = new Promise<'runs' | 'refused'>((resolve) => (visit.decided = resolve));
    this.apply(change());
    if (this.line.isRunning(visit)) return;
    onWait();
    if ((await outcome) === 'runs') return;
    this.refused.add(visit);
    this.rest(visit);
    this.deps.refusals.note('request', {
      caller: visit.key,
      running: this.line.running,
      waiting: this.line.waiting,
    });
    throw new TooManyRequestsError(
      'Too many requests are waiting to be processed. Please try again in a few seconds.',
      { retryAfterSeconds: RETRY_AFTER_SECONDS },
    );
  }

  private apply({ begun, refused }: LineChange<Visit>): void {
    for (const visit of refused) visit.decided('refused');
    for (const visit of begun) visit.decided('runs');
  }
}

/** The key of a user. */
export function keyOfUser(user: string): string {
  return `user ${user}`;
}
