import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { entriesOf, listInMemory } from '../../test/support/fake-file-list-store.js';
import { fileListOf } from '../../test/support/file-lists.js';
import type { FileEntry } from './file-list.js';
import { packFileList, storedInMemory, unpackLines, verifyPacked } from './stored-format.js';

const FILES: readonly FileEntry[] = [
  { path: 'a/b.h5', isSymlink: false },
  { path: 'line\nbreak "ü😀".h5', isSymlink: true },
];
const LINES = '"a/b.h5"\n["line\\nbreak \\"ü😀\\".h5"]\n';
const SHA256 = createHash('sha256').update(LINES).digest('hex');
const STORED = `${LINES}{"count":2,"sha256":"${SHA256}"}\n`;

async function pack(files: readonly FileEntry[]) {
  const pieces: Buffer[] = [];
  const stats = await packFileList(fileListOf(files), (packed) => {
    pieces.push(packed);
    return Promise.resolve();
  });
  return { packed: Buffer.concat(pieces), stats };
}

/** In pieces of some bytes, as a disk may give them. */
function streamOf(packed: Buffer, bytes = 7): Readable {
  return Readable.from(
    Array.from({ length: Math.ceil(packed.length / bytes) }, (_none, n) =>
      packed.subarray(n * bytes, (n + 1) * bytes),
    ),
  );
}

const many = (count: number, isSymlink = false): readonly FileEntry[] =>
  Array.from({ length: count }, (_none, n) => ({
    path: `run/f${String(n).padStart(7, '0')}.h5`,
    isSymlink,
  }));

describe('the stored format', () => {
  it('frozen: gzipped JSON lines, and a closing line with their number and SHA-256', async () => {
    expect(gunzipSync((await pack(FILES)).packed).toString()).toBe(STORED);
    expect(await verifyPacked(streamOf(gzipSync(STORED)))).toEqual({
      stats: {
        count: 2,
        symlinks: 1,
        pathBytes: Buffer.byteLength(LINES) - 8,
        parents: { count: 0, pathBytes: 0 },
      },
      lines: Buffer.from(LINES),
    });
  });

  it('reproduces any list with its counts, from memory and from its bytes', async () => {
    const entry = fc.record({
      path: fc.string({ unit: 'grapheme', maxLength: 20 }),
      isSymlink: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 20 }), fc.boolean(), async (some, isLong) => {
        const files = isLong ? [...some, ...many(1100)] : some;
        const { packed, stats } = await pack(files);
        const { count, symlinks, pathBytes } = listInMemory(files);
        expect(stats).toMatchObject({ count, symlinks, pathBytes });
        const intact = await verifyPacked(streamOf(packed, 100));
        expect(intact?.stats).toEqual(stats);
        expect(intact?.lines === undefined).toBe(isLong);
        for (const source of [packed, streamOf(packed, 100)]) {
          const stored = { ...stats, jsonLines: () => unpackLines(source) };
          expect(await entriesOf(stored)).toEqual(files);
        }
        expect(await entriesOf(storedInMemory(stats, fileListOf(files)))).toEqual(files);
      }),
      { numRuns: 100 },
    );
  });

  it('of a long list is complete and small: 400,000 entries must not fill the disk', async () => {
    const files = many(20_000);
    const { packed, stats } = await pack(files);
    expect((await verifyPacked(streamOf(packed, 10_000)))?.stats).toEqual(stats);
    expect(packed.length).toBeLessThan(files.map(({ path }) => path).join('\n').length / 3);
  });

  const changed = (change: (text: string) => string) => gzipSync(change(STORED));
  const whole = gzipSync(STORED);

  it.each<[string, Buffer]>([
    ['an empty file', Buffer.alloc(0)],
    ['a truncated file', whole.subarray(0, -12)],
    ['a file that is not gzip', Buffer.from('garbage')],
    ['a flipped bit', Buffer.from(whole.map((byte, at) => (at === 30 ? byte ^ 4 : byte)))],
    ['another path', changed((text) => text.replace('a/b', 'a/c'))],
    ['a missing line', changed((text) => text.slice(text.indexOf('\n') + 1))],
    ['no closing line', changed((text) => text.slice(0, text.lastIndexOf('{')))],
    ['an unfinished closing line', changed((text) => text.trimEnd())],
    ['another number', changed((text) => text.replace('"count":2', '"count":1'))],
    ['something after the end', changed((text) => `${text}"x"\n`)],
    ['another line', changed((text) => `5\n${text}`)],
  ])('detects damage: %s is not taken for a list', async (_what, packed) => {
    expect(await verifyPacked(streamOf(packed))).toBeUndefined();
  });

  it('does not take a failing disk for damage', async () => {
    const failing = new Readable({
      read() {
        this.destroy(Object.assign(new Error('EMFILE'), { code: 'EMFILE' }));
      },
    });
    await expect(verifyPacked(failing)).rejects.toThrow('EMFILE');
  });

  it('fails when the bytes cannot be written, however long the list is', async () => {
    for (const files of [FILES, many(20_000)]) {
      const written = packFileList(fileListOf(files), () => Promise.reject(new Error('ENOSPC')));
      await expect(written).rejects.toThrow('ENOSPC');
    }
  });
});
