import { createHash } from 'node:crypto';
import type { Clock } from '../ports/clock.port.js';

/**
 * As long as failures of an address count: a program that goes on and on with one expired token has
 * failed once in this time, and locks nobody out.
 */
const REFUSED_FOR_MS = 60_000;
const MOST_ACCEPTED = 10_000;
const MOST_REFUSED = 1_000;

/**
 * Remembers SciCat's recent answers about tokens, by their hashes. An accepted token is never let in
 * from memory: SciCat is asked again each time.
 */
export class TokenMemory {
  /** Whose token it is; most recent last. */
  private readonly accepted = new Map<string, string>();
  /** Expiry and SciCat's message; most recent last. */
  private readonly refused = new Map<
    string,
    { readonly until: number; readonly message: string }
  >();

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  accept(token: string, username: string): void {
    const hash = hashOf(token);
    this.refused.delete(hash);
    this.accepted.delete(hash);
    this.accepted.set(hash, username);
    forgetOldest(this.accepted, MOST_ACCEPTED);
  }

  refuse(token: string, message: string): void {
    const hash = hashOf(token);
    this.accepted.delete(hash);
    this.refused.delete(hash);
    this.refused.set(hash, { until: this.clock.monotonicMs() + REFUSED_FOR_MS, message });
    forgetOldest(this.refused, MOST_REFUSED);
  }

  /** Whose token it was when SciCat was last asked; undefined unless it was accepted then. */
  ownerOf(token: string): string | undefined {
    return this.accepted.get(hashOf(token));
  }

  /** SciCat's message if it refused this token within the last minute. */
  refusal(token: string): string | undefined {
    const { until = 0, message } = this.refused.get(hashOf(token)) ?? {};
    return this.clock.monotonicMs() < until ? message : undefined;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

/** Deletes the entries inserted first, down to the given size. */
export function forgetOldest(
  memory: { readonly size: number; keys(): Iterable<string>; delete(key: string): boolean },
  most: number,
): void {
  for (const oldest of memory.keys()) {
    if (memory.size <= most) return;
    memory.delete(oldest);
  }
}
