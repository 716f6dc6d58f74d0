import { describe, expect, it } from '@jest/globals';
import { goodGlobus } from '../../test/support/fake-probes.js';
import { timeout } from '../../test/support/upstream-failures.js';
import { UpstreamRejectedError } from '../errors/upstream.errors.js';
import type { GlobusProbe } from '../ports/globus-probe.port.js';
import { trialFolderCheck } from './trial-folder-check.js';

const PATH = '/archive/doctor-1';
const denied = new UpstreamRejectedError('Globus', 'No.', {
  status: 403,
  upstreamCode: 'EndpointPermissionDenied',
  upstreamRequestId: 'aBc123XyZ',
});

async function trial(parts: Partial<GlobusProbe>, signal = new AbortController().signal) {
  const deleted: string[] = [];
  const pauses: number[] = [];
  const probe = goodGlobus({
    deleteFolder: ({ path }) => {
      deleted.push(path);
      return Promise.resolve('task-1');
    },
    ...parts,
  });
  const verdict = await trialFolderCheck({
    subject: 'CSCS /archive',
    needs: [],
    collection: 'collection',
    scopes: [],
    folder: () => Promise.resolve({ path: '/archive' }),
    place: {
      path: '/archive',
      roles: ['destination'],
      identity: 'client@clients.auth.globus.org',
      setting: 'facilities[1].collection (/proxy.yaml:7)',
    },
    name: 'doctor-1',
    probe,
    pause: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
  }).run(signal);
  return { verdict, deleted, pauses };
}

const failing = (error: Error) => (): Promise<never> => Promise.reject(error);

describe('the trial folder', () => {
  it('is deleted by a task, whose end is waited for', async () => {
    const readings = ['under-way', 'under-way', 'done'] as const;
    let looks = 0;
    const deletion = () => Promise.resolve(readings[looks++] ?? 'done');
    expect(await trial({ deletion })).toEqual({
      verdict: { outcome: 'ok', message: 'A folder was made and deleted again.', advice: '' },
      deleted: [PATH],
      pauses: [1000, 1000],
    });
  });

  it('that must not be made leaves nothing to delete', async () => {
    expect(await trial({ makeFolder: failing(denied) })).toEqual({
      verdict: {
        outcome: 'broken',
        message:
          'No folder could be made: The service has no permission on the folder /archive (status 403, EndpointPermissionDenied, request aBc123XyZ).',
        advice: expect.stringContaining(
          'client@clients.auth.globus.org read and write permission',
        ) as unknown,
      },
      deleted: [],
      pauses: [],
    });
  });

  it('that may have been made is deleted, if it is there', async () => {
    const { verdict, deleted } = await trial({ makeFolder: failing(timeout('Globus')) });
    expect([verdict.outcome, verdict.message, deleted]).toEqual([
      'broken',
      'No folder could be made: Globus does not answer in time for the folder /archive.',
      [PATH],
    ]);
  });

  it.each<[string, Partial<GlobusProbe>, string]>([
    [
      'Globus does not take the order',
      { deleteFolder: failing(denied) },
      'A folder was made, but Globus did not take the order to delete it (status 403, EndpointPermissionDenied, request aBc123XyZ).',
    ],
    [
      'nobody answers',
      { deleteFolder: failing(timeout('Globus')) },
      'A folder was made, but Globus did not take the order to delete it (no answer).',
    ],
    [
      'the task fails',
      { deletion: () => Promise.resolve('failed') },
      'A folder was made, but the Globus task task-1, which was to delete it, failed.',
    ],
  ])('that stays is named: %s', async (_what, parts, message) => {
    expect((await trial(parts)).verdict).toEqual({
      outcome: 'broken',
      message,
      advice: `Delete ${PATH} by hand, if it is there.`,
    });
  });

  it('whose deletion can not be watched any more is left to its task', async () => {
    expect((await trial({ deletion: failing(timeout('Globus')) })).verdict).toEqual({
      outcome: 'unclear',
      message:
        'A folder was made. Whether it is deleted already is not known: the Globus task task-1 is to do that.',
      advice: `Look at https://app.globus.org/activity/task-1, or for ${PATH} in the collection.`,
    });
  });

  it('is ordered to be deleted also when somebody presses Ctrl-C meanwhile', async () => {
    const interrupt = new AbortController();
    const makeFolder: GlobusProbe['makeFolder'] = (_place, signal) => {
      interrupt.abort(new Error('Ctrl-C'));
      return Promise.reject(signal.reason as Error);
    };
    const deletion: GlobusProbe['deletion'] = (_id, signal) =>
      Promise.reject(signal.reason as Error);
    const { verdict, deleted } = await trial({ makeFolder, deletion }, interrupt.signal);
    expect([verdict.message, deleted]).toEqual([
      'No folder could be made: it was given up before Globus answered.',
      [PATH],
    ]);
  });
});
