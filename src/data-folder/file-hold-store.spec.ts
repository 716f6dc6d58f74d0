import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fs, { type FileHandle, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aHold, START } from '../../test/support/builders.js';
import { FileHoldStore, type HoldFileSystem, LARGEST_HOLD_FILE } from './file-hold-store.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holds-'));
  file = join(folder, 'facility-holds.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const HOLDS = [aHold(), aHold({ facility: 'CSCS', until: START + 3_600_000 })];

/** A file system that writes down what it is asked for, and fails where told. */
function watched(fails?: string): { readonly files: HoldFileSystem; readonly calls: string[] } {
  const calls: string[] = [];
  const note = (call: string): void => {
    calls.push(call);
    if (call === fails) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
  };
  const files = {
    open: async (path: string, flags: string, mode: number) => {
      const name = path === folder ? 'folder' : path.slice(folder.length + 1);
      note(`open ${name}`);
      const handle = await fs.open(path, flags, mode);
      return new Proxy(handle, {
        get(target, key: keyof FileHandle) {
          const member: unknown = Reflect.get(target, key);
          if (typeof member !== 'function') return member;
          return (...args: unknown[]) => {
            if (key !== 'close') note(`${String(key)} ${name}`);
            return (member as (...all: unknown[]) => unknown).apply(target, args);
          };
        },
      });
    },
    rename: (from: string, to: string) => {
      note('rename');
      return fs.rename(from, to);
    },
  } as unknown as HoldFileSystem;
  return { files, calls };
}

describe('holds in the data folder', () => {
  test('there are none at first, and later those last written', async () => {
    const store = new FileHoldStore(folder);
    expect(await store.read()).toEqual({ kind: 'read', holds: [] });
    await store.write(HOLDS);
    expect(await new FileHoldStore(folder).read()).toEqual({ kind: 'read', holds: HOLDS });
    await store.write([]);
    expect(await new FileHoldStore(folder).read()).toEqual({ kind: 'read', holds: [] });
    expect(await readdir(folder)).toEqual(['facility-holds.json']);
    // Only for the user that runs the service.
    expect((await fs.stat(file)).mode & 0o777).toBe(0o600);
  });

  test('the new file is on the disk before it replaces the old one, and so is the folder after', async () => {
    const { files, calls } = watched();
    await new FileHoldStore(folder, files).write(HOLDS);
    expect(calls).toEqual([
      'open facility-holds.json.new',
      'writeFile facility-holds.json.new',
      'sync facility-holds.json.new',
      'rename',
      'open folder',
      'sync folder',
    ]);
  });

  test.each(['writeFile facility-holds.json.new', 'sync facility-holds.json.new', 'rename'])(
    'a disk that is full at "%s" is said, and the old holds are still there',
    async (call) => {
      await new FileHoldStore(folder).write(HOLDS);
      const before = await readFile(file, 'utf8');
      await expect(new FileHoldStore(folder, watched(call).files).write([])).rejects.toMatchObject({
        code: 'SPOOL_UNAVAILABLE',
        message:
          "The holds of facilities could not be stored: this service's disk is full (ENOSPC). An operator must check dataDir.",
      });
      expect(await readFile(file, 'utf8')).toBe(before);
    },
  );

  test.each([
    ['is empty', '', 'is not JSON'],
    ['is cut off', '{"version": 1, "holds": [', 'is not JSON'],
    ['is of another version', '{"version":2,"holds":[]}', 'is not as the service writes it'],
    ['has no list', '{"version":1,"holds":{}}', 'is not as the service writes it'],
    ['is too large', `{"version":1,"holds":[]}${' '.repeat(LARGEST_HOLD_FILE)}`, 'is not as'],
  ])('a file that %s is reported, not thrown', async (_, text, why) => {
    await writeFile(file, text);
    expect(await new FileHoldStore(folder).read()).toEqual({
      kind: 'unreadable',
      reason: expect.stringContaining(`The file facility-holds.json in the data folder ${why}`),
    });
  });

  test.each([
    ['a message of two lines', { message: 'a\nb' }],
    ['a message that is too long', { message: 'x'.repeat(301) }],
    ['no facility', { facility: '' }],
    ['no operator', { by: undefined }],
    ['a day that does not exist', { since: '2026-02-30T00:00Z' }],
    ['an end that is not a moment', { until: 'tomorrow' }],
  ])('a hold with %s makes the file unreadable', async (_, parts) => {
    const hold = { facility: 'PSI', message: 'm', since: '2026-11-30T14:00Z', by: 'o', ...parts };
    await writeFile(file, JSON.stringify({ version: 1, holds: [hold] }));
    expect((await new FileHoldStore(folder).read()).kind).toBe('unreadable');
  });

  test('two holds of one facility make the file unreadable', async () => {
    await new FileHoldStore(folder).write([aHold(), aHold()]);
    expect((await new FileHoldStore(folder).read()).kind).toBe('unreadable');
  });

  test('a folder in place of the file is reported', async () => {
    await fs.mkdir(file);
    expect((await new FileHoldStore(folder).read()).kind).toBe('unreadable');
  });

  test('more holds than the file may have are refused', async () => {
    const many = Array.from({ length: 1000 }, (_, number) =>
      aHold({ facility: `facility ${number}`, message: 'x'.repeat(300) }),
    );
    await expect(new FileHoldStore(folder).write(many)).rejects.toThrow('too many of them');
    expect(await readdir(folder)).toEqual([]);
  });
});
