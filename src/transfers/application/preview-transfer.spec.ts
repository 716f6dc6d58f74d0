import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  aDataset,
  aDestinationTemplate,
  aFacility,
  aFolderTemplate,
  anAsker,
  authorizationOf,
  configOf,
  jobIdOf,
} from '../../../test/support/builders.js';
import { FakeTransferJobs } from '../../../test/support/fake-scicat.js';
import { FakeSpool } from '../../../test/support/fake-file-list-store.js';
import { FakeTracking } from '../../../test/support/fake-tracking.js';
import { RecordedEvents } from '../../../test/support/recorded-events.js';
import { VirtualClock } from '../../../test/support/virtual-clock.js';
import {
  AccessDeniedError,
  InvalidRequestError,
  QueueFullError,
} from '../../errors/request.errors.js';
import { type FileEntry } from '../../file-lists/file-list.js';
import type { Dataset } from '../../ports/datasets.port.js';
import { PreviewTransfer } from './preview-transfer.js';
import { type AppliedRule, RULES } from '../../facilities/request-rules.js';
import type { TransferRequestOptions } from './assess-request.js';
import { RequestTransfer } from './request-transfer.js';
import { fileListOf } from '../../../test/support/file-lists.js';

const config = configOf({
  facilities: [
    aFacility('PSI', {
      collectionRootPath: '/data',
      allowedSourceFolders: [aFolderTemplate('/data/{{ .OwnerGroup }}')],
    }),
    aFacility('CSCS', { direction: 'DST' }),
  ],
});

let tracking: FakeTracking;
let events: RecordedEvents;
let service: PreviewTransfer;

beforeEach(() => {
  tracking = new FakeTracking();
  events = new RecordedEvents();
  service = new PreviewTransfer({ tracking, events, facilities: authorizationOf(config), config });
});

function input(parts: Partial<TransferRequestOptions> = {}): TransferRequestOptions {
  return {
    requester: anAsker(),
    dataset: Promise.resolve(aDataset({ sourceFolder: '/data/p123/run1' })),
    parameters: {
      sourceFacility: 'PSI',
      destFacility: 'CSCS',
      scicatPid: '20.500.12345/e001',
      autoArchive: true,
    },
    files: () => Promise.resolve(undefined),
    ...parts,
  };
}

const listed = (files: readonly FileEntry[]) => () => Promise.resolve(fileListOf(files));

const inShort = ({ rule, outcome, required, found }: AppliedRule) => [
  rule,
  outcome,
  required,
  found,
];

test('what a job can not hold is refused, as in a request', async () => {
  const dataset = Promise.resolve(aDataset({ sourceFolder: `/data/p123/${'x'.repeat(5_000)}` }));
  await expect(service.execute(input({ dataset }))).rejects.toThrow(
    'The path of the folder to copy is too long for a transfer: it has 5006 bytes, and at most 4096 are allowed.',
  );
});

