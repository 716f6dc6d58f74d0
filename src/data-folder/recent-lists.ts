import type { FileList } from '../file-lists/file-list.js';

/** One list of 400,000 usual paths, or thousands of short ones. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * The lists that were stored last. Most of them are submitted to Globus as soon as SciCat has the
 * job, and need not be read from the disk for that; older ones make room for newer ones.
 */
export class RecentLists {
  /** In the order in which they were added. */
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

  /** Removes a list, and returns it if it was still there. */
  take(key: string): FileList | undefined {
    const list = this.lists.get(key);
    this.bytes -= list?.byteLength ?? 0;
    this.lists.delete(key);
    return list;
  }
}
