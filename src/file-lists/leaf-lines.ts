import { ParentFinder, type ParentListener } from './listed-folders.js';
import { endOfLine, meetLine, PATH_TERMINATOR } from './stored-format.js';
import { copyBytes, wordsOf } from './word-bytes.js';

/** What the line of a leaf has besides its path, which follows the first character. */
const AROUND_PATH = '""\n';

/**
 * Passes on the lines of a sorted list without those of parents, which `listed-folders.ts` explains. A
 * leaf that a later line decides about may come after that line.
 */
export class LeafLines implements ParentListener {
  private readonly finder = new ParentFinder(this, PATH_TERMINATOR);
  private kept: Buffer = Buffer.alloc(0);
  private late: Buffer[] = [];

  /** The next lines. What is yielded is valid only until more is requested. */
  *of(lines: Buffer): Generator<Buffer> {
    if (this.kept.length < lines.length) this.kept = Buffer.allocUnsafeSlow(lines.length);
    const kept = this.copyLeaves(lines);
    if (kept > 0) yield this.kept.subarray(0, kept);
    yield* this.lateLines();
  }

  /** After the last lines. */
  *end(): Generator<Buffer> {
    this.finder.end();
    yield* this.lateLines();
  }

  parent(): void {
    // It is left out.
  }

  lateLeaf(path: DataView, bytes: number): void {
    const line = Buffer.allocUnsafe(bytes + AROUND_PATH.length);
    line.write(AROUND_PATH.slice(0, 1));
    copyBytes(path, 0, bytes, wordsOf(line), 1);
    line.write(AROUND_PATH.slice(1), bytes + 1);
    this.late.push(line);
  }

  /** @returns the number of bytes kept */
  private copyLeaves(lines: Buffer): number {
    const both = { lines, words: wordsOf(lines) };
    let filled = 0;
    /** Start of the lines that are to be copied in one go. */
    let run = 0;
    for (let start = 0; start < lines.length;) {
      const end = endOfLine(lines, start);
      if (!meetLine(this.finder, both, start, end)) {
        filled += lines.copy(this.kept, filled, run, start);
        run = end + 1;
      }
      start = end + 1;
    }
    return filled + lines.copy(this.kept, filled, run);
  }

  private *lateLines(): Generator<Buffer> {
    if (this.late.length === 0) return;
    const lines = Buffer.concat(this.late);
    this.late = [];
    yield lines;
  }
}
