import { afterEach, describe, expect, it } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { SCICAT_GENERATIONS, type ScicatGeneration } from '../../../sandbox/scicat/generation.js';
import { startScicatSandbox, type ScicatSandbox } from '../../../sandbox/scicat/scicat-sandbox.js';
import { AxiosTransport } from '../../../src/http-client/axios-transport.js';
import { UpstreamCaller } from '../../../src/http-client/upstream-caller.js';
import { ScicatApi } from '../../../src/scicat/scicat-api.js';
import { ScicatArchiveJobs } from '../../../src/scicat/scicat-archive-jobs.client.js';
import { ServiceAccount } from '../../../src/scicat/service-account.js';
import { SystemClock } from '../../../src/time/system-clock.js';

// The job type "archive" demands an owner with access to the dataset. Whose access counts differs between
// generations of SciCat; a creator that is an administrator needs none.
let sandbox: ScicatSandbox;
afterEach(() => sandbox.close());

/** @returns `user` and `group` of the archive job, or the status of the refusal */
async function ownerOf(
  generation: ScicatGeneration,
  creatorGroups: readonly string[],
  ownerUser: string | undefined,
): Promise<string> {
  sandbox = await startScicatSandbox({ generation });
  const { machine } = sandbox;
  machine.addUser({ username: 'creator', password: 'creator-pw', groups: creatorGroups });
  machine.addUser({ username: 'alice', groups: ['p1'] });
  machine.addUser({ username: 'left-the-group', groups: ['p2'] });
  machine.addUser({ username: 'unknown', groups: ['p1'], neverLoggedIn: true });
  machine.addDataset({ pid: 'run-1', ownerGroup: 'p1', sourceFolder: '/data/run-1' });
  const clock = new SystemClock();
  const transport = new AxiosTransport(new HttpService(axios.create()));
  const caller = new UpstreamCaller({ upstream: 'SciCat', transport, clock, random: () => 0 });
  const creator = new ServiceAccount({
    api: new ScicatApi({ scicatUrl: sandbox.url, caller }),
    clock,
    username: 'creator',
    password: () => 'creator-pw',
    setting: 'X',
  });
  const jobs = new ScicatArchiveJobs({ creator, ownAccounts: () => ['creator'] });
  try {
    const id = await jobs.create({
      datasetPid: 'run-1',
      ...(ownerUser === undefined ? {} : { ownerUser }),
      ownerGroup: 'p1',
      transferJobId: 'job',
      transferKey: 'key',
    });
    expect(machine.jobs()).toHaveLength(1);
    const job = machine.job(id);
    return `${job?.ownerUser ?? 'nobody'} of ${job?.ownerGroup ?? 'no group'}`;
  } catch (error) {
    expect(machine.jobs()).toEqual([]);
    return String((error as { readonly status?: number }).status);
  }
}

const GROUP_ALONE = 'nobody of p1';
const requesters = {
  'a user of the owner group': 'alice',
  'a user who has left the owner group since': 'left-the-group',
  'a user whom SciCat does not know': 'unknown',
  'nobody (a job of the Go version)': undefined,
} as const;

describe.each(SCICAT_GENERATIONS)('SciCat %s: an archive job for', (generation) => {
  const refusedOnly52 = (owner: string) => (generation === '5.2' ? '403' : owner);
  const byCreator = [
    'alice of p1',
    // From the repair on, the owner group counts as well.
    generation === 'head' ? 'left-the-group of p1' : refusedOnly52(GROUP_ALONE),
    // SciCat takes the caller for a user whom it does not know.
    refusedOnly52('creator of p1'),
    refusedOnly52(GROUP_ALONE),
  ];
  const byAdministrator = ['alice of p1', 'left-the-group of p1', 'creator of p1', GROUP_ALONE];

  it.each(
    Object.entries(requesters).flatMap(([what, user], index) => [
      [what, 'an account that may only create', ['jobcreators'], user, byCreator[index]] as const,
      [what, 'an administrator', ['admin'], user, byAdministrator[index]] as const,
    ]),
  )('%s, created by %s', async (_what, _account, groups, user, owner) => {
    expect(await ownerOf(generation, groups, user)).toBe(owner);
  });
});
