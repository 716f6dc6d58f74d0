import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  aDataset,
  aDestinationTemplate,
  aFacility,
  anAsker,
  aPathTemplate,
  aRecord,
  aRunningTransfer,
  type ConfigParts,
  authorizationOf,
  configOf,
  jobIdOf,
  keyOf,
  REQUEST_ID,
} from '../../../test/support/builders.js';
import { FakeTransferJobs } from '../../../test/support/fake-scicat.js';
import { VirtualClock } from '../../../test/support/virtual-clock.js';
import { FakeSpool } from '../../../test/support/fake-file-list-store.js';
import { FakeTracking } from '../../../test/support/fake-tracking.js';
import { RecordedEvents } from '../../../test/support/recorded-events.js';
import {
  accountRefused,
  doubtful,
  down,
  rejected,
  timeout,
} from '../../../test/support/upstream-failures.js';
import {
  AccessDeniedError,
  InvalidRequestError,
  QueueFullError,
  SpoolUnavailableError,
  TransferRefusedError,
} from '../../errors/request.errors.js';
import {
  DatasetGoneError,
  LoginRefusedError,
  ServiceAccountError,
  UpstreamSetupError,
  UpstreamUnavailableError,
} from '../../errors/upstream.errors.js';
import { type FileEntry } from '../../file-lists/file-list.js';
import { readJob } from '../../domain/job-reading.js';
import type { Dataset } from '../../ports/datasets.port.js';
import type { TransferRequestOptions } from './assess-request.js';
import { RequestTransfer } from './request-transfer.js';
import { fileListOf } from '../../../test/support/file-lists.js';

const FIRST_JOB = jobIdOf(901);
const FILES: readonly FileEntry[] = [
  { path: 'b', isSymlink: true },
  { path: 'a', isSymlink: false },
];
let clock: VirtualClock;
let jobs: FakeTransferJobs;
let spool: FakeSpool;
let tracking: FakeTracking;
let events: RecordedEvents;
let service: RequestTransfer;
beforeEach(() => {
  setUp();
});

function setUp(config: ConfigParts = {}): void {
  clock = new VirtualClock();
  jobs = new FakeTransferJobs(() => clock.now());
  spool = new FakeSpool(() => clock.now());
  tracking = new FakeTracking();
  events = new RecordedEvents();
  let keys = 0;
  const snapshots = configOf(config);
  service = new RequestTransfer({
    jobs,
    fileLists: spool,
    tracking,
    events,
    config: snapshots,
    facilities: authorizationOf(snapshots),
    clock,
    newUuid: () => keyOf((keys += 1)),
  });
}

type InputParts = Partial<Omit<TransferRequestOptions, 'files'>> & {
  readonly files?: readonly FileEntry[];
};

function input({ files, ...parts }: InputParts = {}): TransferRequestOptions {
  return {
    requester: anAsker(),
    dataset: Promise.resolve(aDataset()),
    parameters: {
      sourceFacility: 'PSI',
      destFacility: 'CSCS',
      scicatPid: '20.500.12345/e001',
      autoArchive: true,
    },
    files: () => Promise.resolve(files === undefined ? undefined : fileListOf(files)),
    ...parts,
  };
}
/** Lets a request end, however long it waits. */
async function ended<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  await clock.advance(60_000);
  return promise;
}
const request = (parts: InputParts = {}): Promise<string> => ended(service.execute(input(parts)));
const disowned = (): readonly string[] =>
  tracking.creations.flatMap((outcome) => (outcome.kind === 'disowned' ? [outcome.key] : []));
/** What is left behind by a request that was not accepted. */
const traces = () => [
  jobs.stored.size,
  spool.lists.size,
  tracking.reserved,
  tracking.accepted.length,
];

