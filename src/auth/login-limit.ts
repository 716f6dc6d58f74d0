import { ipKeyGenerator } from 'express-rate-limit';
import { TooManyFailedLoginsError } from '../errors/request.errors.js';
import type { Clock } from '../ports/clock.port.js';

const WINDOW_MS = 60_000;
const MOST_ADDRESSES = 10_000;
/** What a trusted proxy passes on as an address may be any text. */
const LONGEST_ADDRESS = 64;

/** What a {@link LoginLimit} is made of. */
export interface LoginLimitOptions {
  /** Failures that an address has in a minute; 0 means any number. Asked anew each time. */
  readonly limit: () => number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Hears of an address that has reached the limit, once a minute. */
  readonly onReached: (address: string) => void;
}

/** A token that SciCat is being asked about. Must be ended by one of the two. */
export interface LoginAttempt {
  /** It was accepted, or SciCat could not say. */
  readonly pass: () => void;
  /** It was refused. */
  readonly fail: () => void;
}

interface Tally {
  readonly since: number;
  failures: number;
  underWay: number;
  readonly waiting: (() => void)[];
}

/**
 * Bounds how many wrong tokens SciCat is asked about on behalf of one address. Attempts under way
 * count as failures until they turn out not to be, or many at the same time would all slip through;
 * who finds no room because of them waits for the next one to end, so that a crowd behind one address
 * is served, if a little later.
 */
export class LoginLimit {
  /** By address, or by network for IPv6, where everybody has millions of them. */
  private readonly tallies = new Map<string, Tally>();

  constructor(private readonly options: LoginLimitOptions) {}

  /**
   * @param address as the caller is seen; undefined when the connection is gone already
   * @throws TooManyFailedLoginsError
   */
  async begin(address: string | undefined): Promise<LoginAttempt> {
    const key = ipKeyGenerator((address ?? '').slice(0, LONGEST_ADDRESS));
    for (;;) {
      const tally = this.tallyOf(key);
      const limit = this.options.limit();
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
      const limit = this.options.limit();
      const reached = failures > 0 && limit > 0 && tally.failures === limit;
      if (reached) this.options.onReached(key);
      // Nobody must be left waiting when no attempt is left to wake them.
      const woken = reached || tally.underWay === 0 ? tally.waiting.length : 1;
      for (const wake of tally.waiting.splice(0, woken)) wake();
    };
    return {
      pass: () => {
        end(0);
      },
      fail: () => {
        end(1);
      },
    };
  }

  private tallyOf(key: string): Tally {
    const now = this.options.clock.monotonicMs();
    const known = this.tallies.get(key);
    if (known !== undefined && now - known.since < WINDOW_MS) return known;
    // What is under way or waits goes on with the old one.
    const tally: Tally = { since: now, failures: 0, underWay: 0, waiting: [] };
    this.tallies.delete(key);
    this.tallies.set(key, tally);
    if (this.tallies.size > MOST_ADDRESSES) {
      const oldest = this.tallies.keys().next();
      if (oldest.done !== true) this.tallies.delete(oldest.value);
    }
    return tally;
  }

  private tooMany({ since }: Tally): TooManyFailedLoginsError {
    const left = since + WINDOW_MS - this.options.clock.monotonicMs();
    return new TooManyFailedLoginsError(
      'Too many requests with a wrong or expired SciCat token came from your address. Please log in at SciCat again, and repeat the request with the new token in a minute.',
      { retryAfterSeconds: Math.max(1, Math.ceil(left / 1000)) },
    );
  }
}
