import { createHash } from 'node:crypto';
import type { Clock } from '../ports/clock.port.js';

/** Long enough to spare SciCat a flood, too short to be noticed. */
const REFUSED_FOR_MS = 10_000;
const MOST_ACCEPTED = 10_000;
const MOST_REFUSED = 1_000;

/**
 * What SciCat said of tokens lately. Never a reason to let a request pass: SciCat is asked again each
 * time about a token that it accepted. Tokens themselves are not kept, only their hashes.
 */
export class TokenMemory {
  /** The latest ones last. */
  private readonly accepted = new Set<string>();
  /** Until when, and SciCat's answer in words; the latest ones last. */
  private readonly refused = new Map<
    string,
    { readonly until: number; readonly message: string }
  >();

  constructor(private readonly clock: Pick<Clock, 'monotonicMs'>) {}

  accept(token: string): void {
    const hash = hashOf(token);
    this.refused.delete(hash);
    this.accepted.delete(hash);
    this.accepted.add(hash);
    forgetOldest(this.accepted, MOST_ACCEPTED);
  }

  refuse(token: string, message: string): void {
    const hash = hashOf(token);
    this.accepted.delete(hash);
    this.refused.delete(hash);
    this.refused.set(hash, { until: this.clock.monotonicMs() + REFUSED_FOR_MS, message });
    forgetOldest(this.refused, MOST_REFUSED);
  }

  /** SciCat accepted this token when it was last asked. */
  wasAccepted(token: string): boolean {
    return this.accepted.has(hashOf(token));
  }

  /** In which words this token was refused a few seconds ago; undefined if it was not. */
  refusal(token: string): string | undefined {
    const known = this.refused.get(hashOf(token));
    return known !== undefined && this.clock.monotonicMs() < known.until
      ? known.message
      : undefined;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

function forgetOldest(
  memory: { readonly size: number; keys(): Iterable<string>; delete(key: string): boolean },
  most: number,
): void {
  for (const oldest of memory.keys()) {
    if (memory.size <= most) return;
    memory.delete(oldest);
  }
}
