import type { FileList } from '../file-lists/file-list.js';

/** One list of 400,000 usual paths, or thousands of short ones. */
const ROOM_BYTES = 32 * 1024 * 1024;

/**
 * The lists that were kept last. Most of them are handed to Globus as soon as SciCat has the job, and
 * need not be read from the disk for that; the others make room for newer ones.
 */
export class RecentLists {
  /** In the order in which they came. */
  private readonly lists = new Map<string, FileList>();
  private bytes = 0;

  add(key: string, list: FileList): void {
    this.take(key);
    this.lists.set(key, list);
    this.bytes += list.byteLength;
    for (const oldest of this.lists.keys()) {
      if (this.bytes <= ROOM_BYTES) break;
      this.take(oldest);
    }
  }

  /** Gives a list, if it is still held, and holds it no longer. */
  take(key: string): FileList | undefined {
    const list = this.lists.get(key);
    this.bytes -= list?.byteLength ?? 0;
    this.lists.delete(key);
    return list;
  }
}
