import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  aJob,
  aJobOf,
  anAsker,
  aRunningTransfer,
  aTransfer,
  configOf,
  jobIdOf,
  REQUEST_ID,
  SERVICE_USER,
  START,
  taskIdFor,
} from '../../../test/support/builders.js';
import { FakeTransferJobs } from '../../../test/support/fake-scicat.js';
import { FakeTracking } from '../../../test/support/fake-tracking.js';
import { RecordedEvents } from '../../../test/support/recorded-events.js';
import { VirtualClock } from '../../../test/support/virtual-clock.js';
import {
  AccessDeniedError,
  AlreadyEndedError,
  InvalidRequestError,
  JobNotFoundError,
  NotReadyError,
} from '../../errors/request.errors.js';
import { jobView } from '../../domain/job-view.js';
import { CancelTransfer } from './cancel-transfer.js';
import { LookUpTransfers } from './look-up-transfers.js';

const JOB = jobIdOf(1);
const MALLORY = anAsker({ username: 'mallory', accessGroups: ['other'] });
/** What must never happen to be an identity, but would match every empty owner. */
const NOBODY = anAsker({ username: '', accessGroups: [''] });
const OPERATOR = anAsker({ username: 'olivia', accessGroups: ['ops'] });
const COLLEAGUE = anAsker({ username: 'carol', accessGroups: ['p123'] });
const ENDED = aTransfer({ status: { state: 'failed', taskId: taskIdFor(1), error: 'broken' } });

let jobs: FakeTransferJobs;
let tracking: FakeTracking;
let cancel: CancelTransfer;
let lookUp: LookUpTransfers;
let events: RecordedEvents;
beforeEach(() => {
  const clock = new VirtualClock();
  events = new RecordedEvents();
  jobs = new FakeTransferJobs(() => clock.now());
  tracking = new FakeTracking();
  const scicat = {
    formerServiceUsers: [],
    statusCodes: 'numbers',
    operatorGroups: ['ops'],
  } as const;
  const config = configOf({ scicat });
  cancel = new CancelTransfer({ jobs, tracking, events, clock, config });
  lookUp = new LookUpTransfers({ jobs, tracking, events, config });
});

const follow = (): void => {
  tracking.tracked.set(JOB, aRunningTransfer());
  jobs.put(aJob());
};
const wish = (by: string, remove: boolean) => ({
  jobId: JOB,
  request: { reason: 'user', by, at: new Date(START).toISOString(), remove },
});

describe('cancelling', () => {
  test.each([
    ['its user', anAsker(), 'alice'],
    ['somebody of its owner group', COLLEAGUE, 'carol'],
  ])('by %s', async (_who, requester, by) => {
    follow();
    await cancel.execute(requester, JOB, false);
    expect(tracking.ends).toEqual([wish(by, false)]);
  });

  test.each([
    ['somebody else', MALLORY],
    ['nobody', NOBODY],
  ])('not by %s, followed or not', async (_who, requester) => {
    follow();
    await expect(cancel.execute(requester, JOB, true)).rejects.toThrow(AccessDeniedError);
    tracking.tracked.clear();
    jobs.put(aJob({ ownerUser: '', ownerGroup: '' }));
    await expect(cancel.execute(requester, JOB, true)).rejects.toThrow(AccessDeniedError);
    expect([tracking.ends, jobs.stored.size]).toEqual([[], 1]);
  });

  test.each([
    ['a job of another type', { type: 'archive' }],
    ['a job with a forged record that somebody else made', { createdBy: 'alice' }],
  ])('%s does not exist for us and is not removed', async (_what, parts) => {
    jobs.put(aJob(parts));
    await expect(cancel.execute(anAsker(), JOB, true)).rejects.toThrow(JobNotFoundError);
    expect([jobs.stored.size, jobs.faults.calls]).toEqual([1, ['read']]);
  });

  test('an unknown job', async () => {
    await expect(cancel.execute(anAsker(), JOB, true)).rejects.toThrow(JobNotFoundError);
  });

  test('an open job that is not followed yet is taken up first', async () => {
    jobs.put(aJob());
    await cancel.execute(anAsker(), JOB, true);
    expect(tracking.ends).toEqual([wish('alice', true)]);
  });

  test('an ended one is refused, unless it is to be removed', async () => {
    jobs.put(aJobOf(ENDED, jobView(ENDED)));
    await expect(cancel.execute(anAsker(), JOB, false)).rejects.toThrow(AlreadyEndedError);
    await cancel.execute(anAsker(), JOB, true);
    expect([jobs.stored.size, tracking.ends]).toEqual([0, []]);
    expect(events.of('audited')).toEqual([
      {
        kind: 'audited',
        action: 'remove',
        subject: {
          requestId: REQUEST_ID,
          jobId: JOB,
          datasetPid: '20.500.12345/e1',
          requester: 'alice',
          ownerGroup: 'p123',
          sourceFacility: 'PSI',
          destinationFacility: 'CSCS',
        },
        by: 'alice',
        reason: 'requested after the end of the transfer',
      },
    ]);
  });

  test('one whose end is not written yet is refused, or removed by its writer', async () => {
    tracking.tracked.set(JOB, ENDED);
    await expect(cancel.execute(anAsker(), JOB, false)).rejects.toThrow(AlreadyEndedError);
    await cancel.execute(anAsker(), JOB, true);
    expect(tracking.ends).toEqual([wish('alice', true)]);
  });

  test('not before the service is ready: nobody could keep the wish', async () => {
    tracking.ready = false;
    follow();
    await expect(cancel.execute(anAsker(), JOB, false)).rejects.toThrow(NotReadyError);
    expect(tracking.ends).toEqual([]);
  });
});