describe('the order of the steps', () => {
  test('the file list is stored before the job, and the job holds the submission id', async () => {
    const steps: string[] = [];
    spool.put = (() => {
      const put = spool.put.bind(spool);
      return (key, files) => (steps.push('spool'), put(key, files));
    })();
    jobs.create = (() => {
      const create = jobs.create.bind(jobs);
      return (job) => (steps.push('job'), create(job));
    })();
    expect(await request({ files: FILES })).toBe(FIRST_JOB);
    expect(steps).toEqual(['spool', 'job']);
    const job = jobs.stored.get(FIRST_JOB);
    if (job === undefined) throw new Error('no job');
    expect(readJob(job, true)).toMatchObject({
      kind: 'open',
      transfer: { submissionId: 'from-the-stock', key: keyOf(1) },
    });
    expect(spool.lists.get(keyOf(1))?.files).toEqual([FILES[1], FILES[0]]);
  });

  test('the record says all that was asked for', async () => {
    await request();
    const [transfer] = tracking.accepted;
    expect(transfer?.origin).toEqual({
      kind: 'recorded',
      record: aRecord({
        source: {
          facility: 'PSI',
          collection: 'eeeeeeee-0000-4000-8000-000000000001',
          path: '/data/run1',
          scopes: ['scope:PSI'],
        },
        destination: {
          facility: 'CSCS',
          collection: 'ffffffff-0000-4000-8000-000000000001',
          path: '/archive/e001',
          scopes: ['scope:CSCS'],
        },
        copy: { ...aRecord().copy, fileList: 'leaves', recursiveSymlinks: 'keep' },
        lifecycle: aDataset().lifecycle,
        submissionId: 'from-the-stock',
        version: 4,
        access: {
          source: { path: 'profile.accessGroups', value: 'PSI' },
          destination: { path: 'profile.accessGroups', value: 'CSCS' },
        },
      }),
    });
  });

  test.each(['PSI', 'CSCS'])('a folder is copied without links if %s takes none', async (name) => {
    const strict = (facility: string) =>
      aFacility(facility, { symlinks: facility === name ? 'refuse' : 'keep' });
    setUp({ facilities: [strict('PSI'), strict('CSCS')] });
    await request();
    expect(tracking.accepted[0]?.origin).toMatchObject({
      record: { copy: { recursiveSymlinks: 'ignore' } },
    });
  });

  describe('what happens to the dataset is decided when it is requested', () => {
    const finalized = async (
      lifecycle: Partial<Dataset['lifecycle']>,
      finalize: 'archive' | 'none' = 'archive',
    ) => {
      setUp({ facilities: [aFacility('PSI'), aFacility('CSCS', { finalize })] });
      const found = { ...aDataset().lifecycle, ...lifecycle };
      await request({ dataset: Promise.resolve(aDataset({ lifecycle: found })) });
      const origin = tracking.accepted[0]?.origin;
      return origin?.kind === 'recorded' ? origin.record : undefined;
    };

    test.each([
      [{ retrievable: true }],
      [{ archiveStatusMessage: 'scheduledForArchiving' }],
      [{ archiveStatusMessage: 'started', archivable: true }],
      [{ archiveStatusMessage: 'datasetOnArchiveDisk', retrievable: true }],
      [{ archiveStatusMessage: 'a status of some other archive' }],
    ])('a dataset with %j is not touched, whatever the destination wants', async (lifecycle) => {
      expect(await finalized(lifecycle)).toMatchObject({ finalize: 'already-archived', lifecycle });
      expect(await finalized(lifecycle, 'none')).toMatchObject({ finalize: 'already-archived' });
    });

    test.each(['', 'datasetCreated', 'filesNotYetAvailable', 'origDatablocksNotYetAvailable'])(
      'one with the status "%s" is not archived yet: the destination decides',
      async (archiveStatusMessage) => {
        expect(await finalized({ archiveStatusMessage })).toMatchObject({ finalize: 'archive' });
        expect(await finalized({ archiveStatusMessage }, 'none')).toMatchObject({
          finalize: 'none',
        });
      },
    );

    test('a status of any length fits into the job', async () => {
      const record = await finalized({ archiveStatusMessage: 'x'.repeat(1e6) });
      expect(record?.lifecycle?.archiveStatusMessage).toHaveLength(200);
    });
  });

  test('each transfer has a folder of its own if the destination wants that; equal requests repeat it', async () => {
    const destinationPath = aDestinationTemplate('/in/{{ .TransferKey }}');
    setUp({ facilities: [aFacility('PSI'), aFacility('CSCS', { destinationPath })] });
    const first = await request();
    expect(await request()).toBe(first);
    expect(await request({ parameters: { ...input().parameters, autoArchive: false } })).not.toBe(
      first,
    );
    const paths = tracking.accepted.map(({ key, origin }) => [
      key,
      origin.kind === 'recorded' ? origin.record.destination.path : '',
    ]);
    expect(paths).toEqual(paths.map(([key]) => [key, `/in/${key}`]));
    expect(new Set(paths.flat()).size).toBe(4);
  });

  test('without a slot it takes no submission id and says what it waits for', async () => {
    tracking.slot = false;
    expect(await request()).toBe(FIRST_JOB);
    expect(tracking.accepted[0]).toMatchObject({
      submissionId: undefined,
      status: { state: 'waiting', reason: 'others were before', submission: 'not-sent' },
    });
  });

  test('the list of one that waits is noted as named by a job, and is its user’s', async () => {
    tracking.slot = false;
    await request({ files: FILES });
    expect(spool.lists.get(keyOf(1))).toMatchObject({ named: true, owner: 'alice' });
    // What can't be noted now is noted by the sweep.
    spool.faults.next('markNamed', { before: new SpoolUnavailableError('disk full') });
    expect(await request({ files: FILES.slice(1) })).toBe(jobIdOf(902));
    expect(spool.lists.get(keyOf(2))?.named).toBe(false);
  });

  test("a facility's own copy options win over the service's, the destination's most", async () => {
    setUp({
      facilities: [
        aFacility('PSI', { verifyChecksum: true, syncLevel: 1 }),
        aFacility('CSCS', { verifyChecksum: false }),
      ],
    });
    await request();
    expect(tracking.accepted[0]?.origin).toMatchObject({
      record: { copy: { verifyChecksum: false, syncLevel: 1 } },
    });
  });
});

