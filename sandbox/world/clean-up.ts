import { types } from 'node:util';

/** Something that was started or made, and how it goes away again. */
export interface Remnant {
  /** What it is, for the message when it does not go: `the temporary folder`. */
  readonly name: string;
  /** Takes it away. Called once. */
  readonly remove: () => Promise<void>;
  /** The short way, for a process that ends at this moment and can't wait for anything. */
  readonly abandon?: () => void;
}

/** What a program has to take away before it ends; the latest goes first. */
export class CleanUp {
  private readonly remnants: Remnant[] = [];

  add(remnant: Remnant): void {
    this.remnants.push(remnant);
  }

  /**
   * Takes everything away. What fails does not keep the rest from going.
   *
   * @returns a sentence for each failure
   */
  async run(): Promise<readonly string[]> {
    const problems: string[] = [];
    for (let last = this.remnants.at(-1); last !== undefined; last = this.remnants.at(-1)) {
      try {
        await last.remove();
      } catch (error) {
        problems.push(`Could not take away ${last.name}: ${reasonOf(error)}`);
      }
      // Only now: should the process be ended meanwhile, `abandon` is still to be called.
      this.remnants.splice(this.remnants.indexOf(last), 1);
    }
    return problems;
  }

  /** For the very end of the process: whatever is still there goes, without waiting. */
  abandon(): void {
    for (const remnant of this.remnants.splice(0).reverse()) {
      try {
        remnant.abandon?.();
      } catch {
        // The process is ending; nobody is left to be told.
      }
    }
  }
}

/** The message of whatever was thrown. */
export function reasonOf(error: unknown): string {
  return types.isNativeError(error) ? error.message : String(error);
}
