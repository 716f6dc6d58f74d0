import type {
  FileListStore,
  StoredEntry,
  StoreUsage,
} from '../../src/ports/file-list-store.port.js';
import type { FileEntry, FileList } from '../../src/file-lists/file-list.js';
import type { StoredFileList } from '../../src/file-lists/stored-format.js';
import type { ParentStats } from '../../src/file-lists/listed-folders.js';
import type { CooperativeTask } from '../../src/file-lists/run-cooperatively.js';
import { Faults } from './faults.js';
import { filesOf } from './file-lists.js';

/** A stored list that is read two entries at a time. */
export function listInMemory(files: readonly FileEntry[]): StoredFileList {
  const bytes = files.map(({ path }) => jsonBytes(path));
  return {
    count: files.length,
    symlinks: files.filter(({ isSymlink }) => isSymlink).length,
    pathBytes: bytes.reduce((sum, length) => sum + length, 0),
    parents: parentsAmong(files),
    async *jsonLines() {
      for (let start = 0; start < files.length; start += 2) {
        const lines = files
          .slice(start, start + 2)
          .map(({ path, isSymlink }) => `${JSON.stringify(isSymlink ? [path] : path)}\n`);
        yield await Promise.resolve(Buffer.from(lines.join('')));
      }
    },
  };
}

/** Folders that have a listed entry below them, found in the simplest way. */
function parentsAmong(files: readonly FileEntry[]): ParentStats {
  const above = new Set<string>();
  for (const { path } of files) {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      above.add(path.slice(0, at));
      // A folder may be written with a slash at its end.
      if (at + 1 < path.length) above.add(path.slice(0, at + 1));
    }
  }
  const parents = files.filter(({ path, isSymlink }) => !isSymlink && above.has(path));
  return {
    count: parents.length,
    pathBytes: parents.reduce((sum, { path }) => sum + jsonBytes(path), 0),
  };
}

function jsonBytes(path: string): number {
  return Buffer.byteLength(JSON.stringify(path)) - 2;
}

/** All entries of a stored list. */
export async function entriesOf(list: StoredFileList | undefined): Promise<readonly FileEntry[]> {
  const entries: FileEntry[] = [];
  if (list === undefined) return entries;
  for await (const lines of list.jsonLines()) {
    for (const line of lines.toString().split('\n').slice(0, -1)) {
      const value = JSON.parse(line) as string | [string];
      entries.push({ path: String(value), isSymlink: typeof value !== 'string' });
    }
  }
  return entries;
}

/** Runs all steps of a task on a list at once. */
export function atOnce<Result>(steps: CooperativeTask<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** A spool in memory. */
export class FakeSpool implements FileListStore {
  readonly faults = new Faults<'put' | 'open' | 'remove' | 'entries' | 'markNamed'>();
  readonly lists = new Map<
    string,
    { files: readonly FileEntry[]; storedAt: number; owner: string; named: boolean }
  >();
  /** What is wrong with the disk. */
  trouble: string | undefined;

  constructor(private readonly now: () => number) {}

  put(key: string, files: FileList, owner = 'alice'): Promise<void> {
    return this.faults.run('put', () => {
      this.lists.set(key, { files: filesOf(files), storedAt: this.now(), owner, named: false });
    });
  }

  markNamed(key: string): Promise<void> {
    return this.faults.run('markNamed', () => {
      const list = this.lists.get(key);
      if (list !== undefined) list.named = true;
    });
  }

  usage(): StoreUsage {
    const refused = { quota: 0, 'user-quota': 0, disk: 0 };
    return { bytes: this.lists.size, maxBytes: 1_000, refused, trouble: this.trouble };
  }

  open(key: string): Promise<StoredFileList | undefined> {
    return this.faults.run('open', () => {
      const list = this.lists.get(key);
      return list === undefined ? undefined : listInMemory(list.files);
    });
  }

  remove(key: string): Promise<void> {
    return this.faults.run('remove', () => {
      this.lists.delete(key);
    });
  }

  entries(): Promise<readonly StoredEntry[]> {
    return this.faults.run('entries', () =>
      [...this.lists].map(([key, { storedAt, named }]) => ({ key, storedAt, named })),
    );
  }
}