describe('the job may be there although SciCat said no or nothing', () => {
  test.each([
    ['a time-out', timeout()],
    ['a 400 after storing', doubtful()],
  ])('%s: it is found by its key and goes on', async (_what, after) => {
    jobs.faults.next('create', { after });
    expect(await request({ files: FILES })).toBe(FIRST_JOB);
    expect([jobs.stored.size, tracking.accepted.length, disowned()]).toEqual([1, 1, []]);
  });

  test('found at the second look, after one that failed', async () => {
    jobs.faults.next('create', { after: timeout() });
    jobs.faults.next('findByKey', { before: down() });
    expect(await request()).toBe(FIRST_JOB);
  });

  test('not found: 503, and it is disowned, since it may still turn up', async () => {
    jobs.faults.next('create', { before: timeout() });
    await expect(request({ files: FILES })).rejects.toThrow(UpstreamUnavailableError);
    expect([disowned(), tracking.accepted, tracking.reserved]).toEqual([[keyOf(1)], [], 0]);
  });

  test('not found after a 400: SciCat refuses the jobs of this service, which is not the user’s fault', async () => {
    jobs.faults.next('create', { before: doubtful() });
    await expect(request()).rejects.toMatchObject({
      name: 'UpstreamUnavailableError',
      message:
        'SciCat is not set up to accept the transfer jobs of this service, so nothing was started. The operator of this service has to correct this; there is nothing wrong with your request.',
    });
    expect(tracking.creations).toStrictEqual([
      { kind: 'disowned', key: keyOf(1) },
      { kind: 'not-permitted', reason: doubtful().message, obstacle: 'setup' },
    ]);
  });

  test('a missing job type: 503, the operator is told, nothing is left behind', async () => {
    const wrong = new UpstreamSetupError('SciCat', 'SciCat does not have the job type.');
    jobs.faults.next('create', { before: wrong });
    await expect(request({ files: FILES })).rejects.toMatchObject({
      name: 'UpstreamUnavailableError',
      message: expect.stringContaining('nothing wrong with your request') as unknown,
    });
    expect([traces(), tracking.creations]).toStrictEqual([
      [0, 0, 0, 0],
      [{ kind: 'not-permitted', reason: wrong.message, obstacle: 'setup' }],
    ]);
  });

  test('a dataset that was deleted since it was read: 400 that names it, and no alarm', async () => {
    jobs.faults.next('create', { before: new DatasetGoneError('SciCat', 'Gone.') });
    await expect(request({ files: FILES })).rejects.toMatchObject({
      name: 'InvalidRequestError',
      message:
        'Dataset 20.500.12345/e001 is no longer in SciCat, so nothing was started. Check the PID (scicatPid).',
    });
    expect([traces(), tracking.creations]).toEqual([[0, 0, 0, 0], []]);
  });

  test.each([
    ['a refused connection', down()],
    ['our own account', accountRefused()],
    ["our own account, by SciCat's 400", new ServiceAccountError('SciCat', 'No.', { status: 400 })],
    ['a 403', rejected(403)],
  ])('certainly not stored (%s): 503, nothing is left behind', async (_what, before) => {
    jobs.faults.next('create', { before });
    await expect(request({ files: FILES })).rejects.toThrow(UpstreamUnavailableError);
    expect([traces(), disowned()]).toEqual([[0, 0, 0, 0], []]);
  });
});

