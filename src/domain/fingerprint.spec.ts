import { describe, expect, test } from '@jest/globals';
import { aRecord, keyOf } from '../../test/support/builders.js';
import { type NotedLinks, notedAnew } from './file-list-digest.js';
import { fingerprint } from './fingerprint.js';
import type { TransferRecord } from './transfer-record.js';

const BASE = aRecord({ fileList: { count: 2, sha256: 'a'.repeat(64), symlinks: [[0, 1]] } });
const { source, destination, copy } = BASE;
const fileList = { count: 2, sha256: 'a'.repeat(64), symlinks: [[0, 1]] as const };

describe('two requests are equal', () => {
  test.each([
    ['another user', { requestedBy: { username: 'bob', ownerGroup: 'p123' } }],
    ['another key', { key: 'another' }],
    ['a submission id', { submissionId: 'x' }],
    ['another Globus client', { globusClientId: 'x' }],
    ['a dataset that has grown', { dataset: { bytes: 5, files: 6 } }],
    ['another rule for links in folders', { copy: { ...copy, recursiveSymlinks: 'ignore' } }],
    ['a dataset that is in the archive now', { finalize: 'already-archived' }],
    ['other scopes', { source: { ...source, scopes: ['x'] } }],
  ] as const)('in spite of %s', (_what, parts) => {
    expect(fingerprint({ ...BASE, ...(parts as Partial<TransferRecord>) })).toBe(fingerprint(BASE));
  });
});

test("the transfer's key in the destination's path does not count", () => {
  const into = (key: string, path: string) =>
    fingerprint({ ...BASE, key, destination: { ...destination, path } });
  const [one, other] = [keyOf(1), keyOf(2)];
  expect(into(one, `/in/${one}/x`)).toBe(into(other, `/in/${other}/x`));
  expect(into(one, `/in/${one}/x`)).not.toBe(into(other, `/in/${other}/y`));
  expect(into(one, `/in/${one}/x`)).not.toBe(into(one, `/in/${other}/x`));
});

test('an old record with more runs of links than are noted today equals a new one', () => {
  const symlinks = Array.from({ length: 5_000 }, (_, n) => [2 * n, 1] as const);
  const links = (noted: NotedLinks) =>
    fingerprint({ ...BASE, fileList: { count: 10_000, sha256: 'a'.repeat(64), symlinks: noted } });
  const today = notedAnew(symlinks);
  expect(Array.isArray(today)).toBe(false);
  expect(links(symlinks)).toBe(links(today));
  const last = symlinks.slice(0, -1);
  expect(links([...last, [9_997, 1]])).not.toBe(links(today));
  expect(links([...last, [9_998, 2]])).not.toBe(links(today));
});

describe('two requests are different copies', () => {
  const without: Partial<TransferRecord> = { ...BASE };
  delete (without as { fileList?: unknown }).fileList;

  test.each<readonly [string, Partial<TransferRecord>]>([
    ['another dataset', { datasetPid: 'other' }],
    ['another source facility', { source: { ...source, facility: 'X' } }],
    ['another source collection', { source: { ...source, collection: 'X' } }],
    ['another source path', { source: { ...source, path: '/x' } }],
    ['another destination facility', { destination: { ...destination, facility: 'X' } }],
    ['another destination collection', { destination: { ...destination, collection: 'X' } }],
    ['another destination path', { destination: { ...destination, path: '/x' } }],
    ['no checksums', { copy: { ...copy, verifyChecksum: false } }],
    ['kept times', { copy: { ...copy, preserveTimestamp: true } }],
    ['encryption', { copy: { ...copy, encryptData: true } }],
    ['a sync level of 0', { copy: { ...copy, syncLevel: 0 } }],
    ['another sync level', { copy: { ...copy, syncLevel: 1 } }],
    ['a deadline', { copy: { ...copy, deadlineHours: 1 } }],
    ['no archiving', { autoArchive: false }],
    ['other files', { fileList: { ...fileList, sha256: 'b'.repeat(64) } }],
    ['other links', { fileList: { ...fileList, symlinks: [[1, 1]] } }],
    ['swapped sides', { source: destination, destination: source }],
  ])('%s', (_what, parts) => {
    expect(fingerprint({ ...BASE, ...parts })).not.toBe(fingerprint(BASE));
  });

  test('the whole folder is not a list', () => {
    expect(fingerprint(without as TransferRecord)).not.toBe(fingerprint(BASE));
  });
});
