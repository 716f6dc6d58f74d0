import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { listInMemory } from '../../test/support/fake-file-list-store.js';
import { InternalError } from '../errors/request.errors.js';
import type { TransferRequest } from '../ports/globus-transfers.port.js';
import type { StoredFileList } from '../ports/file-list-store.port.js';
import { submissionDocument } from './submission-document.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function requestFor(files: StoredFileList, folder = '/data'): TransferRequest {
  return {
    submissionId: '11111111-1111-4111-8111-111111111111',
    label: 'SciCat transfer j1',
    source: { facility: 'S', collection: 's', path: folder, scopes: [] },
    destination: { facility: 'D', collection: 'd', path: `${folder}/in`, scopes: [] },
    copy: { verifyChecksum: true, preserveTimestamp: false, encryptData: false },
    files,
  };
}

async function sent(request: TransferRequest): Promise<string> {
  const document = submissionDocument(request, NOW);
  if (typeof document === 'string') return document;
  const pieces: Buffer[] = [];
  for await (const piece of document.pieces()) pieces.push(piece);
  const all = Buffer.concat(pieces);
  // Globus waits for the rest for ever, or takes the next request for it.
  expect(all.length).toBe(document.bytes);
  return all.toString();
}

async function withLines(list: StoredFileList): Promise<StoredFileList> {
  const pieces: Buffer[] = [];
  for await (const piece of list.jsonLines()) pieces.push(Buffer.from(piece));
  return { ...list, lines: Buffer.concat(pieces) };
}

const file = fc.record({
  path: fc.string({ unit: 'grapheme', maxLength: 20 }),
  isSymlink: fc.boolean(),
});

describe('the document for Globus', () => {
  it('names every file of a list, streamed or at hand, as JSON would be made of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 30 }),
        fc.constantFrom('/', '/data', '/dä"\\ta'),
        async (files, folder) => {
          const list = listInMemory(files);
          const text = await sent(requestFor(list, folder));
          const [from, to] = [folder === '/' ? '/' : `${folder}/`, `${folder}/in/`];
          expect((JSON.parse(text) as { readonly DATA: unknown }).DATA).toEqual(
            files.map(({ path, isSymlink }) => ({
              DATA_TYPE: isSymlink ? 'transfer_symlink_item' : 'transfer_item',
              source_path: `${from}${path}`,
              destination_path: `${to}${path}`,
            })),
          );
          expect(await sent(requestFor(await withLines(list), folder))).toBe(text);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is made in pieces, of a path that is longer than a piece, too', async () => {
    const files = ['a'.repeat(300_000), ...Array.from({ length: 5000 }, (_none, n) => `run/${n}`)];
    const list = listInMemory(files.map((path) => ({ path, isSymlink: false })));
    const { lines = Buffer.alloc(0) } = await withLines(list);
    const inOne: StoredFileList = {
      ...list,
      async *jsonLines() {
        yield await Promise.resolve(lines);
      },
    };
    expect(await sent(requestFor(inOne))).toBe(await sent(requestFor(list)));
  });

  it('is never one with fewer files than were asked for', async () => {
    const list = await withLines(listInMemory([{ path: 'abc', isSymlink: false }]));
    for (const wrong of [{ pathBytes: 2 }, { pathBytes: 4 }, { count: 2 }]) {
      expect(() => submissionDocument(requestFor({ ...list, ...wrong }), NOW)).toThrow(
        InternalError,
      );
    }
  });
});
