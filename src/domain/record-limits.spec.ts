import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { aRecord } from '../../test/support/builders.js';
import { LinkNotes, type NotedLinks } from './file-list-digest.js';
import { recordProblem, type RecordTexts } from './record-limits.js';
import {
  LONGEST_SEALED_RECORD,
  sealedLength,
  sealRecord,
  type TransferRecord,
  unsealRecord,
} from './transfer-record.js';

const LIMITS = {
  sourcePath: 4096,
  destinationPath: 4096,
  datasetPid: 1024,
  ownerGroup: 512,
  username: 256,
  email: 320,
};
const NAMES = Object.keys(LIMITS) as readonly (keyof typeof LIMITS)[];
const SHORT: RecordTexts = {
  sourcePath: '/a',
  destinationPath: '/b',
  datasetPid: 'p',
  ownerGroup: 'g',
  username: 'u',
};

describe('texts of a record', () => {
  test.each(NAMES)(
    '%s: as long as allowed, and one byte more, which is refused by its name',
    (name) => {
      const limit = LIMITS[name];
      expect(recordProblem({ ...SHORT, [name]: 'x'.repeat(limit) })).toBeUndefined();
      expect(recordProblem({ ...SHORT, [name]: 'x'.repeat(limit + 1) })).toMatch(
        new RegExp(`is too long for a transfer: it has ${limit + 1} bytes, and at most ${limit}`),
      );
      // Bytes count, not characters.
      expect(recordProblem({ ...SHORT, [name]: 'ü'.repeat(limit / 2 + 1) })).toBeDefined();
    },
  );

  test('no e-mail address is none that is too long', () => {
    expect(recordProblem({ ...SHORT, email: undefined })).toBeUndefined();
  });
});

/** Any links in a list of up to some million entries: few or many runs, short or long ones. */
const links: fc.Arbitrary<NotedLinks> = fc
  .record({
    runs: fc.oneof(fc.nat(2_000), fc.nat(60_000)),
    gaps: fc.array(fc.nat(40), { minLength: 1, maxLength: 20 }),
    lengths: fc.array(fc.oneof(fc.nat(3), fc.nat(10_000)), { minLength: 1, maxLength: 20 }),
  })
  .map(({ runs, gaps, lengths }) => {
    const notes = new LinkNotes();
    let at = 0;
    for (let run = 0; run < runs; run += 1) {
      const length = 1 + (lengths[run % lengths.length] ?? 0);
      notes.add([at, length]);
      at += length + 1 + (gaps[run % gaps.length] ?? 0);
    }
    return notes.noted();
  });

/** As long as an operator may write it. */
const LONG_ACCESS = { path: 'profile.accessGroups', value: '文'.repeat(300) };

/** Texts around the limit, of characters that JSON writes in one to six bytes. */
const textOf = (name: keyof typeof LIMITS) =>
  fc
    .tuple(
      fc.constantFrom('a', '"', '\\', 'ü', '文', '😀', '\ud800', '\u0001'),
      fc.integer({ min: 1, max: LIMITS[name] + 10 }),
    )
    .map(([one, length]) => one.repeat(length));

test('a record of any list and any texts has 64 KiB or is refused', () => {
  const outcomes = { refused: 0, sealed: 0 };
  fc.assert(
    fc.property(links, fc.tuple(...NAMES.map(textOf)), (symlinks, all) => {
      const texts = Object.fromEntries(NAMES.map((name, at) => [name, all[at] ?? ''])) as Record<
        keyof typeof LIMITS,
        string
      >;
      const usual = aRecord();
      const fileList = { count: 1_000_000_000, sha256: 'ab'.repeat(32), symlinks };
      const record: TransferRecord = {
        ...usual,
        version: 4,
        access: { source: LONG_ACCESS, destination: LONG_ACCESS },
        datasetPid: texts.datasetPid,
        source: { ...usual.source, path: `/${texts.sourcePath.slice(1)}` },
        destination: { ...usual.destination, path: `/${texts.destinationPath.slice(1)}` },
        requestedBy: texts,
        submissionId: usual.key,
        fileList,
      };
      if (recordProblem(texts) !== undefined || sealedLength(record) > LONGEST_SEALED_RECORD) {
        outcomes.refused += 1;
        return;
      }
      const sealed = sealRecord(record);
      expect(sealed.length).toBeLessThanOrEqual(64 * 1024);
      expect(sealed).toHaveLength(sealedLength(record));
      expect(unsealRecord(sealed).ok).toBe(true);
      outcomes.sealed += 1;
    }),
    { numRuns: 300 },
  );
  expect(outcomes.sealed).toBeGreaterThan(5);
});

test('printable texts at their limits fit, with the longest links that are noted as runs', () => {
  const usual = aRecord();
  const notes = new LinkNotes();
  for (let run = 0; run < 900; run += 1) notes.add([1_000_000 + 3 * run, 1]);
  const fileList = { count: 9_000_000, sha256: 'ab'.repeat(32), symlinks: notes.noted() };
  expect(Array.isArray(fileList.symlinks)).toBe(true);
  const record: TransferRecord = {
    ...usual,
    datasetPid: '"'.repeat(LIMITS.datasetPid),
    source: { ...usual.source, path: `/${'"'.repeat(LIMITS.sourcePath - 1)}` },
    destination: { ...usual.destination, path: `/${'"'.repeat(LIMITS.destinationPath - 1)}` },
    requestedBy: {
      username: '"'.repeat(LIMITS.username),
      email: '"'.repeat(LIMITS.email),
      ownerGroup: '"'.repeat(LIMITS.ownerGroup),
    },
    fileList,
  };
  expect(sealRecord(record).length).toBeLessThan(LONGEST_SEALED_RECORD);
});

test('a longer record is never sealed', () => {
  const { source } = aRecord();
  const record = aRecord({ source: { ...source, scopes: ['x'.repeat(50_000)] } });
  expect(() => sealRecord(record)).toThrow(RangeError);
});
