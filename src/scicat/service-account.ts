import {
  LoginRefusedError,
  type ServiceAccountError,
  UpstreamError,
  type UpstreamErrorOptions,
  UpstreamUnavailableError,
} from '../errors/upstream.errors.js';
import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import type { Clock } from '../ports/clock.port.js';
import { type BackoffBounds, noJitter, Retry } from '../time/backoff.js';
import { unlessAborted } from '../time/unless-aborted.js';
import type { ScicatApi, ScicatRequest } from './scicat-api.js';
import { factsOf, saysSessionExpired } from './scicat-error.js';
import { readLogin } from './scicat.wire.js';

interface ServiceAccountOptions {
  readonly api: ScicatApi;
  readonly clock: Clock;
  readonly username: string;
  /** Called at every login, so that the password is stored in one place only. */
  readonly password: () => string;
  /** Name of the setting for error messages, e.g. `SCICAT_SERVICE_USER`. */
  readonly setting: string;
}

interface Token {
  readonly text: string;
  /** When it was requested, in monotonic milliseconds. */
  readonly since: number;
  /** When to request another one, in monotonic milliseconds. */
  readonly renewAt: number;
}

const LOGIN_TIMEOUT_MS = 8_000;
const LOGIN_DEADLINE_MS = 10_000;
/** Longer than any call, its retries included. */
const MAX_MARGIN_MS = 60_000;
const MARGIN_SHARE = 0.2;
/** Lifetime of a token if SciCat does not tell. */
const ASSUMED_LIFE_SECONDS = 300;
/** A token this young can't have expired, unless SciCat says so: its 403 means a missing permission. */
const FRESH_MS = 5_000;
/** Between logins that SciCat refuses. */
const REFUSAL_PAUSES: BackoffBounds = { firstMs: 30_000, capMs: 600_000 };

/** What calls SciCat in the name of one of the service's own accounts. */
export type AccountCalls = Pick<ServiceAccount, 'username' | 'call'>;

/**
 * One of the service's own SciCat accounts. Logs in when needed, and calls SciCat in its name.
 *
 * A token is renewed before it expires, by SciCat's `expires_in` and the monotonic clock. If SciCat
 * rejects it earlier (restarted with another secret, clock skew), the answer may look like a missing
 * permission, so the account logs in again and retries once. A call that got a 401 or 403 was
 * certainly not carried out, so any call may be retried after it.
 *
 * All calls share one login. After SciCat refuses it, calls fail at once for a growing pause: a wrong
 * password must not cause a flood of attempts.
 */
export class ServiceAccount {
  private token: Token | undefined;
  private login: Promise<Token> | undefined;
  /** The error of the last login, if SciCat refused it. */
  private refusal: ServiceAccountError | undefined;
  private readonly retry: Retry;

  constructor(private readonly options: ServiceAccountOptions) {
    this.retry = new Retry(options.clock, REFUSAL_PAUSES, noJitter);
  }

  /** The name that SciCat writes into `createdBy`. */
  get username(): string {
    return this.options.username;
  }

  /**
   * Sends a request in the account's name.
   *
   * @returns the response, whatever its status; a 401 or 403 is not about an expired token
   * @throws ServiceAccountError when SciCat refuses the login; the request was not carried out
   * @throws UpstreamUnavailableError, UpstreamTimeoutError when SciCat does not answer
   */
  call(request: ScicatRequest): Promise<UpstreamAnswer> {
    return this.callThrough(this.options.api, request);
  }

  /** The same account with the same login, whose calls go through another client. */
  through(api: ScicatApi): AccountCalls {
    return { username: this.username, call: (request) => this.callThrough(api, request) };
  }

  private async callThrough(api: ScicatApi, request: ScicatRequest): Promise<UpstreamAnswer> {
    const token = await this.currentToken(request.signal);
    const sentAt = this.options.clock.monotonicMs();
    const answer = await api.call(request, token.text);
    const refused = answer.status === 401 || answer.status === 403;
    if (!refused) return answer;
    if (sentAt - token.since < FRESH_MS && !saysSessionExpired(answer)) return answer;

    if (this.token === token) this.token = undefined;
    const other = await this.currentToken(request.signal);
    return api.call(request, other.text);
  }

  private currentToken(signal: AbortSignal | undefined): Promise<Token> {
    const now = this.options.clock.monotonicMs();
    if (this.token !== undefined && now < this.token.renewAt) return Promise.resolve(this.token);
    this.login ??= this.logIn().finally(() => (this.login = undefined));
    return unlessAborted(this.login, signal);
  }

  /** Takes no signal: all waiting calls share it, and its own timeout ends it. */
  private async logIn(): Promise<Token> {
    const { api, clock, username, password } = this.options;
    const since = clock.monotonicMs();
    if (this.refusal !== undefined && !this.retry.isDue()) throw this.refusal;
    let answer: UpstreamAnswer;
    try {
      answer = await api.call({
        operation: 'log in',
        safety: 'safe',
        method: 'POST',
        path: 'api/v3/auth/login',
        json: { username, password: password() },
        timeoutMs: LOGIN_TIMEOUT_MS,
        deadlineMs: LOGIN_DEADLINE_MS,
        maxAttempts: 2,
      });
    } catch (error) {
      if (error instanceof UpstreamError) throw loginFailed({ cause: error });
      throw error;
    }
    const { status } = answer;
    if (status === 400 || status === 401 || status === 403) throw this.refused(answer);
    const login = status === 201 ? readLogin(answer.body) : undefined;
    // A response that claims success is not quoted: it may contain a token.
    if (login === undefined) throw loginFailed(status >= 400 ? factsOf(answer) : { status });

    const lifeMs = (login.expiresInSeconds ?? ASSUMED_LIFE_SECONDS) * 1000;
    const marginMs = Math.min(MAX_MARGIN_MS, lifeMs * MARGIN_SHARE);
    this.token = { text: login.token, since, renewAt: since + lifeMs - marginMs };
    this.refusal = undefined;
    this.retry.succeed();
    return this.token;
  }

  private refused(answer: UpstreamAnswer): ServiceAccountError {
    const { setting } = this.options;
    this.refusal = new LoginRefusedError(
      'SciCat',
      `SciCat does not accept the user name or password of this service's own account. The operator of this service must correct ${setting}_USERNAME or ${setting}_PASSWORD; there is nothing wrong with your request.`,
      { ...factsOf(answer), retryAfterSeconds: Math.ceil(this.retry.fail() / 1000) },
    );
    return this.refusal;
  }
}

/** Even if the login succeeded at SciCat, the call that needed it was not carried out. */
function loginFailed(facts: UpstreamErrorOptions): UpstreamUnavailableError {
  return new UpstreamUnavailableError(
    'SciCat',
    'This service could not log in to SciCat, which is not responding as expected. Please try again in a few minutes.',
    { ...facts, outcomeUnclear: false },
  );
}
