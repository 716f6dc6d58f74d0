/** Work that runs beside the tracker's loop. The tracker has stopped only after all of it ended. */
export class Background {
  private readonly running = new Set<Promise<unknown>>();

  /** @param wake makes the tracker's loop run soon */
  constructor(readonly wake: () => void) {}

  /** Holds a step until it ends. The step must not reject. */
  add(step: Promise<unknown>): void {
    const kept = step.finally(() => this.running.delete(kept));
    this.running.add(kept);
  }

  /** Like {@link add}, and wakes the loop when the step has ended. */
  addThenWake(step: Promise<unknown>): void {
    this.add(step.finally(this.wake));
  }

  /** Resolves when all steps have ended. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.running);
  }
}
