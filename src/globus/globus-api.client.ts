import { UpstreamError } from '../errors/upstream.errors.js';
import {
  type UpstreamAnswer,
  type UpstreamCall,
  UpstreamCaller,
  type UpstreamDeps,
} from '../http-client/upstream-caller.js';
import { missingConsent, retryIsFutile } from './globus-error.js';
import { GlobusTokenClient } from './globus-token.client.js';
import { GlobusTokens } from './globus-tokens.js';
import { mergeScopes } from './scope-merge.js';

/** Addresses of Globus and the service's account there. */
export interface GlobusOptions {
  /** Base URL of Globus Auth, without a trailing slash. */
  readonly authUrl: string;
  /** Base URL of Globus Transfer with its version, without a trailing slash. */
  readonly transferUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A call to Globus Transfer, without its token. */
export interface ApiCall extends Omit<UpstreamCall, 'url' | 'headers' | 'retryIsFutile'> {
  /** Below the base URL, with the query. */
  readonly path: string;
  /** Scopes of the token, merged by {@link mergeScopes}. */
  readonly scope: string;
}

/** The result of a call. */
export type ApiResult = {
  /** Whether an earlier attempt may have been carried out, whatever this result says. */
  readonly unclear: boolean;
} & (
  | { readonly kind: 'answer'; readonly answer: UpstreamAnswer }
  /** `no-token`: the call was not sent, or not sent again. */
  | { readonly kind: 'no-token' | 'no-answer'; readonly error: UpstreamError }
);

/** The Globus Transfer API with the service's token. */
export class GlobusApi {
  private readonly caller: UpstreamCaller;
  private readonly tokens: GlobusTokens;
  private readonly transferUrl: string;

  constructor(options: GlobusOptions, deps: UpstreamDeps) {
    this.caller = new UpstreamCaller({ ...deps, upstream: 'Globus' });
    this.tokens = new GlobusTokens(new GlobusTokenClient(this.caller, options), deps.clock);
    this.transferUrl = options.transferUrl;
  }

  /**
   * Fetches a token ahead of the calls that need it.
   *
   * @throws UpstreamError when Globus gives none
   */
  async authorize(scope: string, signal?: AbortSignal): Promise<void> {
    await this.tokens.get(scope, signal);
  }

  /**
   * Sends a call. Renews a rejected token and requests a missing consent, each at most once.
   *
   * @throws only the signal's reason, never an UpstreamError
   */
  async call(call: ApiCall): Promise<ApiResult> {
    const { scope, signal } = call;
    let unclear = false;
    let tokenRenewed = false;
    let consentRequested = false;
    let nextToken = (): Promise<string> => this.tokens.get(scope, signal);
    let failure: 'no-token' | 'no-answer' = 'no-token';

    try {
      for (;;) {
        failure = 'no-token';
        const token = await nextToken();
        failure = 'no-answer';
        const answer = await this.send(call, token);
        unclear ||= answer.earlierAttemptUnclear;

        const requiredScopes = missingConsent(answer);
        if (answer.status === 401 && !tokenRenewed) {
          tokenRenewed = true;
          this.tokens.drop(scope, token);
          nextToken = () => this.tokens.get(scope, signal);
        } else if (requiredScopes !== undefined && !consentRequested) {
          consentRequested = true;
          const requested = mergeScopes([scope, ...requiredScopes]);
          nextToken = () => this.tokens.request(scope, requested, signal);
        } else {
          return { kind: 'answer', answer, unclear };
        }
      }
    } catch (error) {
      if (error instanceof UpstreamError) return { kind: failure, error, unclear };
      throw error;
    }
  }

  private send({ path, scope: _scope, ...call }: ApiCall, token: string): Promise<UpstreamAnswer> {
    return this.caller.call({
      ...call,
      url: `${this.transferUrl}${path}`,
      headers: { Authorization: `Bearer ${token}` },
      retryIsFutile,
    });
  }
}