describe('looking up', () => {
  test('a followed one is shown as it is now, without asking SciCat', async () => {
    follow();
    expect(await lookUp.one(anAsker(), JOB)).toMatchObject({
      transferId: JOB,
      status: 'transferring',
      globusTaskId: taskIdFor(1),
    });
    expect(jobs.faults.calls).toEqual([]);
  });

  test('an ended one is shown as SciCat has it', async () => {
    jobs.put(aJobOf(ENDED, jobView(ENDED)));
    expect(await lookUp.one(COLLEAGUE, JOB)).toMatchObject({ status: 'failed', message: 'broken' });
  });

  test.each([
    ['somebody else', MALLORY],
    ['nobody', NOBODY],
  ])('not for %s', async (_who, requester) => {
    follow();
    await expect(lookUp.one(requester, JOB)).rejects.toThrow(AccessDeniedError);
    tracking.tracked.clear();
    jobs.put(aJob({ ownerUser: '', ownerGroup: '' }));
    await expect(lookUp.one(requester, JOB)).rejects.toThrow(AccessDeniedError);
  });

  test.each([{ type: 'archive' }, { createdBy: 'alice' }])('%j is not there', async (parts) => {
    jobs.put(aJob(parts));
    await expect(lookUp.one(anAsker(), JOB)).rejects.toThrow(JobNotFoundError);
  });

  test('who asked may see it, also where SciCat replaced the user and when it has ended', async () => {
    const requester = anAsker({ accessGroups: [] });
    jobs.put({ ...aJob(), ownerUser: SERVICE_USER });
    expect((await lookUp.one(requester, JOB)).status).toBe('waiting');
    jobs.put({ ...aJobOf(ENDED, jobView(ENDED)), ownerUser: SERVICE_USER });
    expect((await lookUp.one(requester, JOB)).status).toBe('failed');
  });

  test('a list shows the living ones as they are, newest first', async () => {
    jobs.put(aJob({ number: 1 }), aJob({ number: 2, ownerUser: 'bob', ownerGroup: 'other' }));
    jobs.put(aJob({ number: 3, createdBy: 'mallory' }), aJob({ number: 4 }));
    tracking.tracked.set(JOB, aRunningTransfer());
    const page = await lookUp.list(anAsker(), 1, 10);
    expect([
      page.total,
      page.transfers.map(({ transferId, status }) => [transferId, status]),
    ]).toEqual([
      2,
      [
        [jobIdOf(4), 'waiting'],
        [JOB, 'transferring'],
      ],
    ]);
  });
});