describe('equal requests', () => {
  test('a later one is answered with the open job, also with the list in another order', async () => {
    expect(await request({ files: FILES })).toBe(FIRST_JOB);
    expect(await request({ files: FILES.toReversed() })).toBe(FIRST_JOB);
    expect([jobs.stored.size, events.of('repeated').length]).toEqual([1, 1]);
  });

  test('after a failed one the next is carried out', async () => {
    jobs.faults.next('create', { before: down() });
    await expect(request()).rejects.toThrow(UpstreamUnavailableError);
    expect(await request()).toBe(FIRST_JOB);
  });

  test('one that somebody wants to end does not count', async () => {
    await request();
    const transfer = tracking.find(FIRST_JOB)?.transfer;
    if (transfer === undefined) throw new Error('not tracked');
    const endRequested = { reason: 'user', by: 'alice', at: '', remove: false } as const;
    tracking.tracked.set(FIRST_JOB, { ...transfer, endRequested });
    expect(await request()).toBe(jobIdOf(902));
  });

  test('other parameters are other transfers', async () => {
    await request();
    await request({ parameters: { ...input().parameters, autoArchive: false } });
    await request({ files: FILES });
    await request({
      files: [
        { path: 'a', isSymlink: true },
        { path: 'b', isSymlink: true },
      ],
    });
    expect(jobs.stored.size).toBe(4);
  });
});

test("the service is told whether SciCat lets its account create jobs, and of a user's own fault nothing", async () => {
  const noLogin = new LoginRefusedError('SciCat', 'Wrong password.', { status: 401 });
  jobs.faults.next(
    'create',
    ...[accountRefused(), noLogin, new DatasetGoneError('SciCat', 'Gone.')].map((before) => ({
      before,
    })),
  );
  await expect(request()).rejects.toThrow(UpstreamUnavailableError);
  await expect(request()).rejects.toThrow(UpstreamUnavailableError);
  await expect(request()).rejects.toThrow(InvalidRequestError);
  await request();
  expect(tracking.creations).toStrictEqual([
    { kind: 'not-permitted', reason: accountRefused().message, obstacle: 'permission' },
    { kind: 'not-permitted', reason: noLogin.message, obstacle: 'login' },
    { kind: 'created' },
  ]);
});

