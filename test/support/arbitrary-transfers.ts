import fc from 'fast-check';
import type { EndRequest, Progress, Transfer, TransferStatus } from '../../src/domain/transfer.js';
import { aTransfer, aWish } from './builders.js';

const text = fc.string({ unit: 'binary' });
const count = fc.maxSafeNat();
const progresses: fc.Arbitrary<Progress> = fc.record(
  {
    bytesTransferred: count,
    filesTransferred: count,
    filesTotal: count.map((n) => Math.max(n, 10)),
    bytesTotal: count.map((n) => Math.max(n, 1000)),
    faults: count,
    bytesPerSecond: count,
    niceStatus: text,
  },
  { requiredKeys: ['bytesTransferred', 'filesTransferred', 'filesTotal', 'bytesTotal', 'faults'] },
);
const lifecycles = fc.record({
  archivable: fc.boolean(),
  archiveStatusMessage: text,
  retrievable: fc.boolean(),
});
const taskId = fc.uuid();
const statuses: fc.Arbitrary<TransferStatus> = fc.oneof(
  fc.record({
    state: fc.constant('waiting' as const),
    reason: text,
    submission: fc.constantFrom('not-sent' as const, 'unconfirmed' as const),
  }),
  fc.record({
    state: fc.constant('transferring' as const),
    taskId,
    trouble: fc.option(text, { nil: undefined }),
  }),
  fc.record({
    state: fc.constant('finalizing' as const),
    taskId,
    lifecycleBefore: fc.option(lifecycles, { nil: undefined }),
    archiveJobId: fc.option(fc.uuid(), { nil: undefined }),
  }),
  fc.record({
    state: fc.constant('finished' as const),
    taskId,
    archiveJobId: fc.option(fc.uuid(), { nil: undefined }),
    shortfall: fc.option(
      fc.record({
        kind: fc.constantFrom('not-marked' as const, 'no-archive-job' as const),
        error: text,
      }),
      { nil: undefined },
    ),
  }),
  fc.record({ state: fc.constant('failed' as const), taskId, error: text }),
  fc.record({ state: fc.constant('cancelled' as const), taskId, by: text }),
);
const wishes: fc.Arbitrary<EndRequest> = fc.record(
  {
    reason: fc.constantFrom('user' as const, 'stalled' as const),
    by: fc.string({ minLength: 1 }).filter((by) => !by.includes('*****')),
    at: fc.constant('2026-01-01T00:00:00.000Z'),
    remove: fc.boolean(),
    note: fc.constantFrom('the storage is full', 'ß "'),
  },
  { requiredKeys: ['reason', 'by', 'at', 'remove'] },
);
/** Transfers in any state, with any numbers and strings. */
export const transfers: fc.Arbitrary<Transfer> = fc
  .record({
    status: statuses,
    progress: progresses,
    attempts: count,
    endRequested: fc.option(wishes, { nil: undefined }),
    submissionId: fc.option(fc.uuid(), { nil: undefined }),
  })
  .map((parts) => aTransfer({ ...parts, record: {} }));

/** How far a transfer has come in a test. */
export const PROGRESS: Progress = {
  bytesTransferred: 400,
  filesTransferred: 4,
  filesTotal: 10,
  bytesTotal: 1000,
  faults: 2,
  bytesPerSecond: 50,
  niceStatus: 'OK',
};
/** A request to end a transfer. */
export const WISH = aWish();

/** A transfer in this status, at {@link PROGRESS}. */
export const inStatus = (status: TransferStatus, parts: Partial<Transfer> = {}): Transfer => ({
  ...aTransfer({ progress: PROGRESS, attempts: 1 }),
  status,
  ...parts,
});
