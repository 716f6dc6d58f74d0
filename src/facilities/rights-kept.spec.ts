import { describe, expect, test } from '@jest/globals';
import { aFacility, aFolderTemplate, aPathTemplate, aRecord } from '../../test/support/builders.js';
import type { TransferRecord } from '../domain/transfer-record.js';
import type { Facility } from './facility.js';
import { type DatasetNow, rightsLost } from './rights-kept.js';

const given = (value: string) => ({ path: 'profile.accessGroups', value });
const DATASET: DatasetNow = {
  pid: '20.500.12345/e001',
  ownerGroup: 'p123',
  sourceFolder: '/data/run1',
};
const psi = (parts: Partial<Facility> = {}): Facility => aFacility('PSI', parts);
const cscs = (parts: Partial<Facility> = {}): Facility => aFacility('CSCS', parts);

function record(parts: Partial<TransferRecord> = {}): TransferRecord {
  const access = { source: given('PSI'), destination: given('CSCS') };
  return aRecord({ version: 4, access, ...parts });
}
const lost = (
  facilities: readonly Facility[],
  dataset: Partial<DatasetNow> = {},
  parts: Partial<TransferRecord> = {},
): string | undefined => rightsLost(record(parts), { ...DATASET, ...dataset }, facilities);

describe('a transfer may still be carried out', () => {
  test.each<[string, readonly Facility[], Partial<TransferRecord>?]>([
    ['nothing has changed', [psi(), cscs()]],
    ['its facilities are no longer configured: whoever needs them waits', []],
    [
      'it was recorded by a version that did not note what the user had',
      [psi({ accessValue: 'new' }), cscs()],
      { version: 2, access: undefined as never },
    ],
    [
      'the destination path is another one now',
      [psi(), cscs({ destinationPath: cscs().destinationPath })],
    ],
    [
      'the request stated the root of the collection',
      [psi(), cscs()],
      { source: { ...aRecord().source, path: '/run1' } },
    ],
    [
      'the folders that are allowed contain it',
      [psi({ allowedSourceFolders: [aFolderTemplate('/data')] }), cscs()],
    ],
  ])('%s', (_what, facilities, parts = {}) => {
    expect(lost(facilities, {}, parts)).toBeUndefined();
  });
});

describe('a transfer may no longer be carried out', () => {
  test.each<[string, readonly Facility[], Partial<DatasetNow>, string]>([
    [
      'another group',
      [psi(), cscs()],
      { ownerGroup: 'p9' },
      'the dataset belongs to group "p9" now',
    ],
    ['no group', [psi(), cscs()], { ownerGroup: '' }, 'the dataset belongs to group "" now'],
    [
      'another folder',
      [psi(), cscs()],
      { sourceFolder: '/data/run2' },
      'source folder is "/data/run2" now',
    ],
    [
      'a folder from which no root leads to the same path',
      [psi({ collectionRootPath: '/elsewhere' }), cscs()],
      {},
      'is no longer allowed',
    ],
    ['no folder', [psi(), cscs()], { sourceFolder: '' }, 'is no longer allowed'],
    [
      'a folder that is not allowed any more',
      [psi({ allowedSourceFolders: [aFolderTemplate('/data/{{ .OwnerGroup }}')] }), cscs()],
      {},
      'is no longer allowed',
    ],
    [
      'another path in the collection',
      [psi({ sourcePath: aPathTemplate('/new{{ .SourceFolder }}') }), cscs()],
      {},
      'source folder is "/data/run1" now, which is not "/data/run1"',
    ],
    [
      'a source that is only a destination now',
      [psi({ direction: 'DST' }), cscs()],
      {},
      'facility "PSI" can no longer be the source',
    ],
    [
      'a destination that is only a source now',
      [psi(), cscs({ direction: 'SRC' })],
      {},
      'facility "CSCS" can no longer be the destination',
    ],
    [
      'another collection',
      [psi({ collection: 'eeeeeeee-0000-4000-8000-000000000009' }), cscs()],
      {},
      'facility "PSI" has another Globus collection now',
    ],
    [
      'a value that the user did not have',
      [psi(), cscs({ accessValue: 'vip' })],
      {},
      'facility "CSCS" requires "vip" at profile.accessGroups now; when the transfer was requested, it required "CSCS" at profile.accessGroups',
    ],
    [
      'access is looked for elsewhere',
      [psi({ accessPath: 'profile.roles' }), cscs()],
      {},
      'facility "PSI" requires "PSI" at profile.roles now',
    ],
  ])('%s', (_what, facilities, dataset, reason) => {
    expect(lost(facilities, dataset)).toContain(reason);
  });
});

describe('a folder of thousands of segments', () => {
  test('costs no more than one of some dozen: not every part of it is tried as a root', () => {
    let tried = 0;
    const template = aPathTemplate('/{{ .RelativeSourceFolder }}');
    const counting = {
      ...template,
      fields: template.fields,
      render: (variables: Parameters<typeof template.render>[0]) => {
        tried += 1;
        return template.render(variables);
      },
    };
    const facilities = [psi({ sourcePath: counting }), cscs()];
    expect(lost(facilities, { sourceFolder: '/a'.repeat(2000) })).toContain('source folder is');
    expect(tried).toBeGreaterThan(0);
    expect(tried).toBeLessThanOrEqual(100);
  });

  test('a root that the request stated is found in a deep folder', () => {
    const parts = { source: { ...aRecord().source, path: '/d/d/e' } };
    const facilities = [psi({ sourcePath: aPathTemplate('/{{ .RelativeSourceFolder }}') }), cscs()];
    expect(lost(facilities, { sourceFolder: `${'/d'.repeat(50)}/e` }, parts)).toBeUndefined();
  });
});
