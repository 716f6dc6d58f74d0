import type { Clock } from '../ports/clock.port.js';
import { unlessAborted } from '../time/unless-aborted.js';
import type { GlobusTokenClient } from './globus-token.client.js';

interface Held {
  readonly accessToken: string;
  /** On the monotonic clock. */
  readonly renewAt: number;
}

/** A token is renewed when this share of its life is left, but not earlier than the margin. */
const MARGIN_SHARE = 0.1;
const MARGIN_MS = 300_000;

/**
 * Access tokens by scope: fetched once however many calls need them, and kept until shortly before
 * they expire. Nothing else uses the secret.
 */
export class GlobusTokens {
  private readonly held = new Map<string, Held>();
  private readonly underWay = new Map<string, Promise<string>>();

  constructor(
    private readonly client: Pick<GlobusTokenClient, 'fetch'>,
    private readonly clock: Clock,
  ) {}

  /**
   * A token good for these scopes (of {@link mergeScopes}).
   *
   * @throws UpstreamError as {@link GlobusTokenClient.fetch} does
   */
  async get(scope: string, signal?: AbortSignal): Promise<string> {
    const held = this.held.get(scope);
    if (held !== undefined && this.clock.monotonicMs() < held.renewAt) return held.accessToken;
    return this.refresh(scope, scope, signal);
  }

  /** Globus refused this token; the next {@link get} fetches another, unless that has been done. */
  drop(scope: string, accessToken: string): void {
    if (this.held.get(scope)?.accessToken === accessToken) this.held.delete(scope);
  }

  /**
   * A new token that was asked for with other scopes, from now on used for `scope`. Asking is what
   * gives the consent that Globus found missing.
   */
  getWithConsent(scope: string, requested: string, signal?: AbortSignal): Promise<string> {
    return this.refresh(scope, requested, signal);
  }

  /** One request for all who wait. None of them may end it for the others, so it has no signal. */
  private async refresh(scope: string, requested: string, signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    const key = `${scope}\n${requested}`;
    let request = this.underWay.get(key);
    if (request === undefined) {
      request = this.fetch(scope, requested).finally(() => this.underWay.delete(key));
      this.underWay.set(key, request);
    }
    return unlessAborted(request, signal);
  }

  private async fetch(scope: string, requested: string): Promise<string> {
    const { accessToken, expiresInSeconds } = await this.client.fetch(requested);
    const lifeMs = expiresInSeconds * 1000;
    const renewAt = this.clock.monotonicMs() + lifeMs - Math.min(MARGIN_MS, lifeMs * MARGIN_SHARE);
    this.held.set(scope, { accessToken, renewAt });
    return accessToken;
  }
}