describe('a preview', () => {
  test('says paths, copy options and every rule, in order, with what was compared', async () => {
    const { rules, ...preview } = await service.execute(input());
    expect(preview).toEqual({
      datasetPid: '20.500.12345/e001',
      source: {
        facility: 'PSI',
        collection: 'eeeeeeee-0000-4000-8000-000000000001',
        path: '/p123/run1',
        scopes: ['scope:PSI'],
      },
      destination: {
        facility: 'CSCS',
        collection: 'ffffffff-0000-4000-8000-000000000001',
        path: '/archive/e001',
        scopes: ['scope:CSCS'],
      },
      copy: {
        verifyChecksum: true,
        preserveTimestamp: false,
        encryptData: false,
        fileList: 'leaves',
        recursiveSymlinks: 'keep',
      },
      autoArchive: true,
      finalize: 'archive',
      afterwards:
        'Once its files have arrived, the dataset is marked as archivable, and an archive job is created.',
      symlinks: 'Symbolic links are copied as links.',
      listedFiles: undefined,
      next: { kind: 'starts', slot: true, waitsFor: '' },
    });
    expect(rules.map(inShort)).toEqual([
      ['source-facility', 'passed', undefined, undefined],
      ['destination-facility', 'passed', undefined, undefined],
      ['source-access', 'passed', ['PSI'], ['PSI']],
      ['destination-access', 'passed', ['CSCS'], ['CSCS']],
      ['dataset-readable', 'passed', undefined, undefined],
      ['dataset-owner-group', 'passed', ['p123'], ['p123']],
      ['collection-root', 'passed', ['/data'], ['/data']],
      ['pid', 'passed', undefined, ['20.500.12345/e001']],
      ['source-folder', 'passed', undefined, ['/data/p123/run1']],
      ['inside-root', 'passed', ['/data'], ['/data/p123/run1']],
      ['user-name-in-path', 'not-needed', undefined, ['alice']],
      ['owner-group-in-path', 'passed', undefined, ['p123']],
      ['allowed-folders', 'passed', ['/data/p123'], ['/data/p123/run1']],
      ['source-path', 'passed', undefined, ['/p123/run1']],
      ['destination-path', 'passed', undefined, ['/archive/e001']],
    ]);
    expect(rules.map(({ rule }) => rule)).toEqual(RULES);
    expect(rules.every(({ message }) => /^["A-Z].*\.$/.test(message))).toBe(true);
  });

  const previewed = (
    destination: Parameters<typeof aFacility>[1],
    lifecycle: Partial<Dataset['lifecycle']> = {},
    autoArchive = true,
  ) => {
    const facilities = [aFacility('PSI'), aFacility('CSCS', destination)];
    const other = configOf({ facilities });
    const previews = new PreviewTransfer({
      tracking,
      events,
      facilities: authorizationOf(other),
      config: other,
    });
    const found = { ...aDataset().lifecycle, ...lifecycle };
    const dataset = Promise.resolve(aDataset({ lifecycle: found }));
    const parameters = { ...input().parameters, autoArchive };
    return previews.execute(input({ dataset, parameters }));
  };

  test('says that a dataset that is archived already is not marked or archived again', async () => {
    const archived = { retrievable: true, archiveStatusMessage: 'datasetOnArchiveDisk' };
    expect(await previewed({}, archived)).toMatchObject({
      finalize: 'already-archived',
      afterwards:
        'The dataset is neither marked as archivable nor archived, because it is already archived, or being archived (archive status "datasetOnArchiveDisk", retrievable). autoArchive=true has no effect.',
    });
  });

  test('says that a beamline as the destination does not archive, even with autoArchive', async () => {
    expect(await previewed({ finalize: 'none' })).toMatchObject({
      finalize: 'none',
      afterwards:
        'The dataset is neither marked as archivable nor archived, because facility "CSCS" is configured with "finalize: none". autoArchive=true has no effect.',
    });
    expect((await previewed({ finalize: 'none' }, {}, false)).afterwards).not.toContain('effect');
  });

  test('says that there is no archive job without autoArchive', async () => {
    expect((await previewed({}, {}, false)).afterwards).toBe(
      'Once its files have arrived, the dataset is marked as archivable. No archive job is created, because autoArchive is false.',
    );
  });

  test('says which links of a folder transfer are left out, and why', async () => {
    expect(await previewed({ symlinks: 'refuse' })).toMatchObject({
      copy: { recursiveSymlinks: 'ignore' },
      symlinks:
        'Symbolic links are left out, because facility "CSCS" is configured with "symlinks: refuse".',
    });
  });

  test('shows a placeholder for the key of the transfer, and says so', async () => {
    const destinationPath = aDestinationTemplate('/in/{{ .TransferKey }}');
    const { destination, rules } = await previewed({ destinationPath });
    expect(destination.path).toBe('/in/{TransferKey}');
    expect(rules.at(-1)?.message).toMatch(/stands for a UUID that is generated for each transfer/);
  });

  test('tells nothing of the groups of a user but the one that counted', async () => {
    const requester = anAsker({ accessGroups: ['PSI', 'CSCS', 'p123', 'a-private-matter'] });
    expect(JSON.stringify(await service.execute(input({ requester })))).not.toContain('private');
  });

  test('reserves no room, takes no submission id, and tracks nothing', async () => {
    tracking.admit = () => Promise.reject(new Error('A preview admits nothing.'));
    await service.execute(input({ files: listed([{ path: 'a', isSymlink: false }]) }));
    expect([tracking.accepted, tracking.tracked.size]).toEqual([[], 0]);
  });

  test('says why it would wait', async () => {
    tracking.slot = false;
    expect((await service.execute(input())).next).toEqual({
      kind: 'starts',
      slot: false,
      waitsFor: 'others were before',
    });
  });

  test('counts each listed path once', async () => {
    const files = ['b', 'a', 'b'].map((path) => ({ path, isSymlink: false }));
    expect((await service.execute(input({ files: listed(files) }))).listedFiles).toBe(2);
  });

  test('finds the very transfer that the request would find, and needs no place then', async () => {
    const clock = new VirtualClock();
    const request = new RequestTransfer({
      jobs: new FakeTransferJobs(() => clock.now()),
      fileLists: new FakeSpool(() => clock.now()),
      tracking,
      events,
      config,
      facilities: authorizationOf(config),
      clock,
      newUuid: () => jobIdOf(7),
    });
    const files = ['b', 'a'].map((path) => ({ path, isSymlink: false }));
    const jobId = await request.execute(input({ files: listed(files) }));
    expect((await service.execute(input())).next).toMatchObject({ kind: 'starts' });
    tracking.refusal = new QueueFullError('full');
    expect((await service.execute(input({ files: listed(files.toReversed()) }))).next).toEqual({
      kind: 'repeats',
      jobId,
    });
  });
});

describe('what a request would be refused', () => {
  test.each<[string, Partial<TransferRequestOptions>, string, string]>([
    [
      'an unknown facility',
      { parameters: { ...input().parameters, destFacility: 'X' } },
      AccessDeniedError.name,
      'destination-unknown',
    ],
    [
      'no group for the destination',
      { requester: anAsker({ accessGroups: ['PSI', 'p123'] }) },
      AccessDeniedError.name,
      'access:CSCS',
    ],
    [
      "another group's dataset",
      { requester: anAsker({ accessGroups: ['PSI', 'CSCS'] }) },
      AccessDeniedError.name,
      'dataset-owner-group',
    ],
    [
      'another root than the configured one',
      { parameters: { ...input().parameters, collectionRootPath: '/other' } },
      InvalidRequestError.name,
      'path:root-differs',
    ],
    [
      'a dataset that can not be read',
      { dataset: Promise.reject(new InvalidRequestError('no such dataset')) },
      InvalidRequestError.name,
      'dataset-unreadable',
    ],
  ])('%s is refused, and noted as a preview', async (_what, parts, name, rule) => {
    parts.dataset?.catch(() => undefined);
    await expect(service.execute(input(parts))).rejects.toMatchObject({ name });
    expect(events.of('decided')).toMatchObject([{ operation: 'preview', allowed: false, rule }]);
  });

  test('a file that is not in the dataset', async () => {
    const files = [{ path: '../x', isSymlink: false }];
    await expect(service.execute(input({ files: listed(files) }))).rejects.toThrow(
      InvalidRequestError,
    );
  });

  test('a full queue', async () => {
    tracking.refusal = new QueueFullError('full');
    await expect(service.execute(input())).rejects.toThrow(QueueFullError);
  });
});
