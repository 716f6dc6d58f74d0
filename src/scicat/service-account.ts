import {
  LoginRefusedError,
  type ServiceAccountError,
  UpstreamError,
  UpstreamUnavailableError,
} from '../errors/upstream.errors.js';
import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import type { Clock } from '../ports/clock.port.js';
import { type BackoffBounds, noJitter, Retry } from '../time/backoff.js';
import { unlessAborted } from '../time/unless-aborted.js';
import type { ScicatApi, ScicatRequest } from './scicat-api.js';
import { upstreamMessageOf } from './scicat-error.js';
import { readLogin } from './scicat.wire.js';

/** What a {@link ServiceAccount} is made of. */
interface ServiceAccountOptions {
  readonly api: ScicatApi;
  readonly clock: Clock;
  readonly username: string;
  /** Asked at every login, so that the password is held in one place only. */
  readonly password: () => string;
  /** Where operators set it, e.g. `SCICAT_SERVICE_USER`, for error messages. */
  readonly setting: string;
}

interface Token {
  readonly text: string;
  /** Monotonic milliseconds when it was asked for. */
  readonly since: number;
  /** Monotonic milliseconds from which on another one is to be fetched. */
  readonly renewAt: number;
}

const LOGIN_TIMEOUT_MS = 8_000;
const LOGIN_DEADLINE_MS = 10_000;
/** Longer than any call takes, its retries included. */
const LONGEST_MARGIN_MS = 60_000;
const MARGIN_SHARE = 0.2;
/** Life of a token of which SciCat does not say how long it lives. */
const ASSUMED_LIFE_SECONDS = 300;
/** A token this young was not expired when it was sent: its 403 means what it says. */
const FRESH_MS = 5_000;
/** Between logins that SciCat refuses. */
const REFUSAL_PAUSES: BackoffBounds = { firstMs: 30_000, capMs: 600_000 };

/**
 * One of the service's own SciCat accounts. Logs in when needed, and calls SciCat in its name.
 *
 * A token is renewed ahead of its end, which is counted on the monotonic clock from SciCat's
 * `expires_in`. A token that SciCat has ceased to accept all the same (restarted with another
 * secret, clocks apart) shows as 403 on jobs and datasets, where a missing right is a 403 too: then
 * there is one new login and one retry. A 403 is certainly not carried out, so every call may be
 * retried after it.
 *
 * All calls share one login. After a login that SciCat refused none is tried for a growing while,
 * and all calls fail at once: a wrong password must not become a storm of attempts.
 */
export class ServiceAccount {
  private token: Token | undefined;
  private login: Promise<Token> | undefined;
  /** Of the last login, if SciCat refused it. */
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
   * @returns the answer, whatever its status; a 401 or 403 is not about an expired token
   * @throws ServiceAccountError when SciCat refuses the login; the request was not carried out
   * @throws UpstreamUnavailableError, UpstreamTimeoutError when SciCat can't be asked
   */
  async call(request: ScicatRequest): Promise<UpstreamAnswer> {
    const token = await this.currentToken(request.signal);
    const sentAt = this.options.clock.monotonicMs();
    const answer = await this.options.api.call(request, token.text);
    const refused = answer.status === 401 || answer.status === 403;
    if (!refused || sentAt - token.since < FRESH_MS) return answer;

    if (this.token === token) this.token = undefined;
    const other = await this.currentToken(request.signal);
    return this.options.api.call(request, other.text);
  }

  private currentToken(signal: AbortSignal | undefined): Promise<Token> {
    const now = this.options.clock.monotonicMs();
    if (this.token !== undefined && now < this.token.renewAt) return Promise.resolve(this.token);
    this.login ??= this.logIn().finally(() => {
      this.login = undefined;
    });
    return unlessAborted(this.login, signal);
  }

  /** Without anybody's signal: others wait for it too, and it ends by its own time-out. */
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
      if (error instanceof UpstreamError) throw this.noLogin({ cause: error });
      throw error;
    }
    if (answer.status === 401 || answer.status === 403 || answer.status === 400) {
      throw this.refused(answer);
    }
    const login = answer.status === 201 ? readLogin(answer.body) : undefined;
    if (login === undefined) throw this.noLogin(answer);

    const lifeMs = (login.expiresInSeconds ?? ASSUMED_LIFE_SECONDS) * 1000;
    const marginMs = Math.min(LONGEST_MARGIN_MS, lifeMs * MARGIN_SHARE);
    this.token = { text: login.token, since, renewAt: since + lifeMs - marginMs };
    this.refusal = undefined;
    this.retry.succeed();
    return this.token;
  }

  private refused(answer: UpstreamAnswer): ServiceAccountError {
    const upstreamMessage = upstreamMessageOf(answer.body);
    this.refusal = new LoginRefusedError(
      'SciCat',
      `SciCat does not accept the user name or password of this service's own account. The operator of this service must correct ${this.options.setting}_USERNAME or ${this.options.setting}_PASSWORD; nothing is wrong with the request.`,
      {
        status: answer.status,
        ...(upstreamMessage === undefined ? {} : { upstreamMessage }),
        retryAfterSeconds: Math.ceil(this.retry.fail() / 1000),
      },
    );
    return this.refusal;
  }

  /** Whatever became of the login, the call that needed it was certainly not carried out. */
  private noLogin(
    why: { readonly cause: UpstreamError } | UpstreamAnswer,
  ): UpstreamUnavailableError {
    // Of an answer that claims success nothing is told: a token may be in it.
    const upstreamMessage =
      'body' in why && why.status >= 400 ? upstreamMessageOf(why.body) : undefined;
    return new UpstreamUnavailableError(
      'SciCat',
      'This service could not log in at SciCat, which does not answer as it should. Please try again in a few minutes.',
      {
        outcomeUnclear: false,
        ...('cause' in why ? { cause: why.cause } : { status: why.status }),
        ...(upstreamMessage === undefined ? {} : { upstreamMessage }),
      },
    );
  }
}
