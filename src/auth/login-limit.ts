import { TooManyFailedLoginsError } from '../errors/request.errors.js';
import { networkOf } from '../hardening/network-of.js';
import type { Clock } from '../ports/clock.port.js';
import { forgetOldest } from './token-memory.js';

const WINDOW_MS = 60_000;
const MOST_ADDRESSES = 10_000;

/** Collaborators of a {@link LoginLimit}. */
export interface LoginLimitDeps {
  /** Failures allowed per address and minute; 0 for no limit. Read each time. */
  readonly limit: () => number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Called when an address reaches the limit, once per minute. */
  readonly onReached: (address: string) => void;
}

/** An attempt in progress; must be ended by one of the two functions. */
export interface LoginAttempt {
  /** The token was accepted, or SciCat could not be asked. */
  readonly pass: () => void;
  /** The token was refused. */
  readonly fail: () => void;
}

interface Tally {
  readonly since: number;
  failures: number;
  underWay: number;
  readonly waiting: (() => void)[];
}

/**
 * Limits how many invalid tokens of one address SciCat is asked about. Attempts in progress count as
 * failures, or simultaneous ones would exceed the limit; an attempt beyond the limit waits for one of
 * them to end, so that many users behind one address are served with a short delay.
 */
export class LoginLimit {
  /** By {@link networkOf}. */
  private readonly tallies = new Map<string, Tally>();

  constructor(private readonly deps: LoginLimitDeps) {}

  /**
   * @param address undefined if the connection is already closed
   * @throws TooManyFailedLoginsError
   */
  async begin(address: string | undefined): Promise<LoginAttempt> {
    const key = networkOf(address);
    for (;;) {
      const tally = this.tallyOf(key);
      const limit = this.deps.limit();
      if (limit === 0 || tally.failures + tally.underWay < limit) {
        tally.underWay += 1;
        return this.attempt(key, tally);
      }
      if (tally.failures >= limit) throw this.tooMany(tally);
      await new Promise<void>((resolve) => tally.waiting.push(resolve));
    }
  }

  private attempt(key: string, tally: Tally): LoginAttempt {
    const end = (failures: number): void => {
      tally.underWay -= 1;
      tally.failures += failures;
      const limit = this.deps.limit();
      const reached = failures > 0 && limit > 0 && tally.failures === limit;
      if (reached) this.deps.onReached(key);
      // No attempt may be left waiting without another one that will wake it.
      const woken = reached || tally.underWay === 0 ? tally.waiting.length : 1;
      for (const wake of tally.waiting.splice(0, woken)) wake();
    };
    return { pass: () => end(0), fail: () => end(1) };
  }

  private tallyOf(key: string): Tally {
    const now = this.deps.clock.monotonicMs();
    const known = this.tallies.get(key);
    if (known !== undefined && now - known.since < WINDOW_MS) return known;
    // Attempts in progress, and those that wait for them, keep the old tally.
    const tally: Tally = { since: now, failures: 0, underWay: 0, waiting: [] };
    this.tallies.delete(key);
    this.tallies.set(key, tally);
    forgetOldest(this.tallies, MOST_ADDRESSES);
    return tally;
  }

  private tooMany({ since }: Tally): TooManyFailedLoginsError {
    const left = since + WINDOW_MS - this.deps.clock.monotonicMs();
    return new TooManyFailedLoginsError(
      'Too many requests with an invalid or expired SciCat token came from your address. Log in to SciCat again, and retry with the new token in a minute.',
      { retryAfterSeconds: Math.max(1, Math.ceil(left / 1000)) },
    );
  }
}
