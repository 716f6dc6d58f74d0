import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { fileListOf } from '../../test/support/file-lists.js';
import { decodeHead, encodeHead, HEAD_BYTES, NAMED_AT, NAMED_BYTE } from './list-head.js';
import { packFileList, unpackLines, verifyPacked } from './stored-format.js';

const owners = fc.string({ unit: 'grapheme', maxLength: 40 });

describe('the head of a stored list', () => {
  test('says whose it is, and whether a job names it', () => {
    fc.assert(
      fc.property(owners, fc.boolean(), fc.uint8Array(), (owner, named, rest) => {
        const head = encodeHead({ owner, named });
        const file = Buffer.concat([head, rest]).subarray(0, HEAD_BYTES);
        expect(decodeHead(file)).toEqual({ owner, named });
        NAMED_BYTE.copy(head, NAMED_AT);
        expect(decodeHead(head)).toEqual({ owner, named: true });
      }),
    );
  });

  test('frozen', () => {
    expect(encodeHead({ owner: 'bö', named: false }).toString('hex')).toBe(
      '1f8b08040000000000ff0800534c04002d62c3b60300' + '0000000000000000',
    );
  });

  test('of a longer name than any is cut, and fits', () => {
    expect(encodeHead({ owner: 'x'.repeat(100_000), named: true })).toHaveLength(HEAD_BYTES);
  });

  test('no other bytes are taken for one', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.constant(gzipSync('x'))), (bytes) => {
        expect(decodeHead(Buffer.from(bytes))).toBeUndefined();
      }),
    );
    const head = encodeHead({ owner: 'alice', named: false });
    for (let length = 0; length <= NAMED_AT + 'alice'.length; length += 1) {
      expect(decodeHead(head.subarray(0, length))).toBeUndefined();
    }
  });

  test.each([3, 30_000])('is nothing to whoever reads a list of %d entries', async (count) => {
    const files = fileListOf(
      Array.from({ length: count }, (_, n) => ({ path: `raw/${n}.h5`, isSymlink: n % 2 === 0 })),
    );
    const pieces: Buffer[] = [];
    const stats = await packFileList(files, (packed) => {
      pieces.push(Buffer.from(packed));
      return Promise.resolve();
    });
    const plain = Buffer.concat(pieces);
    const withHead = Buffer.concat([encodeHead({ owner: 'alice', named: false }), plain]);
    expect(gunzipSync(withHead)).toEqual(gunzipSync(plain));
    // Also where the file is read in pieces of any length.
    for (const pieceBytes of [1, 20, 65_536]) {
      const read = function* () {
        for (let at = 0; at < withHead.length; at += pieceBytes) {
          yield withHead.subarray(at, at + pieceBytes);
        }
      };
      expect((await verifyPacked(Readable.from(read())))?.stats).toEqual(stats);
    }
    const lines: Buffer[] = [];
    for await (const piece of unpackLines(withHead)) lines.push(piece);
    expect(Buffer.concat(lines).toString().split('\n')).toHaveLength(count + 1);
  });

  test('alone is a damaged list', async () => {
    const head = encodeHead({ owner: 'alice', named: false });
    expect(await verifyPacked(Readable.from([head]))).toBeUndefined();
  });
});
