import { describe, expect, it } from '@jest/globals';
import { goodGlobus } from '../../test/support/fake-probes.js';
import { timeout } from '../../test/support/upstream-failures.js';
import { UpstreamRejectedError } from '../errors/upstream.errors.js';
import type { GlobusProbe } from './probes/globus-probe.js';
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
    facility: { collection: 'collection', scopes: [] },
    parent: () => Promise.resolve('/archive'),
    context: {
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
  it('is deleted by a task, and the check waits for it', async () => {
    const readings = ['under-way', 'under-way', 'done'] as const;
    let polls = 0;
    const deletion = () => Promise.resolve(readings[polls++] ?? 'done');
    expect(await trial({ deletion })).toEqual({
      verdict: { outcome: 'ok', message: 'Created and deleted a folder.', advice: '' },
      deleted: [PATH],
      pauses: [1000, 1000],
    });
  });

  it('is not deleted if Globus refused to create it', async () => {
    expect(await trial({ makeFolder: failing(denied) })).toEqual({
      verdict: {
        outcome: 'broken',
        message:
          'No folder could be created: The service has no permission on the folder /archive (status 403, EndpointPermissionDenied, request aBc123XyZ).',
        advice: expect.stringContaining(
          'client@clients.auth.globus.org read and write permission',
        ) as unknown,
      },
      deleted: [],
      pauses: [],
    });
  });

  it('that may have been created is deleted, if it exists', async () => {
    const { verdict, deleted } = await trial({ makeFolder: failing(timeout('Globus')) });
    expect([verdict.outcome, verdict.message, deleted]).toEqual([
      'broken',
      'No folder could be created: Globus timed out for the folder /archive.',
      [PATH],
    ]);
  });

  it.each<[string, Partial<GlobusProbe>, string]>([
    [
      'Globus does not accept the deletion',
      { deleteFolder: failing(denied) },
      'A folder was created, but Globus did not accept its deletion (status 403, EndpointPermissionDenied, request aBc123XyZ).',
    ],
    [
      'Globus does not respond',
      { deleteFolder: failing(timeout('Globus')) },
      'A folder was created, but Globus did not accept its deletion (no response).',
    ],
    [
      'the task fails',
      { deletion: () => Promise.resolve('failed') },
      'A folder was created, but the Globus task task-1 failed to delete it.',
    ],
  ])('is named if it is left behind: %s', async (_what, parts, message) => {
    expect((await trial(parts)).verdict).toEqual({
      outcome: 'broken',
      message,
      advice: `Delete ${PATH} by hand, if it exists.`,
    });
  });

  it('whose deletion can no longer be polled is left to its task', async () => {
    expect((await trial({ deletion: failing(timeout('Globus')) })).verdict).toEqual({
      outcome: 'unclear',
      message:
        'A folder was created. The Globus task task-1 is to delete it; whether it has done so is unknown.',
      advice: `Check https://app.globus.org/activity/task-1, or look for ${PATH} in the collection.`,
    });
  });

  it('is deleted also after Ctrl-C', async () => {
    const interrupt = new AbortController();
    const makeFolder: GlobusProbe['makeFolder'] = (_place, signal) => {
      interrupt.abort(new Error('Ctrl-C'));
      return Promise.reject(signal.reason as Error);
    };
    const deletion: GlobusProbe['deletion'] = (_id, signal) =>
      Promise.reject(signal.reason as Error);
    const { verdict, deleted } = await trial({ makeFolder, deletion }, interrupt.signal);
    expect([verdict.message, deleted]).toEqual([
      'No folder could be created: the check ended before Globus responded.',
      [PATH],
    ]);
  });
});
