/** Some hundreds of lists of a hundred files. */
const ROOM_BYTES = 4 * 1024 * 1024;

/**
 * The lines of the short lists that were kept last. Most lists are handed to Globus as soon as SciCat
 * has the job, and those need not be read from the disk; the others make room for newer ones.
 */
export class RecentLines {
  /** In the order in which they came. */
  private readonly lines = new Map<string, Buffer>();
  private bytes = 0;

  add(key: string, lines: Buffer): void {
    this.take(key);
    this.lines.set(key, lines);
    this.bytes += lines.length;
    for (const oldest of this.lines.keys()) {
      if (this.bytes <= ROOM_BYTES) break;
      this.take(oldest);
    }
  }

  /** Gives the lines of a list, if they are still held, and holds them no longer. */
  take(key: string): Buffer | undefined {
    const lines = this.lines.get(key);
    this.bytes -= lines?.length ?? 0;
    this.lines.delete(key);
    return lines;
  }
}
