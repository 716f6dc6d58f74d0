import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  aJob,
  aJobOf,
  anIdentity,
  aRunningTransfer,
  aTransfer,
  jobIdOf,
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
  JobNotFoundError,
  NotReadyError,
} from '../../errors/request.errors.js';
import { jobView } from '../domain/job-view.js';
import { CancelTransfer } from './cancel-transfer.js';
import { LookUpTransfers } from './look-up-transfers.js';

const JOB = jobIdOf(1);
const MALLORY = anIdentity({ username: 'mallory', accessGroups: ['other'] });
/** What must never happen to be an identity, but would match every empty owner. */
const NOBODY = anIdentity({ username: '', accessGroups: [''] });
const COLLEAGUE = anIdentity({ username: 'carol', accessGroups: ['p123'] });
const ENDED = aTransfer({ status: { state: 'failed', taskId: taskIdFor(1), error: 'broken' } });

let jobs: FakeTransferJobs;
let tracking: FakeTracking;
let cancel: CancelTransfer;
let lookUp: LookUpTransfers;
beforeEach(() => {
  const clock = new VirtualClock();
  const events = new RecordedEvents();
  jobs = new FakeTransferJobs(() => clock.now());
  tracking = new FakeTracking();
  cancel = new CancelTransfer({ jobs, tracking, events, clock });
  lookUp = new LookUpTransfers({ jobs, tracking, events });
});

const follow = (): void => {
  tracking.followed.set(JOB, aRunningTransfer());
  jobs.put(aJob());
};
const wish = (by: string, remove: boolean) => ({
  jobId: JOB,
  request: { reason: 'user', by, at: new Date(START).toISOString(), remove },
});

describe('cancelling', () => {
  test.each([
    ['its user', anIdentity(), 'alice'],
    ['somebody of its owner group', COLLEAGUE, 'carol'],
  ])('by %s', async (_who, identity, by) => {
    follow();
    await cancel.execute(identity, JOB, false);
    expect(tracking.ends).toEqual([wish(by, false)]);
  });

  test.each([
    ['somebody else', MALLORY],
    ['S7: nobody', NOBODY],
  ])('not by %s, followed or not', async (_who, identity) => {
    follow();
    await expect(cancel.execute(identity, JOB, true)).rejects.toThrow(AccessDeniedError);
    tracking.followed.clear();
    jobs.put(aJob({ ownerUser: '', ownerGroup: '' }));
    await expect(cancel.execute(identity, JOB, true)).rejects.toThrow(AccessDeniedError);
    expect([tracking.ends, jobs.stored.size]).toEqual([[], 1]);
  });

  test.each([
    ['S6: a job of another type', { type: 'archive' }],
    ['a job with a forged record that somebody else made', { createdBy: 'alice' }],
  ])('%s does not exist for us and is not removed', async (_what, parts) => {
    jobs.put(aJob(parts));
    await expect(cancel.execute(anIdentity(), JOB, true)).rejects.toThrow(JobNotFoundError);
    expect([jobs.stored.size, jobs.faults.calls]).toEqual([1, ['read']]);
  });

  test('an unknown job', async () => {
    await expect(cancel.execute(anIdentity(), JOB, true)).rejects.toThrow(JobNotFoundError);
  });

  test('an open job that is not followed yet is taken up first', async () => {
    jobs.put(aJob());
    await cancel.execute(anIdentity(), JOB, true);
    expect(tracking.ends).toEqual([wish('alice', true)]);
  });

  test('an ended one is refused, unless it is to be removed', async () => {
    jobs.put(aJobOf(ENDED, jobView(ENDED)));
    await expect(cancel.execute(anIdentity(), JOB, false)).rejects.toThrow(AlreadyEndedError);
    await cancel.execute(anIdentity(), JOB, true);
    expect([jobs.stored.size, tracking.ends]).toEqual([0, []]);
  });

  test('one whose end is not written yet is refused, or removed by its writer', async () => {
    tracking.followed.set(JOB, ENDED);
    await expect(cancel.execute(anIdentity(), JOB, false)).rejects.toThrow(AlreadyEndedError);
    await cancel.execute(anIdentity(), JOB, true);
    expect(tracking.ends).toEqual([wish('alice', true)]);
  });

  test('not before the service is ready: nobody could keep the wish', async () => {
    tracking.ready = false;
    follow();
    await expect(cancel.execute(anIdentity(), JOB, false)).rejects.toThrow(NotReadyError);
    expect(tracking.ends).toEqual([]);
  });
});

describe('looking up', () => {
  test('a followed one is shown as it is now, without asking SciCat', async () => {
    follow();
    expect(await lookUp.one(anIdentity(), JOB)).toMatchObject({
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
    ['S7: nobody', NOBODY],
  ])('not for %s', async (_who, identity) => {
    follow();
    await expect(lookUp.one(identity, JOB)).rejects.toThrow(AccessDeniedError);
    tracking.followed.clear();
    jobs.put(aJob({ ownerUser: '', ownerGroup: '' }));
    await expect(lookUp.one(identity, JOB)).rejects.toThrow(AccessDeniedError);
  });

  test.each([{ type: 'archive' }, { createdBy: 'alice' }])('%j is not there', async (parts) => {
    jobs.put(aJob(parts));
    await expect(lookUp.one(anIdentity(), JOB)).rejects.toThrow(JobNotFoundError);
  });

  test('who asked may see it, also where SciCat replaced the user and when it has ended', async () => {
    const identity = anIdentity({ accessGroups: [] });
    jobs.put({ ...aJob(), ownerUser: SERVICE_USER });
    expect((await lookUp.one(identity, JOB)).status).toBe('waiting');
    jobs.put({ ...aJobOf(ENDED, jobView(ENDED)), ownerUser: SERVICE_USER });
    expect((await lookUp.one(identity, JOB)).status).toBe('failed');
  });

  test('a list shows the living ones as they are, newest first', async () => {
    jobs.put(aJob({ number: 1 }), aJob({ number: 2, ownerUser: 'bob', ownerGroup: 'other' }));
    jobs.put(aJob({ number: 3, createdBy: 'mallory' }), aJob({ number: 4 }));
    tracking.followed.set(JOB, aRunningTransfer());
    const page = await lookUp.list(anIdentity(), 1, 10);
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
