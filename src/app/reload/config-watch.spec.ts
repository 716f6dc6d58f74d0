import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '../../../test/support/virtual-clock.js';
import { ConfigWatch, watchLocalFile, type WatchFile } from './config-watch.js';

/** Simulated changes of a file. */
class FakeFileEvents {
  readonly watched = new Map<string, () => void>();

  readonly watchFile: WatchFile = (path, onChange) => {
    this.watched.set(path, onChange);
    return () => {
      this.watched.delete(path);
    };
  };

  change(): void {
    for (const onChange of this.watched.values()) onChange();
  }
}

describe('watching the configuration file', () => {
  const world = () => {
    const events = new FakeFileEvents();
    const clock = new VirtualClock();
    const settledAt: number[] = [];
    const watch = new ConfigWatch({
      file: '/c.yaml',
      watchFile: events.watchFile,
      clock,
      onSettled: () => settledAt.push(clock.monotonicMs()),
    });
    return { events, clock, settledAt, watch };
  };

  it('reports a change once the file has been quiet for a while', async () => {
    const { events, clock, settledAt, watch } = world();
    watch.set(true);
    await clock.advance(10_000);
    events.change();
    await clock.advance(10_000);
    expect(settledAt.slice(1)).toEqual([11_500]);
  });

  it('reports once at the beginning, because the file may have changed since it was read', async () => {
    const { clock, settledAt, watch } = world();
    watch.set(true);
    await clock.advance(10_000);
    expect(settledAt).toEqual([1500]);
  });

  it('reports a file that is written in pieces once, at the end', async () => {
    const { events, clock, settledAt, watch } = world();
    watch.set(true);
    for (let second = 0; second < 5; second += 1) {
      events.change();
      await clock.advance(1000);
    }
    await clock.advance(10_000);
    expect(settledAt).toEqual([5500]);
    events.change();
    await clock.advance(10_000);
    expect(settledAt).toHaveLength(2);
  });

  it('leaves nothing running when it is switched off', async () => {
    const { events, clock, settledAt, watch } = world();
    watch.set(true);
    events.change();
    watch.set(false);
    expect([events.watched.size, clock.pending]).toEqual([0, 0]);
    await clock.advance(10_000);
    expect(settledAt).toEqual([]);
  });

  it('can be switched on again, and repeatedly without effect', async () => {
    const { events, clock, settledAt, watch } = world();
    watch.set(false);
    watch.set(true);
    watch.set(true);
    watch.set(false);
    watch.set(true);
    await clock.advance(1000);
    watch.set(true);
    await clock.advance(10_000);
    expect(settledAt).toEqual([1500]);
    events.change();
    await clock.advance(10_000);
    expect(settledAt).toHaveLength(2);
  });
});

describe('changes of a local file', () => {
  let folder: string;
  let unwatch: () => void;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'config-watch-'));
  });

  afterEach(async () => {
    unwatch();
    await rm(folder, { recursive: true });
  });

  /** Repeats a change until it is noticed, because the time of the first poll is unknown. */
  async function isSeen(path: string, change: (round: number) => Promise<void>): Promise<true> {
    const changes: string[] = [];
    unwatch = watchLocalFile(5)(path, () => changes.push(path));
    for (let round = 1; changes.length === 0; round += 1) {
      await change(round);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    unwatch();
    return true;
  }

  it('are noticed when it is written to', async () => {
    const file = join(folder, 'c.yaml');
    await writeFile(file, 'a');
    expect(await isSeen(file, (round) => writeFile(file, 'a'.repeat(round)))).toBe(true);
  });

  it('are noticed when it is replaced, as many editors do', async () => {
    const file = join(folder, 'c.yaml');
    await writeFile(file, 'a');
    const replace = async (): Promise<void> => {
      await writeFile(`${file}.new`, 'b');
      await rename(`${file}.new`, file);
    };
    expect(await isSeen(file, replace)).toBe(true);
  });

  it('are noticed when it appears or disappears', async () => {
    const file = join(folder, 'c.yaml');
    expect(await isSeen(file, () => writeFile(file, 'a'))).toBe(true);
    const goAndCome = async (round: number): Promise<void> => {
      await (round % 2 === 1 ? rm(file) : writeFile(file, 'a'));
    };
    expect(await isSeen(file, goAndCome)).toBe(true);
  });

  it('are noticed when Kubernetes swaps the link of a ConfigMap', async () => {
    await writeFile(join(folder, '..0'), 'old');
    await writeFile(join(folder, '..1'), 'new');
    await symlink('..0', join(folder, '..data'));
    await symlink('..data', join(folder, 'c.yaml'));
    const swap = async (round: number): Promise<void> => {
      await symlink(`..${(round % 2).toString()}`, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    expect(await isSeen(join(folder, 'c.yaml'), swap)).toBe(true);
  });
});
