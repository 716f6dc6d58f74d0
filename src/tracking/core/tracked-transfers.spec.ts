import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  aRunningTransfer,
  aTransfer,
  jobIdOf,
  OWNER,
  taskIdFor,
} from '../../../test/support/builders.js';
import { RecordedEvents } from '../../../test/support/recorded-events.js';
import { fingerprint } from '../../domain/fingerprint.js';
import {
  cancelled,
  failed,
  submittedAs,
  succeeded,
  type Transfer,
  withEndRequest,
} from '../../domain/transfer.js';
import { TrackedTransfers } from './tracked-transfers.js';

const printOf = (transfer: Transfer): string =>
  transfer.origin.kind === 'recorded' ? fingerprint(transfer.origin.record) : '';
const wanted = (transfer: Transfer): Transfer =>
  withEndRequest(transfer, { reason: 'user', by: 'alice', at: '', remove: false });

let now = 0;
const clock = { monotonicMs: () => now };
let events = new RecordedEvents();
let transfers = new TrackedTransfers(events, clock);
beforeEach(() => {
  now = 0;
  events = new RecordedEvents();
  transfers = new TrackedTransfers(events, clock);
});
const add = (transfer: Transfer, holdsSlot = false) => transfers.add(transfer, { holdsSlot });
const waitingIds = (): readonly string[] => [...transfers.waiting()].map(({ jobId }) => jobId);

describe('the queue', () => {
  test('knows how many transfers of a user, and of a group, wait', () => {
    const [first] = [1, 2, 3].map((number) => add(aTransfer({ number })));
    const requestedBy = { username: 'bob', ownerGroup: OWNER.group };
    add(aTransfer({ number: 4, record: { requestedBy } }));
    expect(transfers.waitingFor(OWNER)).toEqual({ user: 3, group: 4 });
    if (first === undefined) throw new Error('no transfer');
    transfers.update(first, (t) => submittedAs(t, taskIdFor(1)));
    expect(transfers.waitingFor(OWNER)).toEqual({ user: 2, group: 3 });
    for (const tracked of transfers.all()) transfers.drop(tracked);
    expect(transfers.waitingFor(OWNER)).toEqual({ user: 0, group: 0 });
  });

  test('a transfer is added once and keeps its first state', () => {
    const first = add(aTransfer());
    expect(add(aTransfer({ attempts: 7 }))).toBe(first);
    expect([transfers.size, first.transfer.attempts]).toEqual([1, 0]);
  });
});

describe('slots', () => {
  test('an end returns the slot at once', () => {
    const [a, b, c] = [1, 2, 3].map((number) => add(aRunningTransfer({ number })));
    expect(transfers.slotsInUse).toBe(3);
    if (a === undefined || b === undefined || c === undefined) throw new Error('no transfers');
    transfers.update(a, (t) => failed(t, 'x'));
    transfers.update(b, (t) => cancelled(t, 'x'));
    transfers.update(c, (t) => succeeded(t, t.progress));
    expect(transfers.slotsInUse).toBe(0);
  });

  test('a job deleted during its submission does not hold a slot forever', () => {
    const tracked = add(aTransfer(), true);
    transfers.drop(tracked);
    expect(transfers.slotsInUse).toBe(0);
    transfers.update(tracked, (t) => submittedAs(t, taskIdFor(1)));
    transfers.drop(tracked);
    expect(transfers.slotsInUse).toBe(0);
    expect([...transfers.inFlight(), ...transfers.bypassingQueue(), ...waitingIds()]).toEqual([]);
  });
});

describe('an equal open transfer', () => {
  test('is found while it is open and its end was not requested', () => {
    const tracked = add(aTransfer());
    const print = printOf(tracked.transfer);
    expect(transfers.findEqual(print)).toBe(jobIdOf(1));
    transfers.update(tracked, (t) => submittedAs(t, taskIdFor(1)));
    expect(transfers.findEqual(print)).toBe(jobIdOf(1));
    transfers.update(tracked, (t) => succeeded(t, t.progress));
    expect(transfers.findEqual(print)).toBe(jobIdOf(1));
    transfers.update(tracked, (t) => failed(t, 'x'));
    expect(transfers.findEqual(print)).toBeUndefined();
  });

  test('is not found once its end was requested', () => {
    const tracked = add(aTransfer());
    transfers.update(tracked, wanted);
    expect(transfers.findEqual(printOf(tracked.transfer))).toBeUndefined();
  });

  test('is not found once its job was removed from SciCat, even while its task runs', () => {
    const tracked = add(aTransfer());
    transfers.setGone(tracked);
    expect(transfers.findEqual(printOf(tracked.transfer))).toBeUndefined();
    transfers.update(tracked, (t) => submittedAs(t, taskIdFor(1)));
    expect(transfers.findEqual(printOf(tracked.transfer))).toBeUndefined();
  });

  test.each([
    ['first', 0],
    ['second', 1],
  ])('of two equal ones, the end of the %s does not hide the other', (_which, ended) => {
    const record = { key: 'same', datasetPid: 'same', submissionId: 'same' };
    const both = [1, 2].map((number) => add(aTransfer({ number, record })));
    const tracked = both[ended];
    const other = both[1 - ended];
    if (tracked === undefined || other === undefined) throw new Error('no transfers');
    transfers.update(tracked, wanted);
    transfers.update(tracked, (t) => cancelled(t, 'x'));
    transfers.drop(tracked);
    expect(transfers.findEqual(printOf(other.transfer))).toBe(other.jobId);
  });
});

describe('changes', () => {
  test('are counted and reported once; the same object is not a change', () => {
    const tracked = add(aTransfer());
    transfers.update(tracked, (t) => t);
    expect([tracked.revision, events.all]).toEqual([0, []]);
    const after = transfers.update(tracked, (t) => submittedAs(t, taskIdFor(1)));
    expect(tracked.revision).toBe(1);
    expect(events.all).toEqual([{ kind: 'changed', transfer: after, from: 'waiting' }]);
  });

  test('ends are remembered for an hour, in case a list is older', () => {
    const tracked = add(aTransfer());
    transfers.update(tracked, (t) => failed(t, 'x'));
    transfers.drop(tracked);
    expect(transfers.recentlyEnded(jobIdOf(1))).toBe(tracked.transfer);
    now = 3_600_001;
    const later = add(aTransfer({ number: 2 }));
    transfers.update(later, (t) => failed(t, 'x'));
    transfers.drop(later);
    expect(transfers.recentlyEnded(jobIdOf(1))).toBeUndefined();
  });
});
