import {
  UpstreamTimeoutError,
  UpstreamUnavailableError,
  type Upstream,
} from '../errors/upstream.errors.js';
import type { Clock } from '../ports/clock.port.js';
import {
  type HttpRequest,
  type HttpResponse,
  type HttpTransport,
  type StreamedBody,
  TransportError,
} from '../ports/http-transport.port.js';
import { type BackoffBounds, backoffMs, type Random } from '../time/backoff.js';
import {
  type Attempt,
  type AttemptResult,
  isUnclear,
  type RetryCheck,
  type RetrySafety,
  retryAfterMs,
  shouldRetry,
} from './retry-safety.js';

/** A body as it goes over the wire. */
interface EncodedBody {
  readonly contentType: string;
  readonly body: string | StreamedBody;
}

/** One call, with what may be done when it fails. */
export interface UpstreamCall {
  /** Short constant name, e.g. `read job`, with no value in it: it is a label of metrics, too. */
  readonly operation: string;
  readonly safety: RetrySafety;
  readonly method: HttpRequest['method'];
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Body, sent as JSON. */
  readonly json?: unknown;
  /** Body that is encoded already, instead of `json`. */
  readonly body?: EncodedBody;
  readonly signal?: AbortSignal | undefined;
  /** Bound of one attempt. @default the caller's */
  readonly timeoutMs?: number;
  /** @default 4 */
  readonly maxAttempts?: number;
  /** Bound of the whole call, pauses included. @default 30000, or one attempt's time-out if longer */
  readonly deadlineMs?: number;
  /** Asked before the general rules, in this order. */
  readonly checks?: readonly RetryCheck[];
}

/** The answer to a call. */
export interface UpstreamAnswer extends HttpResponse {
  /**
   * An earlier attempt of this same call got no answer that tells: whatever this answer says, that
   * attempt may have been carried out.
   */
  readonly earlierAttemptUnclear: boolean;
}

/** What an observer learns of a finished call: nothing of its address, headers and bodies. */
export interface ObservedCall {
  readonly upstream: Upstream;
  readonly operation: string;
  /** The last HTTP status, or `timeout`, `not-sent`, `lost`, `aborted`. */
  readonly outcome: string;
  readonly attempts: number;
  readonly durationMs: number;
}

/** What an {@link UpstreamCaller} is made of. */
interface UpstreamCallerOptions {
  readonly upstream: Upstream;
  readonly transport: HttpTransport;
  readonly clock: Clock;
  readonly random: Random;
  /** Bound of one attempt. @default 15000 */
  readonly timeoutMs?: number;
  readonly observe?: (call: ObservedCall) => void;
}

const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_DEADLINE_MS = 30_000;
const DEFAULT_MAX_ATTEMPTS = 4;
/** Full jitter, since many calls of many users fail at the same time. */
const PAUSES: BackoffBounds = { firstMs: 500, capMs: 10_000, jitter: 1 };
/** With less time left than this, another attempt would only be a time-out more. */
const SHORTEST_ATTEMPT_MS = 1_000;

/**
 * Calls one upstream service, with a time-out and with retries as far as the call allows. Knows
 * nothing of what answers mean: an answer of any status is returned.
 */
export class UpstreamCaller {
  constructor(private readonly options: UpstreamCallerOptions) {}

  /**
   * @returns the last answer, whatever its status
   * @throws UpstreamTimeoutError when there was no answer in time
   * @throws UpstreamUnavailableError when the service was not reached or the connection broke;
   *   `outcomeUnclear` is false only when no attempt can have been carried out
   * @throws the signal's reason, as soon as it is aborted
   */
  async call(call: UpstreamCall): Promise<UpstreamAnswer> {
    const { clock, observe, upstream } = this.options;
    const startedAt = clock.monotonicMs();
    const progress = { attempts: 0, outcome: 'aborted' };
    try {
      return await this.attemptUntilDone(call, startedAt, progress);
    } finally {
      observe?.({
        upstream,
        operation: call.operation,
        outcome: progress.outcome,
        attempts: progress.attempts,
        durationMs: clock.monotonicMs() - startedAt,
      });
    }
  }

  private async attemptUntilDone(
    call: UpstreamCall,
    startedAt: number,
    progress: { attempts: number; outcome: string },
  ): Promise<UpstreamAnswer> {
    const { clock, random } = this.options;
    const timeoutMs = call.timeoutMs ?? this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
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
      progress.outcome =
        result.kind === 'answer' ? String(result.response.status) : result.error.failure;

      const attempt: Attempt = { safety: call.safety, result };
      const pauseMs =
        retryAfterMs(result, clock.now()) ?? backoffMs(progress.attempts, PAUSES, random);
      const mayRetry =
        progress.attempts < maxAttempts &&
        clock.monotonicMs() + pauseMs + SHORTEST_ATTEMPT_MS <= deadline &&
        pauseMs <= PAUSES.capMs &&
        shouldRetry(call.checks ?? [], attempt);
      if (!mayRetry) return this.conclude(call, result, earlierAttemptUnclear, progress.attempts);

      earlierAttemptUnclear ||= isUnclear(result);
      await clock.sleep(pauseMs, call.signal);
    }
  }

  private async attempt(
    call: UpstreamCall,
    body: EncodedBody | undefined,
    timeoutMs: number,
  ): Promise<AttemptResult> {
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
        signal: call.signal,
        freshConnection: call.safety === 'once',
      });
      return { kind: 'answer', response };
    } catch (error) {
      call.signal?.throwIfAborted();
      if (error instanceof TransportError) return { kind: 'failure', error };
      throw error;
    }
  }

  private conclude(
    call: UpstreamCall,
    result: AttemptResult,
    earlierAttemptUnclear: boolean,
    attempts: number,
  ): UpstreamAnswer {
    if (result.kind === 'answer') return { ...result.response, earlierAttemptUnclear };
    const { upstream } = this.options;
    const { error } = result;
    const tried = `${call.operation}, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
    if (error.failure === 'timeout') {
      throw new UpstreamTimeoutError(
        upstream,
        `${upstream} did not answer in time (${tried}). Please try again in a few minutes.`,
        { cause: error },
      );
    }
    throw new UpstreamUnavailableError(
      upstream,
      error.failure === 'not-sent'
        ? `${upstream} is unreachable (${tried}). Please try again in a few minutes.`
        : `The connection to ${upstream} broke (${tried}). Please try again in a few minutes.`,
      { cause: error, outcomeUnclear: earlierAttemptUnclear || isUnclear(result) },
    );
  }
}

function encodedBody(call: UpstreamCall): EncodedBody | undefined {
  if (call.body !== undefined) return call.body;
  if (call.json === undefined) return undefined;
  return { contentType: 'application/json', body: JSON.stringify(call.json) };
}
