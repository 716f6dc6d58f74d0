import { describe, expect, it } from '@jest/globals';
import type { OpenTransferView } from './open-transfer.js';
import { transfersText } from './transfers-text.js';

const RUNNING: OpenTransferView = {
  transferId: 'job-1',
  state: 'transferring',
  message: 'transferring',
  requestedAt: '2026-01-01T00:00:00.000Z',
  ageSeconds: 7980,
  updatedAt: '2026-01-01T00:00:00.000Z',
  requestedBy: 'alice',
  ownerGroup: 'p1',
  datasetPid: '20.500/1',
  source: { facility: 'A', path: '/data/run' },
  destination: { facility: 'B', path: '/in/run' },
  globusTaskId: 'task-1',
  bytesTransferred: 734_000_000,
  bytesTotal: 2_147_483_648,
  filesTransferred: 41,
  filesTotal: 120,
  faults: 0,
  bytesPerSecond: 12_300_000,
  etaSeconds: 115,
  endRequested: null,
};

describe('open transfers for people', () => {
  it('are counted by state and shown with their details', () => {
    const waiting: OpenTransferView = {
      ...RUNNING,
      transferId: 'job-2',
      state: 'waiting',
      message: 'Globus is down for maintenance',
      ageSeconds: 5,
      globusTaskId: null,
      bytesTransferred: 0,
      filesTransferred: 0,
      bytesPerSecond: null,
      etaSeconds: null,
    };
    expect(transfersText([RUNNING, waiting], false)).toBe(`\
2 open transfers: 1 transferring, 1 waiting

transferring, requested 2 h 13 min ago: 20.500/1, by alice (p1)
  A /data/run → B /in/run
  734.0 MB of 2.1 GB (34%), 41 of 120 files, 12.3 MB/s, about 1 min 55 s left
  job job-1, Globus task task-1

waiting, requested 5 s ago: 20.500/1, by alice (p1)
  Globus is down for maintenance
  A /data/run → B /in/run
  0 B of 2.1 GB (0%), 0 of 120 files
  job job-2, no Globus task
`);
  });

  it('show trouble, and a requested cancellation', () => {
    const text = transfersText(
      [
        {
          ...RUNNING,
          message: 'transferring (being cancelled): FILE_NOT_FOUND',
          faults: 1,
          endRequested: { reason: 'user', by: 'bob', at: '2026-01-01T01:00:00Z', remove: true },
        },
      ],
      false,
    );
    expect(text).toContain('  transferring (being cancelled): FILE_NOT_FOUND\n');
    expect(text).toContain('  cancellation requested by bob at 2026-01-01T01:00:00Z\n');
    expect(text).toContain(', 1 fault\n');
  });

  it('show that the service itself gave a transfer up', () => {
    const endRequested = {
      reason: 'stalled',
      by: 'after 86400 seconds: permission denied',
      at: '2026-01-01T01:00:00Z',
      remove: false,
    } as const;
    expect(transfersText([{ ...RUNNING, endRequested }], false)).toContain(
      '  being cancelled by the service since 2026-01-01T01:00:00Z: unresolved after 86400 seconds: permission denied\n',
    );
  });

  it('show what is known of a job that the service ignores', () => {
    const lost: OpenTransferView = {
      ...RUNNING,
      state: 'left-alone',
      message: 'it names no Globus task',
      ageSeconds: null,
      requestedBy: '',
      ownerGroup: '',
      source: null,
      destination: null,
      globusTaskId: null,
    };
    expect(transfersText([lost], false)).toBe(`\
1 open transfer: 1 left-alone

left-alone, requested at an unknown time: 20.500/1, by an unknown user
  it names no Globus task
  job job-1, no Globus task
`);
  });

  it('can be none', () => {
    expect(transfersText([], false)).toBe('No open transfers.\n');
  });

  it('have the same content with colours, and no control characters from SciCat', () => {
    const evil: OpenTransferView = { ...RUNNING, datasetPid: '\u001b[2J', message: '\u001b[1A' };
    const painted = transfersText([evil], true);
    expect(painted).toContain('\u001b[32mtransferring\u001b[39m');
    expect(painted.replace(/\u001b\[3[29]m/g, '')).toBe(transfersText([evil], false));
    expect(transfersText([evil], false)).not.toContain('\u001b');
  });

  it('show no percentage of an unknown total, and never more than 100%', () => {
    const text = (bytesTotal: number) => transfersText([{ ...RUNNING, bytesTotal }], false);
    expect(text(0)).toContain('  734.0 MB, 41 of 120 files');
    expect(text(1000)).toContain('734.0 MB of 1.0 kB (100%)');
  });
});
