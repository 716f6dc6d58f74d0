import type { Spool, SpoolEntry } from '../../src/transfers/application/ports/spool.port.js';
import type { FileEntry } from '../../src/transfers/domain/file-list.js';
import { Faults } from './faults.js';

/** A spool in memory. */
export class FakeSpool implements Spool {
  readonly faults = new Faults<'put' | 'get' | 'remove' | 'entries'>();
  readonly lists = new Map<string, { files: readonly FileEntry[]; storedAt: number }>();

  constructor(private readonly now: () => number) {}

  put(key: string, files: readonly FileEntry[]): Promise<void> {
    return this.faults.run('put', () => {
      this.lists.set(key, { files, storedAt: this.now() });
    });
  }

  get(key: string): Promise<readonly FileEntry[] | undefined> {
    return this.faults.run('get', () => this.lists.get(key)?.files);
  }

  remove(key: string): Promise<void> {
    return this.faults.run('remove', () => {
      this.lists.delete(key);
    });
  }

  entries(): Promise<readonly SpoolEntry[]> {
    return this.faults.run('entries', () =>
      [...this.lists].map(([key, { storedAt }]) => ({ key, storedAt })),
    );
  }
}
