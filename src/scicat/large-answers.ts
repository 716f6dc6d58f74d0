import { unlessAborted } from '../time/unless-aborted.js';

/** Lets few tasks run at once; the others wait, and begin in the order in which they came. */
export class Gate {
  private readonly waiting: (() => void)[] = [];

  /** @param free how many may run at once */
  constructor(private free: number) {}

  /** @throws the signal's reason if it is aborted before the task begins; and what the task throws */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.enter(signal);
    try {
      return await task();
    } finally {
      this.leave();
    }
  }

  private async enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.free > 0) {
      this.free -= 1;
      return;
    }
    let isOver = false;
    const turn = new Promise<void>((resolve) => {
      this.waiting.push(() => {
        // Whoever has given up hands the turn on.
        if (isOver) this.leave();
        resolve();
      });
    });
    try {
      await unlessAborted(turn, signal);
    } catch (error) {
      isOver = true;
      throw error;
    }
  }

  private leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free += 1;
    else next();
  }
}

const SHRINKS_BY = 4;

/**
 * How many rows of a list to ask for, so that the answer is not too large: a quarter after each one that
 * was, since each is read in vain up to its limit, and twice as many after each one that was not.
 */
export class PageSize {
  private rows = Number.POSITIVE_INFINITY;

  /** @param wanted at least 1 */
  of(wanted: number): number {
    return Math.min(wanted, this.rows);
  }

  /** Whether a page was too large at any time. */
  get wasReduced(): boolean {
    return this.rows !== Number.POSITIVE_INFINITY;
  }

  fits(): void {
    this.rows *= 2;
  }

  /** @returns false if there is no smaller page */
  isTooLarge(asked: number): boolean {
    this.rows = Math.max(1, Math.floor(asked / SHRINKS_BY));
    return asked > 1;
  }
}