describe('what is refused leaves nothing behind', () => {
  test('a full queue', async () => {
    tracking.refusal = new QueueFullError('full');
    await expect(request({ files: FILES })).rejects.toThrow(QueueFullError);
    expect([traces(), spool.faults.calls, jobs.faults.calls]).toEqual([[0, 0, 0, 0], [], []]);
  });

  test('a spool that is full', async () => {
    spool.faults.next('put', { before: new SpoolUnavailableError('disk full') });
    await expect(request({ files: FILES })).rejects.toThrow(SpoolUnavailableError);
    expect([traces(), jobs.faults.calls]).toEqual([[0, 0, 0, 0], []]);
  });

  test.each<readonly [string, InputParts, string, string]>([
    [
      'an unknown facility',
      { parameters: { ...input().parameters, sourceFacility: 'X' } },
      'AccessDeniedError',
      'source-unknown',
    ],
    [
      'no group for the source',
      { requester: anAsker({ accessGroups: ['CSCS', 'p123'] }) },
      'AccessDeniedError',
      'access:PSI',
    ],
    [
      'no group for the destination',
      { requester: anAsker({ accessGroups: ['PSI', 'p123'] }) },
      'AccessDeniedError',
      'access:CSCS',
    ],
    [
      "another group's dataset",
      { requester: anAsker({ accessGroups: ['PSI', 'CSCS'] }) },
      'AccessDeniedError',
      'dataset-owner-group',
    ],
    [
      'a root beside the dataset',
      { parameters: { ...input().parameters, collectionRootPath: '/other' } },
      'InvalidRequestError',
      'path:outside-root',
    ],
  ])('%s', async (_what, parts, error, rule) => {
    await expect(request(parts)).rejects.toMatchObject({ name: error });
    expect(traces()).toEqual([0, 0, 0, 0]);
    expect(events.of('decided')).toMatchObject([{ allowed: false, rule, operation: 'request' }]);
  });

  test.each(['', ' '])(
    'a dataset without an owner group (%j) belongs to nobody, not to everybody: a fault of the dataset',
    async (ownerGroup) => {
      const dataset = Promise.resolve(aDataset({ ownerGroup }));
      const requester = anAsker({ accessGroups: ['PSI', 'CSCS', ownerGroup] });
      await expect(request({ dataset, requester })).rejects.toMatchObject({
        name: 'InvalidRequestError',
        message:
          "Dataset 20.500.12345/e001 has no owner group in SciCat, so it can't be transferred. Give it an ownerGroup first.",
      });
      expect(traces()).toEqual([0, 0, 0, 0]);
    },
  );

  test('a wrong direction', async () => {
    setUp({ facilities: [aFacility('PSI', { direction: 'DST' }), aFacility('CSCS')] });
    await expect(request()).rejects.toThrow(AccessDeniedError);
  });

  test.each<readonly [string, readonly FileEntry[]]>([
    ['no entry', []],
    ['a way out', [{ path: '../x', isSymlink: false }]],
    ['an absolute path', [{ path: '/etc/passwd', isSymlink: false }]],
    [
      'one path as link and as file',
      [
        { path: 'a', isSymlink: false },
        { path: 'a', isSymlink: true },
      ],
    ],
  ])('a file list with %s', async (_what, files) => {
    await expect(request({ files })).rejects.toThrow(InvalidRequestError);
    expect(traces()).toEqual([0, 0, 0, 0]);
  });

  test.each([
    ['the source', [aFacility('PSI'), aFacility('CSCS')]],
    [
      'the destination',
      [
        aFacility('PSI', { sourcePath: aPathTemplate(aFacility('CSCS').destinationPath.source) }),
        aFacility('CSCS', { destinationPath: aFacility('PSI').sourcePath }),
      ],
    ],
  ])('a file "~/x" where %s folder is the top of a collection', async (_w, facilities) => {
    setUp({ facilities });
    const wish = { ...input().parameters, collectionRootPath: '/data/run1' };
    const asked = request({ parameters: wish, files: [{ path: '~/x', isSymlink: false }] });
    await expect(asked).rejects.toThrow(/^Entry 0 of the file list can't be used: .*"~"/);
    expect(traces()).toEqual([0, 0, 0, 0]);
  });

  test('a file "~/x" below a folder is a file', async () => {
    await request({ files: [{ path: '~/x', isSymlink: false }] });
    expect(tracking.accepted.length).toBe(1);
  });

  test('a path named twice is copied once', async () => {
    await request({ files: [...FILES, ...FILES] });
    expect(spool.lists.get(keyOf(1))?.files.length).toBe(2);
  });
});

describe('what a job can hold', () => {
  const sealed = () =>
    [...jobs.stored.values()].map(
      ({ globusTransfer }) => (globusTransfer as { readonly sealed: string }).sealed,
    );

  test('a list of every second entry a link leaves a small record, and equal ones are recognized', async () => {
    const files = Array.from({ length: 40_000 }, (_, n) => ({
      path: `${n}`,
      isSymlink: n % 2 === 1,
    }));
    expect(await request({ files })).toBe(FIRST_JOB);
    expect(sealed().map(({ length }) => length < 2_000)).toEqual([true]);
    expect(await request({ files: files.toReversed() })).toBe(FIRST_JOB);
    const other = files.map((file) => (file.path === '7' ? { ...file, isSymlink: false } : file));
    expect(await request({ files: other })).toBe(jobIdOf(902));
  });

  test.each([
    [
      'source folder',
      { sourceFolder: `/data/${'x'.repeat(5_000)}` },
      /The path of the folder to copy/,
    ],
    ['PID', { pid: `20.500.12345/${'x'.repeat(2_000)}` }, /PID is too long/],
    ['owner group', { ownerGroup: 'g'.repeat(600) }, /owner group is too long/],
  ])(
    'a dataset with a longer %s is refused, and the decision is noted',
    async (_what, parts, reason) => {
      const requester = anAsker({ accessGroups: ['PSI', 'CSCS', 'p123', 'g'.repeat(600)] });
      const dataset = Promise.resolve(aDataset(parts));
      await expect(request({ requester, dataset })).rejects.toThrow(InvalidRequestError);
      expect(traces()).toEqual([0, 0, 0, 0]);
      expect(events.of('decided')).toMatchObject([
        { allowed: false, rule: 'record', reason: expect.stringMatching(reason) as unknown },
      ]);
    },
  );

  test('scopes that make the record too long are refused, with what to do', async () => {
    const scopes = Array.from({ length: 100 }, (_, n) => `${n}`.padEnd(500, 'x'));
    setUp({ facilities: [aFacility('PSI', { scopes }), aFacility('CSCS')] });
    await expect(request()).rejects.toThrow(
      /^This transfer can't be recorded in SciCat: its record would have \d+ characters, and at most 65536 are allowed\./,
    );
    expect(traces()).toEqual([0, 0, 0, 0]);
  });
});

describe('the answer', () => {
  test('is an error when Globus refuses for good', async () => {
    tracking.refusedByGlobus = 'permission denied';
    await expect(request()).rejects.toThrow(TransferRefusedError);
  });

  test('an equal transfer that runs already is answered at once, without a place', async () => {
    await request();
    tracking.refusal = new QueueFullError('full');
    expect(await request()).toBe(FIRST_JOB);
    expect(aRunningTransfer().jobId).not.toBe(FIRST_JOB);
  });
});

describe('every decision leaves an audit line', () => {
  const decision = {
    kind: 'decided',
    requestId: REQUEST_ID,
    operation: 'request',
    username: 'alice',
    datasetPid: '20.500.12345/e001',
    sourceFacility: 'PSI',
    destinationFacility: 'CSCS',
  };

  test('allowed: by which groups, and from which folder to which', async () => {
    await request();
    expect(events.all).toEqual([
      {
        ...decision,
        allowed: true,
        rule: 'all',
        reason:
          'The SciCat account has "PSI" at profile.accessGroups. The SciCat account has "CSCS" at profile.accessGroups. The user is in the dataset\'s owner group "p123".',
        sourcePath: '/data/run1',
        destinationPath: '/archive/e001',
      },
    ]);
  });

  test('refused: why, in words', async () => {
    await expect(
      request({ requester: anAsker({ accessGroups: ['CSCS', 'p123'] }) }),
    ).rejects.toThrow();
    expect(events.all).toEqual([
      {
        ...decision,
        allowed: false,
        rule: 'access:PSI',
        reason: expect.stringContaining('does not have "PSI" at profile.accessGroups'),
      },
    ]);
  });

  test('not decided, as SciCat was away: that is said, with what SciCat said', async () => {
    await expect(request({ dataset: Promise.reject(rejected()) })).rejects.toThrow();
    expect(events.all).toEqual([
      {
        ...decision,
        allowed: false,
        rule: 'dataset-unreadable',
        reason: expect.stringContaining('SciCat'),
      },
    ]);
  });
});
