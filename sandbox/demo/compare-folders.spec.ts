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
import { compareFolders, describeDifference, type Difference } from './compare-folders.js';

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

  it('finds what is missing: files, folders and links', async () => {
    rmSync(join(copy, 'sub'), { recursive: true });
    rmSync(join(copy, 'link'));
    expect(await compareFolders(original, copy)).toEqual({
      files: 3,
      folders: 2,
      links: 1,
      bytes: 2_500_000,
      differences: ['link', 'sub', 'sub/empty', 'sub/small'].map((path) => ({
        kind: 'missing',
        path,
      })),
    });
  });

  it('finds what is too much', async () => {
    mkdirSync(join(copy, 'sub', 'more'));
    writeFileSync(join(copy, 'sub', 'more', 'file'), '');
    expect(await differences()).toEqual([
      { kind: 'extra', path: 'sub/more' },
      { kind: 'extra', path: 'sub/more/file' },
    ]);
  });

  it('finds a link that became a copy of its file', async () => {
    rmSync(join(copy, 'link'));
    cpSync(join(copy, 'large'), join(copy, 'link'));
    expect(await differences()).toEqual([
      { kind: 'other-kind', path: 'link', expected: 'link', found: 'file' },
    ]);
  });

  it('finds a link that leads elsewhere, even to the same file', async () => {
    rmSync(join(copy, 'link'));
    symlinkSync('./large', join(copy, 'link'));
    expect(await differences()).toEqual([
      { kind: 'other-target', path: 'link', expected: 'large', found: './large' },
    ]);
  });

  it('fails when there is no copy at all', async () => {
    await expect(compareFolders(original, join(folder, 'nothing'))).rejects.toThrow(
      "nothing can't be read",
    );
  });
});

describe('describeDifference', () => {
  it.each<[Difference, string]>([
    [{ kind: 'missing', path: 'a "b"' }, '"a \\"b\\"" is missing at the destination.'],
    [{ kind: 'extra', path: 'x' }, '"x" is at the destination, but not in the source.'],
    [
      { kind: 'other-kind', path: 'x', expected: 'link', found: 'file' },
      '"x" is a link in the source, but a file at the destination.',
    ],
    [
      { kind: 'other-size', path: 'x', expected: 2, found: 1 },
      '"x" has 2 bytes in the source, but 1 at the destination.',
    ],
    [
      { kind: 'other-bytes', path: 'x', offset: 7 },
      '"x" differs from the source, first at byte 7.',
    ],
    [
      { kind: 'other-target', path: 'x', expected: 'y', found: 'z' },
      '"x" leads to "y" in the source, but to "z" at the destination.',
    ],
  ])('says %j in words', (difference, text) => {
    expect(describeDifference(difference)).toBe(text);
  });
});
