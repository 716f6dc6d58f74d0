import {
  type Upstream,
  type UpstreamError,
  UpstreamTimeoutError,
  UpstreamTooLargeError,
  UpstreamUnavailableError,
} from '../errors/upstream.errors.js';
import type { Clock } from '../ports/clock.port.js';
import {
  type HttpRequest,
  type HttpResponse,
  type HttpTransport,
  type StreamedBody,
  TransportError,
} from '../ports/http-transport.port.js';
import { knownSecrets } from '../secrets/known-secrets.js';
import { HIDDEN, isSecretName } from '../secrets/secret-patterns.js';
import { type BackoffBounds, backoffMs, type Random } from '../time/backoff.js';
import {
  type AttemptResult,
  isUnclear,
  type RetrySafety,
  retryAfterMs,
  shouldRetry,
} from './retry-safety.js';

interface EncodedBody {
  readonly contentType: string;
  readonly body: string | StreamedBody;
}

/** One call, with its limits and what is allowed when it fails. */
export interface UpstreamCall {
  /** Short constant name without values, e.g. `read job`. Also a metrics label. */
  readonly operation: string;
  readonly safety: RetrySafety;
  readonly method: HttpRequest['method'];
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Body to send as JSON. */
  readonly json?: unknown;
  /** An encoded body, instead of `json`. */
  readonly body?: EncodedBody;
  readonly signal?: AbortSignal | undefined;
  /** Limit of one attempt. @default 15000 */
  readonly timeoutMs?: number;
  /** @default 4 */
  readonly maxAttempts?: number;
  /** Limit of the whole call, pauses included. @default 30000, or `timeoutMs` if longer */
  readonly deadlineMs?: number;
  /** Largest response. @default that of the transport */
  readonly maxResponseBytes?: number;
  /** Whether a retry would be futile, although the general rules allow one after this response. */
  readonly retryIsFutile?: (response: HttpResponse) => boolean;
}

/** The response to a call. */
export interface UpstreamAnswer extends HttpResponse {
  /** Whether an earlier, failed attempt of this call may have been carried out. */
  readonly earlierAttemptUnclear: boolean;
}

/** A finished call as reported to observers, without its address, headers and bodies. */
export interface ObservedCall {
  readonly upstream: Upstream;
  readonly operation: string;
  /** The last HTTP status, or `timeout`, `not-sent`, `lost`, `too-large`, `aborted`. */
  readonly outcome: string;
  readonly attempts: number;
  readonly durationMs: number;
}

/** One attempt of a call, reported as soon as its result is known. */
export interface ObservedAttempt {
  readonly upstream: Upstream;
  readonly operation: string;
  readonly result: AttemptResult;
  /** Whether the call ends with it. */
  readonly isLast: boolean;
}

/** Collaborators of every upstream client. */
export interface UpstreamDeps {
  readonly transport: HttpTransport;
  readonly clock: Clock;
  /** Spreads retries. */
  readonly random: Random;
  readonly observe?: (call: ObservedCall) => void;
  readonly observeAttempt?: (attempt: ObservedAttempt) => void;
}

const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_DEADLINE_MS = 30_000;
const DEFAULT_MAX_ATTEMPTS = 4;
/** Full jitter, because many users' calls fail at the same time. */
const PAUSES: BackoffBounds = { firstMs: 500, capMs: 10_000, jitter: 1 };
/** With less time left, another attempt would only time out. */
const MIN_ATTEMPT_MS = 1_000;

/**
 * Calls one upstream service with a timeout, and with retries as far as the call allows. Does not
 * interpret responses: any status is returned.
 */
export class UpstreamCaller {
  constructor(private readonly options: UpstreamDeps & { readonly upstream: Upstream }) {}

  /**
   * @returns the last response, whatever its status
   * @throws UpstreamTimeoutError when there was no response in time
   * @throws UpstreamUnavailableError when the service was not reached or the connection broke;
   *   `outcomeUnclear` is false only if no attempt can have been carried out
   * @throws UpstreamTooLargeError when the response is larger than the call allows
   * @throws the signal's reason, as soon as it is aborted
   */
  async call(call: UpstreamCall): Promise<UpstreamAnswer> {
    const { clock, observe, upstream } = this.options;
    const { operation } = call;
    const startedAt = clock.monotonicMs();
    const progress = { upstream, operation, outcome: 'aborted', attempts: 0 };
    try {
      return await this.attemptUntilDone(call, startedAt, progress);
    } finally {
      observe?.({ ...progress, durationMs: clock.monotonicMs() - startedAt });
    }
  }

