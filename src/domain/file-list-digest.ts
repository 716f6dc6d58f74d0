import { createHash } from 'node:crypto';

/**
 * What the transfer record keeps of a file list: enough to recognize an equal request, and to verify
 * a list that was rebuilt from SciCat.
 */
export interface FileListDigest {
  readonly count: number;
  /** Lower-case hexadecimal SHA-256 of the sorted paths, each followed by a NUL. */
  readonly sha256: string;
  /** Which entries are symlinks. */
  readonly symlinks: NotedLinks;
}

/** Position of the first symlink in the sorted list, and the number of consecutive ones. */
export type SymlinkRun = readonly [first: number, count: number];

/**
 * Which entries of a list are symlinks. Runs, as long as they are short: SciCat's lists of files do not
 * say which are links, so a list can be rebuilt only with them. With more runs the record knows only
 * their number and what they hash to; then the stored list alone knows the links.
 */
export type NotedLinks = readonly SymlinkRun[] | LinkDigest;

/** Stands for runs that are too many to be noted. */
export interface LinkDigest {
  /** Number of links. */
  readonly count: number;
  /** Lower-case hexadecimal SHA-256 of the runs, each as two little-endian 64-bit floats. */
  readonly sha256: string;
}

/** Longest JSON of noted runs: some thousand runs. A quarter of what a record may take. */
const LONGEST_NOTED_RUNS = 12 * 1024;

/** Brackets and the two commas. */
const RUN_FRAME = 4;
const BYTES_PER_RUN = 16;
/** Runs hashed at a time. */
const HASHED_RUNS = 4096;

/** Collects the runs of a list in the order of their positions, in bounded memory. */
export class LinkNotes {
  private runs: SymlinkRun[] = [];
  private length = '[]'.length;
  private count = 0;
  /** Once there are too many runs. */
  private hashed: RunHash | undefined;

  /** @param run after all others; not adjacent to the one before */
  add(run: SymlinkRun): void {
    const [first, count] = run;
    this.count += count;
    if (this.hashed !== undefined) {
      this.hashed.add(first, count);
      return;
    }
    this.runs.push(run);
    this.length += String(first).length + String(count).length + RUN_FRAME;
    if (this.length <= LONGEST_NOTED_RUNS) return;
    this.hashed = new RunHash();
    for (const kept of this.runs) this.hashed.add(...kept);
    this.runs = [];
  }

  /** After the last run. */
  noted(): NotedLinks {
    return this.hashed === undefined
      ? this.runs
      : { count: this.count, sha256: this.hashed.digest() };
  }
}

class RunHash {
  private readonly hash = createHash('sha256');
  private readonly pending = Buffer.allocUnsafe(HASHED_RUNS * BYTES_PER_RUN);
  private filled = 0;

  add(first: number, count: number): void {
    if (this.filled === this.pending.length) this.flush();
    this.filled = this.pending.writeDoubleLE(first, this.filled);
    this.filled = this.pending.writeDoubleLE(count, this.filled);
  }

  digest(): string {
    this.flush();
    return this.hash.digest('hex');
  }

  private flush(): void {
    this.hash.update(this.pending.subarray(0, this.filled));
    this.filled = 0;
  }
}

/** Whether the runs themselves are known. */
export function areRuns(links: NotedLinks): links is readonly SymlinkRun[] {
  return Array.isArray(links);
}

/** The links as a new record would note them. Records of version 2 have runs of any number. */
export function notedAnew(links: NotedLinks): NotedLinks {
  if (!areRuns(links)) return links;
  const notes = new LinkNotes();
  for (const run of links) notes.add(run);
  return notes.noted();
}

/** Number of links. */
export function linkCount(links: NotedLinks): number {
  return areRuns(links) ? links.reduce((sum, [, count]) => sum + count, 0) : links.count;
}
