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
import { compareFolders } from './compare-folders.js';

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
    writeFileSync(join(original, 'large'), Buffer.alloc(2_500_000, 7));
    symlinkSync('large', join(original, 'link'));
    cpSync(original, copy, { recursive: true, verbatimSymlinks: true });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('finds no difference in an exact copy, and reports what it compared', async () => {
    expect(await compareFolders(original, copy)).toEqual({
      files: 3,
      folders: 2,
      links: 1,
      bytes: 2_500_003,
      differences: [],
    });
  });

  it.each<[string, () => void, readonly string[]]>([
    [
      'a wrong byte',
      () => {
        const bytes = Buffer.alloc(2_500_000, 7);
        bytes[2_499_999] = 8;
        writeFileSync(join(copy, 'large'), bytes);
      },
      ['"large" has other content than in the source.'],
    ],
    [
      'a truncated file',
      () => truncateSync(join(copy, 'large'), 2_499_999),
      ['"large" has 2500000 bytes in the source, but 2499999 at the destination.'],
    ],
    [
      'missing and extra entries, and other links',
      () => {
        rmSync(join(copy, 'sub', 'small'));
        mkdirSync(join(copy, 'sub', 'more'));
        rmSync(join(copy, 'link'));
        symlinkSync('./large', join(copy, 'link'));
      },
      [
        '"link" points to "large" in the source, but to "./large" at the destination.',
        '"sub/small" is missing at the destination.',
        '"sub/more" is at the destination, but not in the source.',
      ],
    ],
    [
      'a file in place of a link',
      () => {
        rmSync(join(copy, 'link'));
        cpSync(join(copy, 'large'), join(copy, 'link'));
      },
      ['"link" is a link in the source, but a file at the destination.'],
    ],
  ])('finds %s', async (_what, change, differences) => {
    change();
    expect((await compareFolders(original, copy)).differences).toEqual(differences);
  });

  it('fails without a copy', async () => {
    await expect(compareFolders(original, join(folder, 'nothing'))).rejects.toThrow(
      "nothing can't be read",
    );
  });
});