describe('an operator', () => {
  const decision = {
    kind: 'decided',
    requestId: REQUEST_ID,
    allowed: true,
    rule: 'operator-group',
    reason: 'they are in the operator group "ops"',
    username: 'olivia',
  };
  const ended = (): void => {
    tracking.tracked.clear();
    jobs.put(aJobOf(ENDED, jobView(ENDED)));
  };

  test('cancels the transfer of somebody else, with a reason that is in job and log', async () => {
    follow();
    await cancel.execute(OPERATOR, JOB, false, ' the storage is full ');
    const note = 'the storage is full';
    const { request } = wish('olivia', false);
    expect(tracking.ends).toEqual([{ jobId: JOB, request: { ...request, note } }]);
    expect(events.all).toEqual([
      { ...decision, operation: 'cancel', jobId: JOB, statedReason: note },
    ]);
  });

  test('does not do so without a reason, tracked or not', async () => {
    follow();
    const refused = 'you may cancel it if you say why';
    await expect(cancel.execute(OPERATOR, JOB, false)).rejects.toThrow(refused);
    tracking.tracked.clear();
    await expect(cancel.execute(OPERATOR, JOB, false)).rejects.toThrow(refused);
    ended();
    await expect(cancel.execute(OPERATOR, JOB, true)).rejects.toThrow(refused);
    expect([tracking.ends, jobs.stored.size, events.all]).toEqual([[], 1, []]);
  });

  test('removes the job of an ended one, with a reason', async () => {
    ended();
    await cancel.execute(OPERATOR, JOB, true, 'it names a person');
    expect(jobs.stored.size).toBe(0);
    expect(events.all).toEqual([
      { ...decision, operation: 'cancel', jobId: JOB, statedReason: 'it names a person' },
      expect.objectContaining({
        kind: 'audited',
        action: 'remove',
        by: OPERATOR.identity.username,
      }),
    ]);
  });

  test('needs none for an own transfer, which is an ordinary one in the log', async () => {
    tracking.tracked.set(JOB, aRunningTransfer());
    const owner = anAsker({ accessGroups: ['ops'] });
    await cancel.execute(owner, JOB, false);
    expect(tracking.ends).toEqual([wish('alice', false)]);
    expect(events.all).toMatchObject([{ rule: 'job-owner', reason: 'the transfer is their own' }]);
  });

  test('looks at a transfer of somebody else, tracked or ended, and the log says so', async () => {
    follow();
    await lookUp.one(OPERATOR, JOB);
    ended();
    expect(await lookUp.one(OPERATOR, JOB, 'a call by alice')).toMatchObject({ status: 'failed' });
    const line = { ...decision, operation: 'look-up', jobId: JOB };
    expect(events.all).toEqual([line, { ...line, statedReason: 'a call by alice' }]);
  });

  test("lists everybody's, and the log says so", async () => {
    jobs.put(aJob({ number: 1 }), aJob({ number: 2, ownerUser: 'bob', ownerGroup: 'other' }));
    jobs.put(aJob({ number: 3, createdBy: 'mallory' }));
    expect((await lookUp.listAll(OPERATOR, 1, 10, 'a look around')).total).toBe(2);
    expect(events.all).toEqual([{ ...decision, operation: 'list', statedReason: 'a look around' }]);
  });

  test('is nobody who is not in one of the groups: they learn nothing, and the log says so', async () => {
    await expect(lookUp.listAll(anAsker(), 1, 10)).rejects.toThrow(
      new AccessDeniedError('You are not an operator of this service.'),
    );
    expect(jobs.faults.calls).toEqual([]);
    expect(events.all).toEqual([
      {
        ...decision,
        operation: 'list',
        allowed: false,
        reason: 'You are not an operator of this service.',
        username: 'alice',
      },
    ]);
  });

  test.each(['', 'a\nb', 'x'.repeat(301)])('states no reason such as %j', async (reason) => {
    follow();
    await expect(cancel.execute(OPERATOR, JOB, false, reason)).rejects.toThrow(InvalidRequestError);
    await expect(lookUp.one(OPERATOR, JOB, reason)).rejects.toThrow(InvalidRequestError);
    await expect(lookUp.listAll(OPERATOR, 1, 10, reason)).rejects.toThrow(InvalidRequestError);
    expect([tracking.ends, events.all]).toEqual([[], []]);
  });
});

describe('every decision leaves an audit line, with who, what and why', () => {
  const decision = {
    kind: 'decided',
    requestId: REQUEST_ID,
    jobId: JOB,
    rule: 'job-owner',
    allowed: true,
    username: 'alice',
  };

  test.each([
    ['cancel', () => cancel.execute(anAsker(), JOB, false)],
    ['look-up', () => lookUp.one(anAsker(), JOB)],
  ])('%s by its user', async (operation, ask) => {
    follow();
    await ask();
    expect(events.all).toEqual([{ ...decision, operation, reason: 'the transfer is their own' }]);
  });

  test('of a colleague: by which group', async () => {
    follow();
    await lookUp.one(COLLEAGUE, JOB);
    expect(events.all).toMatchObject([
      { username: 'carol', reason: 'they are in its owner group "p123"' },
    ]);
  });

  test.each([
    ['cancel', () => cancel.execute(MALLORY, JOB, false)],
    ['look-up', () => lookUp.one(MALLORY, JOB)],
  ])('%s by somebody else, and of what there is not', async (operation, ask) => {
    await expect(ask()).rejects.toThrow(JobNotFoundError);
    follow();
    await expect(ask()).rejects.toThrow(AccessDeniedError);
    const refused = { ...decision, operation, allowed: false, username: 'mallory' };
    expect(events.all).toEqual([
      { ...refused, rule: 'job-unknown', reason: `Transfer ${JOB} not found.` },
      {
        ...refused,
        reason: `Transfer ${JOB} belongs to another user, and you are not in its owner group.`,
      },
    ]);
  });

  test('a list', async () => {
    await lookUp.list(anAsker(), 1, 10);
    expect(events.all).toEqual([
      {
        kind: 'decided',
        requestId: REQUEST_ID,
        operation: 'list',
        rule: 'job-owner',
        allowed: true,
        username: 'alice',
        reason: 'all users may see their own transfers and those of their groups',
      },
    ]);
  });
});
