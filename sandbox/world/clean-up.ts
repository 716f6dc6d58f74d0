import { types } from 'node:util';

/** Something to remove or stop before the program ends. */
export interface Remnant {
  /** For error messages, such as `the temporary folder`. */
  readonly name: string;
  /** Called once. */
  readonly remove: () => Promise<void>;
  /** Called instead when the process is exiting and can't wait. */
  readonly abandon?: () => void;
}

/** Removes what a program has created, the latest first. */
export class CleanUp {
  private readonly remnants: Remnant[] = [];

  add(remnant: Remnant): void {
    this.remnants.push(remnant);
  }

  /** @returns a sentence for each failure */
  async run(): Promise<readonly string[]> {
    const problems: string[] = [];
    for (let last = this.remnants.at(-1); last !== undefined; last = this.remnants.at(-1)) {
      try {
        await last.remove();
      } catch (error) {
        problems.push(`Could not remove ${last.name}: ${reasonOf(error)}`);
      }
      // Not earlier: should the process exit meanwhile, `abandon` must still be called.
      this.remnants.splice(this.remnants.indexOf(last), 1);
    }
    return problems;
  }

  /** Removes what is left without waiting, when the process exits. */
  abandon(): void {
    for (const remnant of this.remnants.splice(0).reverse()) {
      try {
        remnant.abandon?.();
      } catch {
        // Too late to report anything.
      }
    }
  }
}

/** Message of a thrown value. */
export function reasonOf(error: unknown): string {
  return types.isNativeError(error) ? error.message : String(error);
}
