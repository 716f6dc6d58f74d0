import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  aFailedTask,
  aRunningTransfer,
  aSucceededTask,
  aTask,
  aWish,
  jobIdOf,
  REQUEST_ID,
  taskIdFor,
} from '../../test/support/builders.js';
import { TrackerRig } from '../../test/support/tracker-rig.js';

/* Every act of the service's own accounts leaves an event, from which the audit line is made. */

let rig: TrackerRig;
beforeEach(() => {
  rig = new TrackerRig();
});
afterEach(() => rig.end());

const SUBJECT = {
  jobId: jobIdOf(1),
  datasetPid: '20.500.12345/e1',
  requester: 'alice',
  ownerGroup: 'p123',
  sourceFacility: 'PSI',
  destinationFacility: 'CSCS',
};
const audited = () => rig.world.events.of('audited');
const act = (action: string) => audited().filter((event) => event.action === action);

test('submitting, marking, and the archive job: each once, for the request that asked for it', async () => {
  await rig.started();
  await rig.request(1);
  const [task] = rig.world.globus.tasks.values();
  if (task === undefined) throw new Error('no task');
  rig.world.globus.put(aSucceededTask({ ...task, status: 'SUCCEEDED', completedAt: 1 }));
  await rig.pass(60);
  const subject = { ...SUBJECT, requestId: REQUEST_ID };
  expect(audited()).toEqual([
    { kind: 'audited', action: 'submit', subject, outcome: 'accepted', globusTaskId: task.taskId },
    { kind: 'audited', action: 'mark', subject },
    { kind: 'audited', action: 'archive', subject, archiveJobId: expect.any(String) },
  ]);
});

test('a submission that Globus refuses, with its reason', async () => {
  rig.world.globus.planSubmit({ kind: 'refused', reason: 'no permission' });
  await rig.started();
  await rig.request(1).catch(() => undefined);
  expect(audited()).toMatchObject([
    { action: 'submit', subject: SUBJECT, outcome: 'refused', reason: 'no permission' },
  ]);
});

test('taking up: whose job it is, and who wrote it', async () => {
  rig.left(aRunningTransfer());
  await rig.started();
  expect(rig.world.events.of('adopted')).toMatchObject([{ transfer: { jobId: jobIdOf(1) } }]);
});

test('cancelling: by whom and why; and removing the job', async () => {
  rig.left(aRunningTransfer());
  rig.world.globus.put(aTask());
  await rig.started();
  void rig.tracker.requestEnd(jobIdOf(1), aWish({ by: 'bob', remove: true }), REQUEST_ID);
  await rig.pass(10);
  rig.world.globus.put(aFailedTask('CANCELED'));
  await rig.pass(60);
  expect(act('cancel')).toEqual([
    {
      kind: 'audited',
      action: 'cancel',
      subject: SUBJECT,
      globusTaskId: taskIdFor(1),
      by: 'bob',
      reason: 'user',
    },
  ]);
  expect(act('remove')).toEqual([
    {
      kind: 'audited',
      action: 'remove',
      subject: SUBJECT,
      by: 'bob',
      reason: 'requested with the end of the transfer',
    },
  ]);
});

test('cancelling because somebody removed the job in SciCat', async () => {
  rig.left(aRunningTransfer());
  rig.world.globus.put(aTask());
  await rig.started();
  rig.world.jobs.stored.clear();
  await rig.pass(400);
  expect(act('cancel')).toMatchObject([
    { by: 'the service', reason: 'its job was removed from SciCat', subject: SUBJECT },
  ]);
});
