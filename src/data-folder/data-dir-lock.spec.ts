import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type DataDirLock,
  DataDirUnavailableError,
  lockDataDir,
  type LockOptions,
  inspectLock,
} from './data-dir-lock.js';

describe('lockDataDir', () => {
  let dataDir: string;
  const held: DataDirLock[] = [];
  let lost = 0;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lock-'));
    lost = 0;
  });

  afterEach(async () => {
    for (const lock of held.splice(0)) await lock.release();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** A process on an imaginary machine, with its live processes and their start times. */
  const machine = (
    pid: number,
    living: Readonly<Record<number, string>>,
    more: Partial<LockOptions> = {},
  ): LockOptions => ({
    pid,
    host: 'h',
    bootId: 'boot-1',
    pidNamespace: 'pid:[1]',
    startTimeOf: (other) => living[other],
    now: Date.now,
    sleep: () => Promise.resolve(),
    ...more,
  });

  const lock = async (options?: LockOptions): Promise<DataDirLock> => {
    const taken = await lockDataDir(dataDir, () => (lost += 1), options);
    held.push(taken);
    return taken;
  };

  const lockFile = () => join(dataDir, 'lock');

  it('refuses a second instance while the first is alive, and says who it is and what to do', async () => {
    const first = await lock(machine(7, { 7: '100' }));
    const error: unknown = await lock(machine(8, { 7: '100', 8: '200' })).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(DataDirUnavailableError);
    expect((error as Error).message).toBe(
      `The data folder ${dataDir} is in use by process 7 on host h. Only one instance of the service may use it: stop the other one (if it crashed on another host, its lock expires after 60 s), or give this one its own dataDir.`,
    );
    await first.release();
    await first.release();
    expect(await readdir(dataDir)).toEqual([]);
    await lock(machine(8, { 8: '200' }));
  });

  it.each<[string, LockOptions]>([
    ['the holder is dead', machine(8, { 8: '200' })],
    ['its process id is another process now', machine(8, { 7: '150', 8: '200' })],
    ['process 1 came back as process 1', machine(7, { 7: '300' })],
    ['the machine was restarted', machine(7, { 7: '100' }, { bootId: 'boot-2' })],
  ])('continues immediately after a crash: %s', async (_name, options) => {
    await lock(machine(7, { 7: '100' }));
    await lock(options);
    expect(await readdir(dataDir)).toEqual(['lock']);
    expect(JSON.parse(await readFile(lockFile(), 'utf8'))).toMatchObject({
      pid: options.pid,
    });
  });

  it('without start times, a live process holds the lock, unless it has our own process id', async () => {
    await lock(machine(7, { 7: '' }));
    await expect(lock(machine(8, { 7: '', 8: '' }))).rejects.toThrow(DataDirUnavailableError);
    await lock(machine(7, { 7: '' }));
  });

  it('tells containers with the same host name apart by whether the lock is touched', async () => {
    await lock(machine(1, { 1: '100' }));
    const touching = machine(
      1,
      { 1: '200' },
      {
        pidNamespace: 'pid:[2]',
        sleep: () => utimes(lockFile(), new Date(), new Date(Date.now() + 1000)),
      },
    );
    await expect(lock(touching)).rejects.toThrow(/process 1 on host h/);
    const waits: number[] = [];
    const dead = machine(
      1,
      { 1: '200' },
      {
        pidNamespace: 'pid:[2]',
        sleep: (ms) => {
          waits.push(ms);
          return Promise.resolve();
        },
      },
    );
    await lock(dead);
    expect(waits).toEqual([15_000]);
  });

  it('tells a suspended process that another one has taken over, whose lock stays', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      await lock(machine(7, { 7: '100' }));
      await lock(machine(8, { 8: '200' }));
      while (lost === 0) {
        jest.advanceTimersByTime(5_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(JSON.parse(await readFile(lockFile(), 'utf8'))).toMatchObject({ pid: 8 });
    } finally {
      jest.useRealTimers();
    }
  });

  it('respects a holder on another machine as long as it touches its lock', async () => {
    await lock(machine(1, { 1: '100' }, { host: 'other' }));
    await expect(lock(machine(1, { 1: '200' }))).rejects.toThrow(/process 1 on host other/);
    await utimes(lockFile(), new Date(), new Date(Date.now() - 61_000));
    await lock(machine(1, { 1: '200' }));
  });

  it('respects a half-written lock for a minute: another process may be starting', async () => {
    await writeFile(lockFile(), '{"tok');
    await expect(lock()).rejects.toThrow(/in use by another process/);
    await utimes(lockFile(), new Date(), new Date(Date.now() - 61_000));
    await lock();
  });

  it('does not release the lock of a process that has taken over', async () => {
    const first = await lock(machine(7, { 7: '100' }));
    await lock(machine(8, { 8: '200' }));
    await first.release();
    expect(JSON.parse(await readFile(lockFile(), 'utf8'))).toMatchObject({ pid: 8 });
  });

  it('lets one of many processes take over a dead lock', async () => {
    await lock(machine(7, { 7: '100' }));
    const living = Object.fromEntries(Array.from({ length: 20 }, (_none, n) => [n + 10, `${n}`]));
    const results = await Promise.allSettled(
      Object.keys(living).map((pid) => lock(machine(Number(pid), living))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('does not take over a lock that another process has just taken over', async () => {
    await lock(machine(7, { 7: '100' }));
    const written = JSON.parse(await readFile(lockFile(), 'utf8')) as Record<string, unknown>;
    const other = JSON.stringify({ ...written, token: 'another', pid: 9, startTime: '300' });
    const startTimeOf = (pid: number): string | undefined => {
      if (pid === 7) writeFileSync(lockFile(), other);
      return pid === 7 ? undefined : '300';
    };
    const slow = machine(8, {}, { startTimeOf });
    await expect(lock(slow)).rejects.toThrow(/in use by process 9 on host h/);
    expect(await readFile(lockFile(), 'utf8')).toBe(other);
    expect(await readdir(dataDir)).toEqual(['lock']);
  });

  it('recovers within a minute from a process that died during its takeover', async () => {
    await lock(machine(7, { 7: '100' }));
    const takeover = join(dataDir, 'lock.takeover');
    await writeFile(takeover, '{}');
    const next = machine(8, { 8: '200' });
    await expect(lock(next)).rejects.toThrow(DataDirUnavailableError);
    await expect(lock(next)).rejects.toThrow(DataDirUnavailableError);
    await utimes(takeover, new Date(), new Date(Date.now() - 61_000));
    await expect(lock(next)).rejects.toThrow(DataDirUnavailableError);
    await lock(next);
    expect(await readdir(dataDir)).toEqual(['lock']);
  });

  it('tells a live process of this machine from one that was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const own = await lockDataDir(dataDir, () => undefined);
    const written = JSON.parse(await readFile(lockFile(), 'utf8')) as Record<string, unknown>;
    await own.release();
    const startTime =
      process.platform === 'linux'
        ? (await readFile(`/proc/${child.pid ?? 0}/stat`, 'utf8')).split(') ')[1]?.split(' ')[19]
        : '';
    await writeFile(lockFile(), JSON.stringify({ ...written, pid: child.pid, startTime }));
    await expect(lock()).rejects.toThrow(`process ${child.pid ?? 0} on host`);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await lock();
  });

  it('can be inspected without being touched', async () => {
    const inspect = (living: Readonly<Record<number, string>>) =>
      inspectLock(dataDir, machine(8, living));
    expect(await inspect({})).toEqual({ kind: 'free' });
    await lock(machine(7, { 7: '100' }));
    const before = await readFile(lockFile(), 'utf8');
    expect([await inspect({ 7: '100' }), await inspect({})]).toEqual([
      { kind: 'held', holder: 'process 7 on host h' },
      { kind: 'left-behind' },
    ]);
    // For another container only the age of its lock counts, without waiting for the next touch.
    const fromContainer = (now: number) =>
      inspectLock(
        dataDir,
        machine(
          1,
          {},
          {
            pidNamespace: 'pid:[2]',
            now: () => now,
            sleep: () => Promise.reject(new Error('Unexpected wait')),
          },
        ),
      );
    const touched = (await stat(lockFile())).mtimeMs;
    expect([await fromContainer(touched + 14_000), await fromContainer(touched + 16_000)]).toEqual([
      { kind: 'held', holder: 'process 7 on host h' },
      { kind: 'left-behind' },
    ]);
    expect([await readFile(lockFile(), 'utf8'), await readdir(dataDir)]).toEqual([
      before,
      ['lock'],
    ]);
  });

  it('reports a folder that cannot be created', async () => {
    await writeFile(join(dataDir, 'file'), '');
    await expect(lockDataDir(join(dataDir, 'file', 'x'), () => undefined)).rejects.toThrow(
      /can't be used \(ENOTDIR\)/,
    );
  });
});
