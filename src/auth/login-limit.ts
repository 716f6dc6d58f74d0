import { isIPv6 } from 'node:net';
import { TooManyFailedLoginsError } from '../errors/request.errors.js';
import type { Clock } from '../ports/clock.port.js';

const WINDOW_MS = 60_000;
const MOST_ADDRESSES = 10_000;
/** What a trusted proxy passes on as an address may be any string. */
const LONGEST_ADDRESS = 64;

/** What a {@link LoginLimit} works with. */
export interface LoginLimitDeps {
  /** Failures that an address has in a minute; 0 means any number. Asked anew each time. */
  readonly limit: () => number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Hears of an address that has reached the limit, once a minute. */
  readonly onReached: (address: string) => void;
}

/** A token that SciCat is being asked about. Must be ended by one of the two calls. */
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
 * an attempt that finds no room because of them waits for the next one to end, so that a crowd behind
 * one address is served, if a little later.
 */
export class LoginLimit {
  /** By {@link networkOf}. */
  private readonly tallies = new Map<string, Tally>();

  constructor(private readonly deps: LoginLimitDeps) {}

  /**
   * @param address as the caller is seen; undefined when the connection is gone already
   * @throws TooManyFailedLoginsError
   */
  async begin(address: string | undefined): Promise<LoginAttempt> {
    const key = networkOf((address ?? '').slice(0, LONGEST_ADDRESS));
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
      // No attempt may be left waiting when none is left to wake it.
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
    const now = this.deps.clock.monotonicMs();
    const known = this.tallies.get(key);
    if (known !== undefined && now - known.since < WINDOW_MS) return known;
    // What is under way or waits goes on with the old one.
    const tally: Tally = { since: now, failures: 0, underWay: 0, waiting: [] };
    this.tallies.delete(key);
    this.tallies.set(key, tally);
    for (const oldest of this.tallies.keys()) {
      if (this.tallies.size <= MOST_ADDRESSES) break;
      this.tallies.delete(oldest);
    }
    return tally;
  }

  private tooMany({ since }: Tally): TooManyFailedLoginsError {
    const left = since + WINDOW_MS - this.deps.clock.monotonicMs();
    return new TooManyFailedLoginsError(
      'Too many requests with a wrong or expired SciCat token came from your address. Please log in at SciCat again, and repeat the request with the new token in a minute.',
      { retryAfterSeconds: Math.max(1, Math.ceil(left / 1000)) },
    );
  }
}

/**
 * What an address is counted under: for IPv6, where one machine has millions of addresses, its
 * network of 56 bits; else the address, also one that is written as an IPv6 one.
 */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address);
  const [, , , fourth = 0, , , seventh = 0, eighth = 0] = groups;
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return [seventh >> 8, seventh & 0xff, eighth >> 8, eighth & 0xff].join('.');
  }
  const network = [...groups.slice(0, 3), fourth & 0xff00].map((group) => group.toString(16));
  return `${canonical(`${network.join(':')}::`)}/56`;
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const [head = [], tail = []] = canonical(address.split('%', 1)[0] ?? '')
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
}

/** The one short way to write an IPv6 address. */
function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
