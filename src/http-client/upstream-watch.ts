import type { Upstream } from '../errors/upstream.errors.js';
import type { Logger } from '../logging/logger.js';
import type { Clock } from '../ports/clock.port.js';
import type { ObservedAttempt } from './upstream-caller.js';

/** Why a service can't be used, and since when. */
interface Trouble {
  readonly reason: string;
  /** In monotonic milliseconds. */
  readonly since: number;
  /** Whether the log says so. */
  readonly logged: boolean;
}

/** A service that alternates must not flood the log. */
const REPEAT_AFTER_MS = 60_000;
/** Reasons contain codes and statuses only, so there are few; this bounds them all the same. */
const MAX_REASONS = 100;

/**
 * Whether SciCat and Globus can be reached, by the latest attempt to call them, and if not, why. Logs
 * each change at once: the first failed attempt of a call is often the only one that tells the cause,
 * because the call is then retried, or given up.
 */
export class UpstreamWatch {
  private readonly troubles = new Map<Upstream, Trouble | undefined>();
  private readonly loggedAt = new Map<string, number>();

  constructor(
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {}

  /** Why the service can't be reached; undefined if it can, or if nothing is known yet. */
  troubleWith(upstream: Upstream): string | undefined {
    return this.troubles.get(upstream)?.reason;
  }

  /** The services that have been called, and whether they can be reached. */
  reachable(): ReadonlyMap<Upstream, boolean> {
    return new Map(
      [...this.troubles].map(([upstream, trouble]) => [upstream, trouble === undefined]),
    );
  }

  readonly listen = (attempt: ObservedAttempt): void => {
    const sign = signOf(attempt);
    if (sign === 'nothing') return;
    const { upstream, operation } = attempt;
    const before = this.troubles.get(upstream);
    if (sign === 'available') {
      this.troubles.set(upstream, undefined);
      if (before?.logged !== true) return;
      const seconds = Math.round((this.clock.monotonicMs() - before.since) / 1000);
      this.logger.info({ upstream, seconds }, 'upstream available again');
      return;
    }
    const { reason } = sign;
    if (before?.reason === reason && before.logged) return;
    const logged = this.mayLog(`${upstream}: ${reason}`);
    this.troubles.set(upstream, {
      reason,
      since: before?.since ?? this.clock.monotonicMs(),
      logged: logged || before?.logged === true,
    });
    if (logged) this.logger.warn({ upstream, operation, reason }, 'upstream unavailable');
  };

  private mayLog(key: string): boolean {
    const now = this.clock.monotonicMs();
    const at = this.loggedAt.get(key);
    if (at !== undefined && now - at < REPEAT_AFTER_MS) return false;
    if (this.loggedAt.size >= MAX_REASONS) this.loggedAt.clear();
    this.loggedAt.set(key, now);
    return true;
  }
}

/** What an attempt shows. `nothing`: it was aborted, or is retried and may be one lost connection. */
type Sign = 'available' | 'nothing' | { readonly reason: string };

function signOf({ result, isLast }: ObservedAttempt): Sign {
  if (result.kind === 'answer') {
    const { status } = result.response;
    if (status < 500) return 'available';
    return isLast ? { reason: `It answered with status ${status}.` } : 'nothing';
  }
  const { failure, message } = result.error;
  if (failure === 'aborted') return 'nothing';
  if (failure === 'too-large') return 'available';
  return isLast || failure === 'not-sent' ? { reason: message } : 'nothing';
}
