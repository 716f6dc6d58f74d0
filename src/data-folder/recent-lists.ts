import type { FileList } from '../file-lists/file-list.js';

/** Enough for one list of 400,000 typical paths, or thousands of short ones. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Cache of the most recently stored lists. Most of them are submitted to Globus as soon as SciCat has
 * the job, and so need not be read from disk. The oldest are evicted first.
 */
export class RecentLists {
  /** In insertion order. */
  private readonly lists = new Map<string, FileList>();
  private bytes = 0;

  add(key: string, list: FileList): void {
    this.take(key);
    this.lists.set(key, list);
    this.bytes += list.byteLength;
    for (const oldest of this.lists.keys()) {
      if (this.bytes <= MAX_BYTES) break;
      this.take(oldest);
    }
  }

  /** Removes a list and returns it, if it is cached. */
  take(key: string): FileList | undefined {
    const list = this.lists.get(key);
    this.bytes -= list?.byteLength ?? 0;
    this.lists.delete(key);
    return list;
  }
}
