import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { aRecord } from '../../test/support/builders.js';
import { expectedAmounts, shownAmounts } from './shown-amounts.js';

const count = fc.oneof(fc.nat(20), fc.maxSafeNat());
const amounts = fc.record({
  bytesTransferred: count,
  filesTransferred: count,
  filesTotal: count,
  bytesTotal: count,
});

describe('what a scientist sees of the progress', () => {
  test('is never 100 % before the end, whatever SciCat says of the size', () => {
    fc.assert(
      fc.property(amounts, (known) => {
        const shown = shownAmounts(known, false);
        if (shown.bytesTotal !== undefined && shown.bytesTransferred < Number.MAX_SAFE_INTEGER) {
          expect(shown.bytesTransferred).toBeLessThan(shown.bytesTotal);
        }
        if (shown.filesTotal > 0) expect(shown.filesTransferred).toBeLessThan(shown.filesTotal);
        else expect(shown.filesTransferred).toBe(0);
        expect(shown.bytesTransferred).toBe(known.bytesTransferred);
        expect(shown.filesTotal).toBe(known.filesTotal);
      }),
    );
  });

  test('is 100 % at the end, of what was copied', () => {
    fc.assert(
      fc.property(amounts, (known) => {
        const { bytesTransferred, filesTransferred } = known;
        expect(shownAmounts(known, true)).toEqual({
          bytesTransferred,
          bytesTotal: bytesTransferred,
          filesTransferred,
          filesTotal: filesTransferred,
        });
      }),
    );
  });

  test.each([
    ['halfway', [500, 5, 10, 1000], [500, 5, 10, 1000]],
    ['all bytes sent and the last file being checked', [1000, 10, 10, 1000], [1000, 9, 10, 1001]],
    ['more bytes than SciCat knows of', [1500, 5, 10, 1000], [1500, 5, 10, 1501]],
    ['a dataset whose size SciCat does not know', [500, 5, 10, 0], [500, 5, 10, undefined]],
    ['before anything is known', [0, 0, 0, 0], [0, 0, 0, undefined]],
  ] as const)('%s', (_what, [b, f, filesTotal, bytesTotal], [shownB, shownF, files, bytes]) => {
    expect(
      shownAmounts({ bytesTransferred: b, filesTransferred: f, filesTotal, bytesTotal }, false),
    ).toEqual({
      bytesTransferred: shownB,
      filesTransferred: shownF,
      filesTotal: files,
      ...(bytes === undefined ? {} : { bytesTotal: bytes }),
    });
  });
});

describe('what is expected to be copied', () => {
  const { copy } = aRecord();
  const list = (entries: number, links = 0) => ({
    count: entries,
    sha256: '0'.repeat(64),
    symlinks: links === 0 ? [] : [[0, links] as const],
  });
  const dataset = { bytes: 1000, files: 10 };
  const expected = (parts: Parameters<typeof aRecord>[0], parents = 0) => {
    const { filesTotal, bytesTotal } = expectedAmounts(aRecord({ dataset, ...parts }), parents);
    return [filesTotal, bytesTotal];
  };

  test('of a whole folder: what SciCat says of the dataset', () => {
    expect(expected({})).toEqual([10, 1000]);
  });

  test("of the Ingestor's list: its files, and no more than the dataset has", () => {
    // SciCat counts folders and links, too: as many as are listed.
    expect(expected({ fileList: list(10, 2) }, 3)).toEqual([5, 0]);
    // Or only files.
    expect(expected({ fileList: list(14, 2) }, 1)).toEqual([10, 0]);
  });

  test('of a part of a dataset: not the size of the dataset', () => {
    expect(expected({ fileList: list(1) })).toEqual([1, 0]);
  });

  test('of a part that has as many entries as the dataset has files: not its size either', () => {
    // Nine of the ten files, and an empty folder.
    expect(expected({ fileList: list(10) })).toEqual([10, 0]);
    // Five of the ten files, and the five folders around them.
    expect(expected({ fileList: list(10) }, 5)).toEqual([5, 0]);
  });

  test('of a list whose folders are not known: nothing, rather than its folders', () => {
    expect(expectedAmounts(aRecord({ dataset, fileList: list(10, 2) }), undefined)).toEqual({
      filesTotal: 0,
      bytesTotal: 0,
    });
  });

  test('of a list of a dataset whose number of files SciCat does not know: no size', () => {
    expect(expected({ dataset: { bytes: 1000, files: 0 }, fileList: list(3) })).toEqual([3, 0]);
  });

  test('of a list as listed: all entries and no size, because files are copied repeatedly', () => {
    const asListed = { copy: { ...copy, fileList: 'as-listed' as const } };
    expect(expected({ ...asListed, fileList: list(10, 2) }, 3)).toEqual([8, 0]);
    expect(expected(asListed)).toEqual([10, 1000]);
  });
});
