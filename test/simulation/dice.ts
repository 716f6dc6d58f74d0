import { Ids, seededRandom } from '../../sandbox/globus/ids.js';

/** All the chance of a run; what it gives follows from the seed. */
export class Dice {
  /** From 0 (included) to 1 (excluded). */
  readonly next: () => number;
  private readonly ids: Ids;

  constructor(seed: number) {
    this.next = seededRandom(seed);
    this.ids = new Ids(this.next);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A number from `from` (included) to `to` (excluded). */
  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  /** A whole number, both ends included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  /** One of them, each as likely as the others. */
  pick<const T>(things: readonly [T, ...T[]]): T {
    return things[Math.floor(this.next() * things.length)] ?? things[0];
  }

  /** A version 4 UUID. */
  uuid(): string {
    return this.ids.uuid();
  }
}
