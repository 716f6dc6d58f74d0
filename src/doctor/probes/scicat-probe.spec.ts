import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { SCICAT_GENERATIONS } from '../../../sandbox/scicat/generation.js';
import {
  startScicatSandbox,
  type ScicatSandbox,
  type ScicatSandboxOptions,
} from '../../../sandbox/scicat/scicat-sandbox.js';
import { aRecord } from '../../../test/support/builders.js';
import { ServiceAccountError } from '../../errors/upstream.errors.js';
import { AxiosTransport } from '../../http-client/axios-transport.js';
import { SystemClock } from '../../time/system-clock.js';
import { Secret } from '../../config/secret.js';
import { scicatServices } from '../../scicat/scicat-services.js';
import { ScicatProbeClient } from './scicat-probe.js';

const OFFSET_MS = -11 * 60_000;
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  admin: ['admin'],
  creator: ['jobcreators'],
  updater: ['jobupdaters', 'archivemanager'],
  both: ['jobcreators', 'jobupdaters'],
  nobody: [],
};

describe('ScicatProbeClient against the emulated SciCat', () => {
  let sandbox: ScicatSandbox;
  let transport: AxiosTransport;
  const { signal } = new AbortController();

  async function start(options: ScicatSandboxOptions = {}): Promise<void> {
    sandbox = await startScicatSandbox({ clock: () => Date.now() + OFFSET_MS, ...options });
    for (const [username, groups] of Object.entries(GROUPS)) {
      sandbox.machine.addUser({ username, password: 'password', groups });
    }
  }

  beforeEach(async () => {
    await start();
    transport = new AxiosTransport(new HttpService(axios.create()));
  });

  afterEach(async () => {
    transport.onApplicationShutdown();
    await sandbox.close();
  });

  /** A service with this account, or these two. */
  function probeOf(
    creatorName: string,
    updaterName = creatorName,
    password = 'password',
    statusCodes: 'numbers' | 'words' = 'numbers',
  ) {
    const clock = new SystemClock();
    const account = (username: string) => ({ username, password: new Secret(password) });
    const config = {
      scicatUrl: sandbox.url,
      scicat: { formerServiceUsers: [] },
      secrets: {
        globusClientId: '',
        globusClientSecret: new Secret(''),
        scicatServiceUser: account(creatorName),
        ...(updaterName === creatorName ? {} : { scicatUpdateUser: account(updaterName) }),
      },
    };
    const scicat = scicatServices(() => config, { transport, clock, random: () => 0 });
    return new ScicatProbeClient(scicat, clock, statusCodes);
  }

  const rightsOf = async (name: string) => {
    const probe = probeOf(name);
    return {
      create: (await probe.mayCreateJobs('creator', signal)).kind,
      update: (await probe.mayUpdateJobs('updater', signal)).kind,
      remove: (await probe.mayDeleteJobs(signal)).kind,
      lifecycle: (await probe.mayChangeLifecycles(signal)).kind,
    };
  };

  it('reads the health of SciCat, and its clock', async () => {
    const reading = await probeOf('admin').health(signal);
    expect({ ...reading, aheadMs: Math.round((reading.aheadMs ?? 0) / 60_000) }).toEqual({
      status: 200,
      kind: 'well',
      aheadMs: -11,
    });
  });

  it.each([
    [503, { status: 'error' }, 'unwell'],
    [502, '<html>', 'unwell'],
    [200, '<html>', 'no-scicat'],
    [404, { message: 'Cannot GET' }, 'no-scicat'],
  ])('status %i with %j is %s', async (status, body, kind) => {
    sandbox.faults.add({ match: { path: '/health$' }, effect: { type: 'status', status, body } });
    expect(await probeOf('admin').health(signal)).toMatchObject({ status, kind });
  });

  it('logs in and reads the groups of each account', async () => {
    const probe = probeOf('creator', 'updater');
    expect([await probe.whoAmI('creator', signal), await probe.whoAmI('updater', signal)]).toEqual([
      { username: 'creator', groups: ['jobcreators'] },
      { username: 'updater', groups: ['jobupdaters', 'archivemanager'] },
    ]);
    await expect(
      probeOf('creator', 'creator', 'wrong').whoAmI('creator', signal),
    ).rejects.toBeInstanceOf(ServiceAccountError);
  });

  it('does not accept an empty response as an account', async () => {
    sandbox.faults.add({ match: { path: '/whoami$' }, effect: { type: 'status', status: 200 } });
    await expect(probeOf('admin').whoAmI('creator', signal)).rejects.toThrow("can't read");
  });

  describe.each(SCICAT_GENERATIONS)('of generation %s', (generation) => {
    const since52 = generation !== '4.5';
    const isHead = generation === 'head';

    beforeEach(async () => {
      await sandbox.close();
      await start({ generation });
    });

    it('finds the job types, whatever the account may do', async () => {
      sandbox.machine.jobTypes.delete('archive');
      // Of two accounts, the one that may create jobs is asked, even if they are swapped.
      for (const names of [['admin'], ['nobody'], ['creator', 'updater'], ['updater', 'creator']]) {
        const probe = probeOf(names[0] ?? '', names[1]);
        expect([
          await probe.jobType('globus_transfer_job', signal),
          await probe.jobType('archive', signal),
        ]).toEqual([{ kind: 'known' }, { kind: 'unknown' }]);
      }
      expect(sandbox.machine.jobs()).toEqual([]);
    });

    it('does not find them with an account that may only update', async () => {
      expect(await probeOf('updater').jobType('archive', signal)).toEqual({
        kind: 'refused',
        status: 403,
      });
    });

    it('is recognized by its answers', async () => {
      const release = isHead ? 'later' : since52 ? '5.2' : 'before-5.2';
      expect(await probeOf('creator', 'updater').release(signal)).toBe(release);
      sandbox.machine.jobTypes.clear();
      expect(await probeOf('creator').release(signal)).toBe(isHead ? 'later' : 'unknown');
    });

    it('concludes from refusals what each account may do, and leaves nothing behind', async () => {
      const notTold = 'not-told';
      expect({
        admin: await rightsOf('admin'),
        creator: await rightsOf('creator'),
        updater: await rightsOf('updater'),
        both: await rightsOf('both'),
        nobody: await rightsOf('nobody'),
      }).toEqual({
        admin: { create: 'granted', update: notTold, remove: 'refused', lifecycle: notTold },
        creator: { create: 'granted', update: 'refused', remove: 'refused', lifecycle: notTold },
        updater: { create: 'refused', update: notTold, remove: 'granted', lifecycle: notTold },
        // Each of its two groups takes away what the other one gives.
        both: {
          create: isHead ? 'refused' : 'granted',
          update: 'refused',
          remove: 'refused',
          lifecycle: notTold,
        },
        nobody: {
          create: 'refused',
          update: isHead ? 'refused' : notTold,
          remove: 'refused',
          lifecycle: notTold,
        },
      });
      expect(sandbox.machine.jobs()).toEqual([]);
    });

    describe('what the updater can read', () => {
      const proofs = async (updater: string) => {
        const probe = probeOf('creator', updater);
        const facts = await probe.whoAmI('updater', signal);
        return [
          (await probe.readsJobsOfOthers(facts, signal)).kind,
          (await probe.readsDatasetsOfOthers(facts, signal)).kind,
        ];
      };

      it('proves nothing where there is nothing', async () => {
        expect(await proofs('updater')).toEqual(['not-told', 'not-told']);
        expect(await proofs('nobody')).toEqual(['not-told', 'not-told']);
      });

      it('proves its rights, or their absence', async () => {
        const { machine } = sandbox;
        machine.addUser({ username: 'alice', groups: ['p1'] });
        machine.addUser({ username: 'member', password: 'password', groups: ['p1'] });
        machine.addDataset({ pid: 'a/b', ownerGroup: 'p1', sourceFolder: '/data' });
        machine.addDataset({
          pid: 'public',
          ownerGroup: 'p1',
          isPublished: true,
          sourceFolder: '/data',
        });
        const clock = new SystemClock();
        const secret = new Secret('password');
        const { jobs } = scicatServices(
          () => ({
            scicatUrl: sandbox.url,
            scicat: { formerServiceUsers: [] },
            secrets: {
              globusClientId: '',
              globusClientSecret: secret,
              scicatServiceUser: { username: 'creator', password: secret },
            },
          }),
          { transport, clock, random: () => 0 },
        );
        const record = aRecord({ datasetPid: 'a/b' });
        await jobs.create({ record, ownerUser: 'alice', ownerGroup: 'p1' });
        expect({
          updater: await proofs('updater'),
          nobody: await proofs('nobody'),
          // What it reads as a member of the dataset's group proves nothing.
          member: await proofs('member'),
        }).toEqual({
          updater: ['granted', 'granted'],
          nobody: ['refused', 'refused'],
          member: ['not-told', 'not-told'],
        });
      });
    });
  });

  it.each<[string, (probe: ScicatProbeClient) => Promise<unknown>]>([
    ['create', (probe) => probe.mayCreateJobs('creator', signal)],
    ['update', (probe) => probe.mayUpdateJobs('updater', signal)],
    ['delete', (probe) => probe.mayDeleteJobs(signal)],
    ['lifecycle', (probe) => probe.mayChangeLifecycles(signal)],
  ])('the right to %s: concludes nothing from an unknown response', async (_right, ask) => {
    sandbox.faults.add({
      match: { path: '/api/v4/' },
      effect: { type: 'status', status: 418, body: { message: 'I am a teapot' } },
    });
    expect(await ask(probeOf('admin'))).toEqual({ kind: 'strange', status: 418 });
  });

  it('returns the id of a job that SciCat should have refused', async () => {
    const body = { id: '2d5528e1-0f3e-4f0a-8c58-0a1b2c3d4e5f' };
    sandbox.faults.add({
      match: { method: 'POST', path: '/jobs$' },
      effect: { type: 'status', status: 201, body },
    });
    expect(await probeOf('admin').mayCreateJobs('creator', signal)).toEqual({
      kind: 'stored',
      jobId: body.id,
    });
  });

  describe('a trial job', () => {
    it('belongs to the account itself, ends as cancelled, and is deleted', async () => {
      const probe = probeOf('creator', 'updater');
      const made = await probe.makeTrialJob('mark', signal);
      const [job] = sandbox.machine.jobs();
      expect(made).toEqual({ kind: 'made', jobId: job?.id });
      expect(job).toMatchObject({
        type: 'globus_transfer_job',
        ownerUser: 'creator',
        jobParams: { doctorTrial: 'mark' },
      });
      const id = job?.id ?? '';
      expect([
        await probe.findTrialJob('mark', signal),
        await probe.findTrialJob('other', signal),
      ]).toEqual([id, undefined]);
      await probe.endTrialJob(id, signal);
      expect(sandbox.machine.job(id)).toMatchObject({
        statusCode: '004',
        jobResultObject: { status: 'cancelled' },
      });
      await probe.removeJob(id, signal);
      expect(sandbox.machine.jobs()).toEqual([]);
    });

    it('ends with a status code in words, if jobs have them', async () => {
      const probe = probeOf('creator', 'updater', 'password', 'words');
      await probe.makeTrialJob('mark', signal);
      const id = sandbox.machine.jobs()[0]?.id ?? '';
      await probe.endTrialJob(id, signal);
      expect(sandbox.machine.job(id)).toMatchObject({
        statusCode: 'cancelled',
        jobResultObject: { status: 'cancelled' },
      });
    });

    it('that SciCat stores although it reports an error is found', async () => {
      sandbox.machine.switches.failingCreateActions.add('globus_transfer_job');
      const probe = probeOf('admin');
      expect(await probe.makeTrialJob('mark', signal)).toEqual({ kind: 'doubtful', status: 400 });
      expect(await probe.findTrialJob('mark', signal)).toBe(sandbox.machine.jobs()[0]?.id);
    });
  });

  describe.each(SCICAT_GENERATIONS)('what users may do, in SciCat %s', (generation) => {
    const id = '2d5528e1-0f3e-4f0a-8c58-0a1b2c3d4e5f';

    beforeEach(async () => {
      await sandbox.close();
      await start({ generation });
      sandbox.machine.addUser({ username: 'alice', groups: ['p123'] });
      sandbox.machine.addUser({
        username: 'admin',
        password: 'password',
        groups: ['admin', 'archivemanager'],
      });
    });

    it('proves that a user may not update their own job', async () => {
      const probe = probeOf('admin');
      const token = sandbox.machine.mintToken('alice', { now: Date.now() + OFFSET_MS });
      const owner = await probe.userOf(token, signal);
      expect(owner).toEqual({ username: 'alice', groups: ['p123'] });
      const made = await probe.makeTrialJob('marker', signal, owner);
      if (made.kind !== 'made') throw new Error('no job');
      expect(sandbox.machine.job(made.jobId)).toMatchObject({
        ownerUser: 'alice',
        ownerGroup: 'p123',
      });
      expect(await probe.mayUserUpdate(token, signal, made.jobId)).toEqual({
        kind: 'refused',
        status: 403,
      });
      expect((await probe.mayUserUpdate(token, signal)).kind).toBe(
        generation === 'head' ? 'refused' : 'not-told',
      );
      sandbox.machine.jobTypes.set('globus_transfer_job', {
        create: { auth: '#jobAdmin' },
        update: { auth: '#jobOwnerUser' },
      });
      expect(await probe.mayUserUpdate(token, signal, made.jobId)).toEqual({ kind: 'granted' });
      await probe.removeJob(made.jobId, signal);
    });

    it('knows no user of a wrong token', async () => {
      expect(await probeOf('admin').userOf('wrong', signal)).toBeUndefined();
    });

    it('finds a job that another account has changed', async () => {
      const probe = probeOf('admin');
      expect(await probe.rewrittenJob(signal)).toBeUndefined();
      const job = (updatedBy: string, jobId: string) =>
        sandbox.machine.putJob({
          _id: jobId,
          id: jobId,
          type: 'globus_transfer_job',
          accessGroups: [],
          isPublished: false,
          statusCode: '003',
          statusMessage: 'finished',
          jobParams: {},
          jobResultObject: {},
          configVersion: '1',
          createdBy: 'admin',
          updatedBy,
          createdAt: '2026-01-01T00:00:00.000Z',
          updatedAt: '2026-01-01T00:00:00.000Z',
          __v: 0,
        });
      job('admin', id);
      expect(await probe.rewrittenJob(signal)).toBeUndefined();
      job('alice', id.replace('2', '3'));
      expect(await probe.rewrittenJob(signal)).toEqual({
        jobId: id.replace('2', '3'),
        updatedBy: 'alice',
      });
    });

    it('tells through which provider somebody logged in as the account', async () => {
      expect(await probeOf('admin').providerOf('creator', signal)).toBe('local');
      const provider = 'https://login.example.org';
      sandbox.machine.addUser({
        username: 'admin',
        password: 'password',
        groups: ['admin'],
        provider,
      });
      expect(await probeOf('admin').providerOf('creator', signal)).toBe(provider);
    });
  });
});
