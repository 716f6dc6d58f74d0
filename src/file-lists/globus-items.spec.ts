import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { listInMemory } from '../../test/support/fake-file-list-store.js';
import { InternalError } from '../errors/request.errors.js';
import { globusItems } from './globus-items.js';
import { type StoredFileList, storedAsLines } from './stored-format.js';

async function itemsOf(list: StoredFileList, folder = '/data/'): Promise<string> {
  const items = globusItems(list, folder, `${folder}in/`);
  if (typeof items === 'string') return items;
  const pieces: Buffer[] = [];
  for await (const piece of items.pieces()) pieces.push(piece);
  const all = Buffer.concat(pieces);
  // Globus would wait for the rest for ever, or take the next request for it.
  expect(all.length).toBe(items.bytes);
  return all.toString();
}

async function withLines(list: StoredFileList): Promise<StoredFileList & { lines: Buffer }> {
  const pieces: Buffer[] = [];
  for await (const piece of list.jsonLines()) pieces.push(Buffer.from(piece));
  const lines = Buffer.concat(pieces);
  return { ...storedAsLines(list, lines), lines };
}

const file = fc.record({
  path: fc.string({ unit: 'grapheme', maxLength: 20 }),
  isSymlink: fc.boolean(),
});

describe('the items for Globus', () => {
  it('are what JSON.stringify makes of the list, streamed or at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 30 }),
        fc.constantFrom('/', '/data/', '/dä"\\ta/'),
        async (files, folder) => {
          const list = listInMemory(files);
          const text = await itemsOf(list, folder);
          expect(JSON.parse(`[${text}]`)).toEqual(
            files.map(({ path, isSymlink }) => ({
              DATA_TYPE: isSymlink ? 'transfer_symlink_item' : 'transfer_item',
              source_path: `${folder}${path}`,
              destination_path: `${folder}in/${path}`,
            })),
          );
          expect(await itemsOf(await withLines(list), folder)).toBe(text);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('are made in pieces, even if one path is longer than a piece', async () => {
    const files = ['a'.repeat(300_000), ...Array.from({ length: 5000 }, (_none, n) => `run/${n}`)];
    const list = listInMemory(files.map((path) => ({ path, isSymlink: false })));
    const { lines } = await withLines(list);
    const inOnePiece: StoredFileList = {
      ...list,
      async *jsonLines() {
        yield await Promise.resolve(lines);
      },
    };
    expect(await itemsOf(inOnePiece)).toBe(await itemsOf(list));
  });

  it('are never fewer than the list has', async () => {
    const list = await withLines(listInMemory([{ path: 'abc', isSymlink: false }]));
    for (const wrong of [{ pathBytes: 2 }, { pathBytes: 4 }, { count: 2 }]) {
      expect(() => globusItems({ ...list, ...wrong }, '/', '/')).toThrow(InternalError);
    }
  });
});
