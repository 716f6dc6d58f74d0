import { UpstreamError } from '../errors/upstream.errors.js';
import type { HttpTransport } from '../ports/http-transport.port.js';
import {
  type ObservedCall,
  type UpstreamAnswer,
  type UpstreamCall,
  UpstreamCaller,
} from '../http-client/upstream-caller.js';
import type { Clock } from '../ports/clock.port.js';
import { missingConsent, noQuickRetry } from './globus-error.js';
import { GlobusTokenClient } from './globus-token.client.js';
import { GlobusTokens } from './globus-tokens.js';
import { mergeScopes } from './scope-merge.js';

/** Where Globus is, and who we are there. */
export interface GlobusOptions {
  /** Base URL of Globus Auth, without a trailing slash. */
  readonly authUrl: string;
  /** Base URL of Globus Transfer with its version, without a trailing slash. */
  readonly transferUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What the Globus client works with. */
export interface GlobusDeps {
  readonly transport: HttpTransport;
  readonly clock: Clock;
  /** From 0 (included) to 1. */
  readonly random: () => number;
  readonly observe?: (call: ObservedCall) => void;
}

/** A call to Globus Transfer, without its token. */
export interface ApiCall extends Omit<UpstreamCall, 'url' | 'headers' | 'checks'> {
  /** Below the base URL, with the query. */
  readonly path: string;
  /** What the token must be good for, by {@link mergeScopes}. */
  readonly scope: string;
}

/** What came of a call, with how sure that is. */
export type ApiResult = {
  /** An attempt before the last one may have been carried out, whatever this result says. */
  readonly unclear: boolean;
} & (
  | { readonly kind: 'answer'; readonly answer: UpstreamAnswer }
  /** There is no token, so the call was not sent (again). */
  | { readonly kind: 'no-token'; readonly error: UpstreamError }
  | { readonly kind: 'no-answer'; readonly error: UpstreamError }
);

/** Globus Transfer's interface with our token: renewed once when it is refused. */
export class GlobusApi {
  private readonly caller: UpstreamCaller;
  private readonly tokens: GlobusTokens;
  private readonly transferUrl: string;

  constructor(options: GlobusOptions, deps: GlobusDeps) {
    this.caller = new UpstreamCaller({ ...deps, upstream: 'Globus' });
    this.tokens = new GlobusTokens(new GlobusTokenClient(this.caller, options), deps.clock);
    this.transferUrl = options.transferUrl;
  }

  /**
   * Gets a token ahead of the calls that need it.
   *
   * @throws UpstreamError when there is none
   */
  async authorize(scope: string, signal?: AbortSignal): Promise<void> {
    await this.tokens.get(scope, signal);
  }

  /**
   * Sends a call. A refused token is renewed and a missing consent asked for, each once.
   *
   * @throws the signal's reason, and nothing that Globus or the network do
   */
  async call(call: ApiCall): Promise<ApiResult> {
    const { scope, signal } = call;
    let unclear = false;
    let tokenRenewed = false;
    let consentAsked = false;
    let nextToken = (): Promise<string> => this.tokens.get(scope, signal);

    for (;;) {
      const token = await upstreamResult(nextToken());
      if (!token.ok) return { kind: 'no-token', error: token.error, unclear };
      const sent = await upstreamResult(this.send(call, token.value));
      if (!sent.ok) return { kind: 'no-answer', error: sent.error, unclear };
      const answer = sent.value;
      unclear ||= answer.earlierAttemptUnclear;

      const requiredScopes = missingConsent(answer);
      if (answer.status === 401 && !tokenRenewed) {
        tokenRenewed = true;
        this.tokens.drop(scope, token.value);
        nextToken = () => this.tokens.get(scope, signal);
      } else if (requiredScopes !== undefined && !consentAsked) {
        consentAsked = true;
        const requested = mergeScopes([scope, ...requiredScopes]);
        nextToken = () => this.tokens.getWithConsent(scope, requested, signal);
      } else {
        return { kind: 'answer', answer, unclear };
      }
    }
  }

  private send({ path, scope: _scope, ...call }: ApiCall, token: string): Promise<UpstreamAnswer> {
    return this.caller.call({
      ...call,
      url: `${this.transferUrl}${path}`,
      headers: { Authorization: `Bearer ${token}` },
      checks: [noQuickRetry],
    });
  }
}

type Settled<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: UpstreamError };

/** Upstream trouble as a value; anything else, such as an abort, goes on as an error. */
async function upstreamResult<T>(promise: Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await promise };
  } catch (error) {
    if (error instanceof UpstreamError) return { ok: false, error };
    throw error;
  }
}
