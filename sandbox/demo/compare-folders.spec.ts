import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { compareFolders, type Difference } from './compare-folders.js';

describe('compareFolders', () => {
  let folder: string;
  let original: string;
  let copy: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'compare-folders-'));
    original = join(folder, 'original');
    copy = join(folder, 'copy');
    mkdirSync(join(original, 'sub', 'empty'), { recursive: true });
    writeFileSync(join(original, 'sub', 'small'), 'abc');
    writeFileSync(join(original, 'empty file'), '');
    // More than the two pieces that are compared at a time, and not a multiple of them.
    writeFileSync(join(original, 'large'), Buffer.alloc(2_500_000, 7));
    symlinkSync('large', join(original, 'link'));
    cpSync(original, copy, { recursive: true, verbatimSymlinks: true });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  async function differences(): Promise<readonly Difference[]> {
    return (await compareFolders(original, copy)).differences;
  }

  it('finds no difference in a true copy, and says what it compared', async () => {
    expect(await compareFolders(original, copy)).toEqual({
      files: 3,
      folders: 2,
      links: 1,
      bytes: 2_500_003,
      differences: [],
    });
  });

  it.each([0, 1_048_575, 1_048_576, 2_499_999])('finds one wrong byte, at %d', async (offset) => {
    const bytes = Buffer.alloc(2_500_000, 7);
    bytes[offset] = 8;
    writeFileSync(join(copy, 'large'), bytes);
    expect(await differences()).toEqual([{ kind: 'other-bytes', path: 'large', offset }]);
  });

  it('finds a file that is cut off', async () => {
    truncateSync(join(copy, 'large'), 2_499_999);
    expect(await differences()).toEqual([
      { kind: 'other-size', path: 'large', expected: 2_500_000, found: 2_499_999 },
    ]);
  });

  it('finds what is missing, what is too much, and links that are not the same', async () => {
    rmSync(join(copy, 'sub', 'small'));
    mkdirSync(join(copy, 'sub', 'more'));
    rmSync(join(copy, 'link'));
    symlinkSync('./large', join(copy, 'link'));
    expect(await differences()).toEqual([
      { kind: 'other-target', path: 'link', expected: 'large', found: './large' },
      { kind: 'missing', path: 'sub/small' },
      { kind: 'extra', path: 'sub/more' },
    ]);
    rmSync(join(copy, 'link'));
    cpSync(join(copy, 'large'), join(copy, 'link'));
    expect((await differences())[0]).toEqual({
      kind: 'other-kind',
      path: 'link',
      expected: 'link',
      found: 'file',
    });
  });

  it('fails when there is no copy at all', async () => {
    await expect(compareFolders(original, join(folder, 'nothing'))).rejects.toThrow(
      "nothing can't be read",
    );
  });
});