  private async attemptUntilDone(
    call: UpstreamCall,
    startedAt: number,
    progress: { attempts: number; outcome: string },
  ): Promise<UpstreamAnswer> {
    const { clock, random, upstream, observeAttempt } = this.options;
    const timeoutMs = call.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const deadline = startedAt + (call.deadlineMs ?? Math.max(DEFAULT_DEADLINE_MS, timeoutMs));
    const maxAttempts = call.maxAttempts ?? DEFAULT_MAX_ATTEMPTS;
    const body = encodedBody(call);
    let earlierAttemptUnclear = false;

    for (;;) {
      const left = Math.max(1, deadline - clock.monotonicMs());
      progress.outcome = 'aborted';
      call.signal?.throwIfAborted();
      progress.attempts += 1;
      const result = await this.attempt(call, body, Math.min(timeoutMs, left));
      const response = result.kind === 'answer' ? result.response : undefined;
      progress.outcome =
        result.kind === 'answer' ? String(result.response.status) : result.error.failure;

      const demandedMs = response && retryAfterMs(response, clock.now());
      const pauseMs = demandedMs ?? backoffMs(progress.attempts, PAUSES, random);
      const retry =
        progress.attempts < maxAttempts &&
        clock.monotonicMs() + pauseMs + MIN_ATTEMPT_MS <= deadline &&
        pauseMs <= PAUSES.capMs &&
        shouldRetry(call.safety, result) &&
        !(response && call.retryIsFutile?.(response));
      observeAttempt?.({ upstream, operation: call.operation, result, isLast: !retry });
      if (!retry && result.kind === 'answer') return { ...result.response, earlierAttemptUnclear };

      earlierAttemptUnclear ||= isUnclear(result);
      if (!retry && result.kind === 'failure') {
        throw this.errorOf(result.error, call, progress.attempts, earlierAttemptUnclear);
      }
      await clock.sleep(pauseMs, call.signal);
    }
  }

  private async attempt(
    call: UpstreamCall,
    body: EncodedBody | undefined,
    timeoutMs: number,
  ): Promise<AttemptResult> {
    const { Authorization: authorization } = call.headers ?? {};
    const [, token] = /^\S+ (.+)$/.exec(authorization ?? '') ?? [];
    if (token !== undefined) knownSecrets.use(token);
    try {
      const response = await this.options.transport.send({
        method: call.method,
        url: call.url,
        headers: {
          Accept: 'application/json',
          ...(body === undefined ? {} : { 'Content-Type': body.contentType }),
          ...call.headers,
        },
        ...(body === undefined ? {} : { body: body.body }),
        timeoutMs,
        maxResponseBytes: call.maxResponseBytes,
        signal: call.signal,
        freshConnection: call.safety === 'once',
      });
      return { kind: 'answer', response: withoutSecrets(response, token) };
    } catch (error) {
      call.signal?.throwIfAborted();
      if (error instanceof TransportError) return { kind: 'failure', error };
      throw error;
    }
  }

  private errorOf(
    cause: TransportError,
    { operation }: UpstreamCall,
    attempts: number,
    outcomeUnclear: boolean,
  ): UpstreamError {
    const { upstream } = this.options;
    if (cause.failure === 'too-large') {
      return new UpstreamTooLargeError(
        upstream,
        `${upstream} sent more than this service reads at once (${operation}). The operator of this service can find in its documentation what is too large.`,
        { cause },
      );
    }
    const end = `(${operation}, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}). Please try again in a few minutes.`;
    if (cause.failure === 'timeout') {
      return new UpstreamTimeoutError(upstream, `${upstream} did not answer in time ${end}`, {
        cause,
      });
    }
    const what =
      cause.failure === 'not-sent'
        ? `${upstream} is unreachable`
        : `The connection to ${upstream} broke`;
    return new UpstreamUnavailableError(upstream, `${what} ${end}`, { cause, outcomeUnclear });
  }
}

/**
 * An error response may quote the request. Its secrets are removed before anything else sees it, also
 * because a message that has been cut could not be searched for them any more.
 */
function withoutSecrets(response: HttpResponse, token: string | undefined): HttpResponse {
  if (response.status < 300 || response.body === undefined) return response;
  // What only its caller takes for a token is removed from the answer to it, and from nothing else.
  const hide = (text: string): string => {
    const hidden = knownSecrets.hide(text);
    return token === undefined || token.length < SHORTEST_SEARCHED
      ? hidden
      : hidden.replaceAll(token, HIDDEN);
  };
  return { ...response, body: hiddenIn(response.body, hide, 0) };
}

/** Shorter ones are parts of ordinary words. */
const SHORTEST_SEARCHED = 8;
/** Deeper ones are not error messages. */
const MAX_DEPTH = 20;
/** Nobody reads more of a message. */
const MAX_TEXT = 100_000;

function hiddenIn(value: unknown, hide: (text: string) => string, depth: number): unknown {
  if (typeof value === 'string') return hide(value.slice(0, MAX_TEXT));
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return undefined;
  if (Array.isArray(value)) return value.map((item: unknown) => hiddenIn(item, hide, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      isSecretName(name) && typeof item === 'string' ? HIDDEN : hiddenIn(item, hide, depth + 1),
    ]),
  );
}

function encodedBody(call: UpstreamCall): EncodedBody | undefined {
  if (call.body !== undefined) return call.body;
  if (call.json === undefined) return undefined;
  return { contentType: 'application/json', body: JSON.stringify(call.json) };
}
