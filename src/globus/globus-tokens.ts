import type { Clock } from '../ports/clock.port.js';
import { unlessAborted } from '../time/unless-aborted.js';
import type { GlobusTokenClient } from './globus-token.client.js';

interface Held {
  readonly accessToken: string;
  /** In monotonic milliseconds. */
  readonly renewAt: number;
}

/** A token is renewed when this share of its lifetime is left, but at most this many ms early. */
const MARGIN_SHARE = 0.1;
const MARGIN_MS = 300_000;

/**
 * Access tokens by scope. Concurrent calls share one request, and a token is reused until shortly
 * before it expires.
 */
export class GlobusTokens {
  private readonly held = new Map<string, Held>();
  private readonly pending = new Map<string, Promise<string>>();

  constructor(
    private readonly client: Pick<GlobusTokenClient, 'fetch'>,
    private readonly clock: Clock,
  ) {}

  /**
   * A token for these scopes, as merged by {@link mergeScopes}.
   *
   * @throws UpstreamError as {@link GlobusTokenClient.fetch} does
   */
  async get(scope: string, signal?: AbortSignal): Promise<string> {
    const held = this.held.get(scope);
    if (held !== undefined && this.clock.monotonicMs() < held.renewAt) return held.accessToken;
    return this.request(scope, scope, signal);
  }

  /** Discards a token that Globus rejected, unless it was already replaced. */
  drop(scope: string, accessToken: string): void {
    if (this.held.get(scope)?.accessToken === accessToken) this.held.delete(scope);
  }

  /**
   * Requests a token with more scopes and uses it for `scope` from now on. The request itself gives
   * the consent that Globus found missing.
   */
  async request(scope: string, requested: string, signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    const key = `${scope}\n${requested}`;
    let request = this.pending.get(key);
    if (request === undefined) {
      // Waiting calls share it, so it takes no signal: none may abort it for the others.
      request = this.fetch(scope, requested).finally(() => this.pending.delete(key));
      this.pending.set(key, request);
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
