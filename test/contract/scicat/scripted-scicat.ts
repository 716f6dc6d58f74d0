import type { Clock } from '../../../src/ports/clock.port.js';
import { UpstreamCaller } from '../../../src/http-client/upstream-caller.js';
import {
  type HttpRequest,
  type HttpResponse,
  TransportError,
  type TransportFailure,
} from '../../../src/ports/http-transport.port.js';
import { ScicatApi } from '../../../src/scicat/scicat-api.js';
import { ServiceAccount } from '../../../src/scicat/service-account.js';

/** What the network gives for one request. */
export type Reply = HttpResponse | TransportFailure;

/** A request as tests compare it: the address taken apart, the body parsed. */
export interface SentRequest {
  readonly method: string;
  /** With the base URL, without the query. */
  readonly url: string;
  readonly filter?: unknown;
  /** What is counted. */
  readonly fields?: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly freshConnection: boolean;
}

/** A clock on which a sleep is over at once, having taken its time. */
export class LeapingClock implements Clock {
  private elapsed = 0;
  private wallOffset = Date.UTC(2026, 0, 1);

  now(): number {
    return this.wallOffset + this.elapsed;
  }

  monotonicMs(): number {
    return this.elapsed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.elapsed += ms;
    return Promise.resolve();
  }

  schedule(): never {
    throw new Error('Nothing here is called back.');
  }

  jumpWallClock(ms: number): void {
    this.wallOffset += ms;
  }
}

/** An answer with a JSON body, or with none. */
export function answer(status: number, body?: unknown): HttpResponse {
  return { status, headers: {}, body };
}

/** A SciCat whose answers are given beforehand, in their order; logins have an order of their own. */
export class ScriptedScicat {
  readonly clock = new LeapingClock();
  readonly sent: SentRequest[] = [];
  readonly logins: SentRequest[] = [];
  readonly api: ScicatApi;
  private readonly replies: (Reply | Promise<Reply>)[];
  private readonly loginReplies: (Reply | Promise<Reply>)[] = [];
  readonly timeoutsMs: number[] = [];
  /** Of the answers' sizes, in bytes. */
  readonly limits: (number | undefined)[] = [];

  constructor(
    replies: readonly (Reply | Promise<Reply>)[] = [],
    scicatUrl = 'https://scicat.test',
  ) {
    this.replies = [...replies];
    this.api = new ScicatApi({
      scicatUrl,
      caller: new UpstreamCaller({
        upstream: 'SciCat',
        clock: this.clock,
        random: () => 0,
        transport: { send: (request) => this.send(request) },
      }),
    });
  }

  /** Answers to the next logins; afterwards token-1, token-2 and so on. */
  answerLogins(...replies: readonly (Reply | Promise<Reply>)[]): this {
    this.loginReplies.push(...replies);
    return this;
  }

  account(username = 'creator', setting = 'SCICAT_SERVICE_USER'): ServiceAccount {
    return new ServiceAccount({
      api: this.api,
      clock: this.clock,
      username,
      password: () => `password of ${username}`,
      setting,
    });
  }

  private async send(request: HttpRequest): Promise<HttpResponse> {
    const url = new URL(request.url);
    const filter = url.searchParams.get('filter');
    const fields = url.searchParams.get('fields');
    const seen: SentRequest = {
      method: request.method,
      url: request.url.split('?')[0] ?? '',
      ...(filter === null ? {} : { filter: JSON.parse(filter) as unknown }),
      ...(fields === null ? {} : { fields: JSON.parse(fields) as unknown }),
      headers: request.headers,
      ...(typeof request.body === 'string' ? { json: JSON.parse(request.body) as unknown } : {}),
      freshConnection: request.freshConnection ?? false,
    };
    this.timeoutsMs.push(request.timeoutMs);
    this.limits.push(request.maxResponseBytes);
    const isLogin = url.pathname.endsWith('/auth/login');
    (isLogin ? this.logins : this.sent).push(seen);
    const reply = await (isLogin
      ? (this.loginReplies.shift() ?? loggedIn(`token-${this.logins.length}`))
      : this.replies.shift());
    if (reply === undefined) throw new Error(`No answer was scripted for ${url.pathname}.`);
    if (typeof reply === 'string') {
      if (reply === 'timeout') await this.clock.sleep(request.timeoutMs);
      throw new TransportError(reply, `It was ${reply}.`);
    }
    return reply;
  }
}

/** SciCat's answer to a login. */
export function loggedIn(token: string, expiresInSeconds = 3600): HttpResponse {
  return answer(201, { access_token: token, id: token, expires_in: expiresInSeconds });
}

/** SciCat's refusal of wrong credentials. */
export const wrongPassword = answer(401, { message: 'Unauthorized', statusCode: 401 });

/** How SciCat answers on jobs and datasets to a token that it does not accept. */
export const forbidden = answer(403, {
  message: 'Forbidden resource',
  error: 'Forbidden',
  statusCode: 403,
});

/** What an error tells, as far as callers decide by it. */
export function told(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, status, outcomeUnclear, upstreamMessage } = error as Error &
    Readonly<Record<'status' | 'outcomeUnclear' | 'upstreamMessage', unknown>>;
  return { name, status, outcomeUnclear, upstreamMessage };
}

/** The error of a call that must fail. */
export async function failing(call: Promise<unknown>): Promise<Error> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome && outcome.error instanceof Error) return outcome.error;
  throw new Error(`It did not fail: ${JSON.stringify(outcome)}`);
}
