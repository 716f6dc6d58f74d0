import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { randomUUID } from 'node:crypto';
import { SCICAT_GENERATIONS } from '../../../sandbox/scicat/generation.js';
import { startScicatSandbox, type ScicatSandbox } from '../../../sandbox/scicat/scicat-sandbox.js';
import { AxiosTransport } from '../../../src/http-client/axios-transport.js';
import { UpstreamCaller } from '../../../src/http-client/upstream-caller.js';
import { ScicatApi } from '../../../src/scicat/scicat-api.js';
import { ScicatArchiveJobs } from '../../../src/scicat/scicat-archive-jobs.client.js';
import { ScicatDatasets } from '../../../src/scicat/scicat-datasets.client.js';
import { ScicatHealth } from '../../../src/scicat/scicat-health.js';
import { ScicatIdentities } from '../../../src/scicat/scicat-identities.client.js';
import { ScicatTransferJobs } from '../../../src/scicat/scicat-jobs.client.js';
import { ServiceAccount } from '../../../src/scicat/service-account.js';
import type { Clock } from '../../../src/ports/clock.port.js';
import { readJob, showsView } from '../../../src/domain/job-reading.js';
import { jobView } from '../../../src/domain/job-view.js';
import { newTransfer, submittedAs, failed, type Transfer } from '../../../src/domain/transfer.js';
import type { TransferRecord } from '../../../src/domain/transfer-record.js';
import { USUAL_COPY } from '../../support/builders.js';
import { failing, told } from './scripted-scicat.js';

/** Time that advances only on command; network calls take none of it. */
class HandClock implements Clock {
  private elapsed = 0;

  now(): number {
    return Date.UTC(2026, 0, 1) + this.elapsed;
  }

  monotonicMs(): number {
    return this.elapsed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.elapsed += ms;
    return Promise.resolve();
  }

  schedule(): never {
    throw new Error('Nothing here is called back.');
  }
}

const PID = '20.500.12345/e009 1';

const record = (change: Partial<TransferRecord> = {}): TransferRecord => ({
  version: 2,
  key: randomUUID(),
  datasetPid: PID,
  source: { facility: 'SRC', collection: 'c1', path: '/data/carol@psi.ch/run1', scopes: ['s'] },
  destination: { facility: 'DST', collection: 'c2', path: '/e009', scopes: ['s'] },
  copy: USUAL_COPY,
  autoArchive: true,
  finalize: 'archive',
  requestedBy: { username: 'alice', email: 'alice@psi.ch', ownerGroup: 'p1' },
  dataset: { bytes: 30, files: 2 },
  globusClientId: 'client',
  ...change,
});

const setups = {
  'one account with all rights': {
    accounts: { creator: ['admin', 'archivemanager'] },
    updater: 'creator',
  },
  'two accounts, none an administrator': {
    accounts: { creator: ['jobcreators'], updater: ['jobupdaters', 'archivemanager'] },
    updater: 'updater',
  },
} as const;

const cases = SCICAT_GENERATIONS.flatMap((generation) =>
  Object.entries(setups).map(([name, setup]) => ({ generation, name, setup })),
);

describe.each(cases)('SciCat $generation with $name', ({ generation, setup }) => {
  let clock: HandClock;
  let sandbox: ScicatSandbox;
  let transport: AxiosTransport;
  let api: ScicatApi;
  let jobs: ScicatTransferJobs;
  let archiveJobs: ScicatArchiveJobs;
  let datasets: ScicatDatasets;
  let identities: ScicatIdentities;

  /** The adapters; the network's time-out is short, so that a test need not wait for a real one. */
  function connect(timeoutMs?: number): void {
    const caller = new UpstreamCaller({
      upstream: 'SciCat',
      transport:
        timeoutMs === undefined
          ? transport
          : { send: (request) => transport.send({ ...request, timeoutMs }) },
      clock,
      random: () => 0,
    });
    api = new ScicatApi({ scicatUrl: `${sandbox.url}/`, caller });
    const account = (username: string) =>
      new ServiceAccount({ api, clock, username, password: () => `${username}-pw`, setting: 'X' });
    const creator = account('creator');
    const updater = setup.updater === 'creator' ? creator : account(setup.updater);
    jobs = new ScicatTransferJobs({ creator, updater, formerAccounts: () => ['former'], clock });
    archiveJobs = new ScicatArchiveJobs({ creator, ownAccounts: () => jobs.ownAccounts() });
    datasets = new ScicatDatasets({ api, updater, creator });
    identities = new ScicatIdentities(api);
  }

  beforeEach(async () => {
    clock = new HandClock();
    sandbox = await startScicatSandbox({ clock: () => clock.now(), generation });
    const { machine } = sandbox;
    for (const [username, groups] of Object.entries<readonly string[]>(setup.accounts)) {
      machine.addUser({ username, password: `${username}-pw`, groups });
    }
    machine.addUser({ username: 'alice', groups: ['p1', 'FACILITY'], email: 'alice@psi.ch' });
    machine.addUser({ username: 'bob', groups: ['p2'] });
    machine.addDataset({
      pid: PID,
      ownerGroup: 'p1',
      sourceFolder: '/data/carol@psi.ch/run1',
      size: 30,
      numberOfFiles: 2,
      datasetlifecycle: { archivable: false, archiveStatusMessage: 'filesNotYetAvailable' },
    });
    transport = new AxiosTransport(new HttpService(axios.create()));
    connect();
  });

  afterEach(async () => {
    transport.onApplicationShutdown();
    await sandbox.close();
  });

  const create = (wanted: TransferRecord) =>
    jobs.create({
      record: wanted,
      ownerUser: 'alice',
      ownerGroup: 'p1',
      contactEmail: 'alice@psi.ch',
    });
  const stored = async (wanted = record()): Promise<Transfer> =>
    newTransfer(await create(wanted), wanted, 'for a test');
  const deletesJobs = async (jobId: string) => {
    await jobs.remove(jobId);
    return sandbox.machine.job(jobId);
  };

  it('creates, finds, reads, writes, lists and removes a job', async () => {
    const wanted = record();
    const created = await create(wanted);
    const found = await jobs.findByKey(wanted.key);
    expect(found).toEqual(await jobs.read(created.jobId));
    expect(found).toMatchObject({
      id: created.jobId,
      createdBy: 'creator',
      ownerUser: 'alice',
      ownerGroup: 'p1',
      createdAt: created.createdAt,
      datasetPids: [PID],
    });
    if (found === undefined) throw new Error('It was not found.');
    const read = readJob(found, true);
    expect(read).toMatchObject({
      kind: 'open',
      transfer: { key: wanted.key, origin: { kind: 'recorded', record: wanted } },
    });
    expect(await jobs.listOpenIds(undefined, 10)).toEqual([created.jobId]);

    const transfer = newTransfer(created, wanted, 'for a test');
    const running = submittedAs(transfer, 'task-1');
    await jobs.write(created.jobId, jobView(running));
    const written = await jobs.read(created.jobId);
    expect(written !== undefined && showsView(written, jobView(running))).toBe(true);
    expect((await jobs.listOpen(undefined, 10)).jobs).toEqual([written]);

    await jobs.write(created.jobId, jobView(failed(running, 'It broke.')));
    expect((await jobs.listOpen(undefined, 10)).jobs).toEqual([]);

    expect(await deletesJobs(created.jobId)).toBeUndefined();
    expect(await jobs.read(created.jobId)).toBeUndefined();
    await jobs.remove(created.jobId);
    expect(told(await failing(jobs.write(created.jobId, jobView(running))))).toMatchObject({
      name: 'UpstreamRejectedError',
      status: 400,
    });
  });

  it('sweeps 25 open jobs in pages, none twice, and only those of its own accounts', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 25; n += 1) ids.push((await create(record())).jobId);
    const [first] = sandbox.machine.jobs();
    if (first === undefined) throw new Error('The list is empty.');
    const former = { ...first, _id: randomUUID(), createdBy: 'former' };
    sandbox.machine.putJob({ ...former, id: former._id });
    const foreign = { ...first, _id: randomUUID(), createdBy: 'mallory' };
    sandbox.machine.putJob({ ...foreign, id: foreign._id });
    const swept: string[] = [];
    for (;;) {
      const page = await jobs.listOpen(swept.at(-1), 10);
      swept.push(...page.jobs.map(({ id }) => id));
      if (page.jobs.length < 10) break;
    }
    expect(swept).toEqual([...ids, former._id].sort());
    expect(await jobs.listOpenIds(swept[9], 10)).toEqual(swept.slice(10, 20));
  });

  it('tells who wrote a job last, and lists the ends that others have written, of the last 30 days', async () => {
    const created = await create(record());
    const shownBy = async () => (await jobs.read(created.jobId))?.updatedBy;
    expect([await shownBy(), jobs.ownWriters().includes('creator')]).toEqual(['creator', true]);
    const ended = failed(newTransfer(created, record(), 'for a test'), 'It broke.');
    await jobs.write(created.jobId, jobView(ended));
    expect(await shownBy()).toBe(setup.updater);
    expect(jobs.ownWriters()).toContain(setup.updater);
    const idsAfter = async (after?: string) =>
      (await jobs.listRewritten(after, 10)).jobs.map(({ id }) => id);
    expect(await idsAfter()).toEqual([]);

    const rewrite = (id: string, parts: object) => {
      const job = sandbox.machine.job(id);
      if (job === undefined) throw new Error('There is no such job.');
      sandbox.machine.putJob({ ...job, ...parts });
    };
    rewrite(created.jobId, { updatedBy: 'mallory' });
    const open = await create(record());
    rewrite(open.jobId, { updatedBy: 'mallory' });
    const foreign = await create(record());
    rewrite(foreign.jobId, {
      createdBy: 'mallory',
      updatedBy: 'mallory',
      jobResultObject: { status: 'finished' },
    });
    expect(await idsAfter()).toEqual([created.jobId]);
    expect(await idsAfter(created.jobId)).toEqual([]);
    rewrite(created.jobId, { updatedBy: 'former' });
    expect(await idsAfter()).toEqual([]);

    rewrite(created.jobId, { updatedBy: 'mallory' });
    await clock.sleep(31 * 24 * 60 * 60_000);
    expect(await idsAfter()).toEqual([]);
  });

  it('shows viewers their own jobs, newest first, page by page', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      ids.unshift((await create(record())).jobId);
      await clock.sleep(1000);
    }
    const pageOf = async (username: string, accessGroups: readonly string[], page: number) => {
      const { total, jobs: shown } = await jobs.list({ username, accessGroups }, page, 3);
      return { total, ids: shown.map(({ id }) => id) };
    };
    expect(await pageOf('alice', [], 1)).toEqual({ total: 7, ids: ids.slice(0, 3) });
    expect(await pageOf('someone-else', ['p1'], 2)).toEqual({ total: 7, ids: ids.slice(3, 6) });
    expect(await pageOf('alice', ['p1'], 3)).toEqual({ total: 7, ids: ids.slice(6) });
    expect(await pageOf('alice', ['p1'], 4)).toEqual({ total: 7, ids: [] });
    expect(await pageOf('bob', ['p2'], 1)).toEqual({ total: 0, ids: [] });
    expect(await pageOf('', [''], 1)).toEqual({ total: 0, ids: [] });
  });

  it('lists more than 100 jobs of a user: newest first, each once, and their number', async () => {
    const wanted = record();
    await create(wanted);
    const [first] = sandbox.machine.jobs();
    if (first === undefined) throw new Error('The list is empty.');
    for (let n = 1; n < 250; n += 1) {
      const id = randomUUID();
      // Always two in the same millisecond.
      const createdAt = new Date(clock.now() + Math.floor(n / 2)).toISOString();
      sandbox.machine.putJob({ ...first, _id: id, id, createdAt });
    }
    const shown = [];
    for (const page of [1, 2, 3]) {
      const { total, jobs: listed } = await jobs.list(
        { username: 'alice', accessGroups: [] },
        page,
        100,
      );
      expect(total).toBe(250);
      shown.push(...listed);
    }
    expect(new Set(shown.map(({ id }) => id)).size).toBe(250);
    expect(shown.map(({ createdAt }) => createdAt)).toEqual(
      shown.map(({ createdAt }) => createdAt).toSorted((a, b) => b - a),
    );
  });

  it('recovers 2,502 open jobs, however old the newest of them are', async () => {
    await create(record());
    const [first] = sandbox.machine.jobs();
    if (first === undefined) throw new Error('The list is empty.');
    for (let n = 1; n < 2502; n += 1) {
      const id = randomUUID();
      sandbox.machine.putJob({ ...first, _id: id, id });
    }
    const read: string[] = [];
    for (;;) {
      const page = await jobs.listOpen(read.at(-1), 1000);
      if (page.last === undefined) break;
      read.push(...page.jobs.map(({ id }) => id));
    }
    expect(read).toEqual(
      sandbox.machine
        .jobs()
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(read).toHaveLength(2502);
  });

  it('lists for a user with 3,000 groups, which do not fit into a single request', async () => {
    await create(record());
    const groups = [...Array.from({ length: 3000 }, (_, n) => `proposal-${n}`), 'p1'];
    const page = await jobs.list({ username: 'x', accessGroups: groups }, 1, 10);
    expect({ total: page.total, shown: page.jobs.length }).toEqual({ total: 1, shown: 1 });
  });

  it('surprise: a create that fails with 400 may have stored the job, which is found', async () => {
    sandbox.machine.switches.failingCreateActions.add('globus_transfer_job');
    const wanted = record();
    expect(told(await failing(create(wanted)))).toMatchObject({
      status: 400,
      outcomeUnclear: true,
    });
    expect((await jobs.findByKey(wanted.key))?.id).toBe(sandbox.machine.jobs()[0]?.id);
  });

  it('does not resend a create whose answer was lost, and finds the job', async () => {
    await jobs.findByKey('log in');
    sandbox.faults.add({
      match: { method: 'POST', path: /jobs$/ },
      effect: { type: 'lost-answer' },
    });
    const wanted = record();
    expect(told(await failing(create(wanted)))).toMatchObject({ outcomeUnclear: true });
    expect(sandbox.machine.jobs()).toHaveLength(1);
    expect((await jobs.findByKey(wanted.key))?.id).toBe(sandbox.machine.jobs()[0]?.id);
  });

  it('a create for a dataset that does not exist is not found afterwards', async () => {
    const wanted = record({ datasetPid: 'no/such' });
    expect(told(await failing(create(wanted)))).toMatchObject({
      name: 'DatasetGoneError',
      status: generation === '4.5' ? 400 : 422,
      outcomeUnclear: false,
    });
    expect(await jobs.findByKey(wanted.key)).toBeUndefined();
  });

  it('surprise: a write that fails with 400 may have been stored', async () => {
    const running = submittedAs(await stored(), 'task-1');
    sandbox.machine.switches.failingUpdateActions.add('globus_transfer_job');
    const error = await failing(jobs.write(running.jobId, jobView(running)));
    expect(told(error)).toMatchObject({ name: 'ScicatDoubtfulRefusalError', outcomeUnclear: true });
    const job = await jobs.read(running.jobId);
    expect(job !== undefined && showsView(job, jobView(running))).toBe(true);
  });

  it('surprise: a write is a 404 once the dataset is gone, but the job can be read and removed', async () => {
    const transfer = await stored();
    sandbox.machine.deleteDataset(PID);
    expect(told(await failing(jobs.write(transfer.jobId, jobView(transfer))))).toMatchObject({
      name: 'DatasetGoneError',
      status: 404,
      outcomeUnclear: false,
    });
    expect((await jobs.read(transfer.jobId))?.id).toBe(transfer.jobId);
    expect(await deletesJobs(transfer.jobId)).toBeUndefined();
  });

  it('a job type that was removed from SciCat is the operator’s trouble, and its jobs are not gone', async () => {
    const transfer = await stored();
    sandbox.machine.jobTypes.delete('globus_transfer_job');
    const name = 'UpstreamSetupError';
    expect(told(await failing(create(record())))).toMatchObject({ name, outcomeUnclear: false });
    expect(told(await failing(jobs.write(transfer.jobId, jobView(transfer))))).toMatchObject({
      name,
    });
    if (generation === 'head') expect((await jobs.read(transfer.jobId))?.id).toBe(transfer.jobId);
    else expect(await failing(jobs.read(transfer.jobId))).toMatchObject({ name, retryable: true });
    expect(await jobs.listOpenIds(undefined, 10)).toEqual([transfer.jobId]);
    sandbox.machine.jobTypes.delete('archive');
    const archive = { datasetPid: PID, ownerGroup: 'p1', transferJobId: 'x', transferKey: 'y' };
    expect(told(await failing(archiveJobs.create(archive)))).toMatchObject({ name });
  });

  it('a user whose session ends between identity and dataset is told so, and not that the PID is wrong', async () => {
    const token = sandbox.mintToken('alice', { expiresInSeconds: 60 });
    expect(await identities.identify(token)).toMatchObject({ username: 'alice' });
    await clock.sleep(61_000);
    const errors = [
      await failing(datasets.readAs(token, PID)),
      await failing(identities.identify(token)),
    ];
    expect(errors.map(({ name }) => name)).toEqual(Array(2).fill('UnauthenticatedError'));
    expect(errors[0]?.message).toBe(errors[1]?.message);
  });

  it('surprise: a token that became invalid is a 403: one new login, and the call goes through once', async () => {
    const transfer = await stored();
    await jobs.write(transfer.jobId, jobView(transfer));
    await clock.sleep(60_000);
    for (const username of Object.keys(setup.accounts)) sandbox.machine.revokeTokens(username);
    const wanted = record();
    await create(wanted);
    await jobs.write(transfer.jobId, jobView(submittedAs(transfer, 'task-1')));
    expect(sandbox.machine.jobs()).toHaveLength(2);
    expect(sandbox.machine.updateActions(transfer.jobId)).toBe(2);
    const logins = sandbox.requests.filter(({ path }) => path.endsWith('/auth/login'));
    expect(logins).toHaveLength(Object.keys(setup.accounts).length * 2);
  });

  it('renews tokens before they expire: no call ever gets a 403', async () => {
    for (let minute = 0; minute < 180; minute += 5) {
      await jobs.listOpenIds(undefined, 1);
      await clock.sleep(300_000);
    }
    const statuses = new Set(sandbox.requests.map(({ status }) => status));
    expect(statuses).toEqual(new Set([200, 201]));
  });

  it('reports a changed password, does not flood SciCat, and recovers once it is corrected', async () => {
    await jobs.listOpenIds(undefined, 1);
    sandbox.machine.setPassword('creator', 'changed');
    sandbox.machine.revokeTokens('creator');
    await clock.sleep(60_000);
    const before = sandbox.requests.length;
    const errors = [];
    for (let n = 0; n < 20; n += 1) errors.push(await failing(jobs.listOpenIds(undefined, 1)));
    expect(new Set(errors).size).toBe(1);
    expect(told(errors[0])).toMatchObject({ name: 'LoginRefusedError', outcomeUnclear: false });
    expect(sandbox.requests.slice(before).map(({ path, status }) => ({ path, status }))).toEqual([
      { path: '/api/v4/jobs', status: 403 },
      { path: '/api/v3/auth/login', status: 401 },
    ]);
    sandbox.machine.setPassword('creator', 'creator-pw');
    await clock.sleep(30_000);
    expect(await jobs.listOpenIds(undefined, 1)).toEqual([]);
  });

  it('surprise: with its database down SciCat rejects valid tokens, which counts as an outage', async () => {
    const transfer = await stored();
    connect(100);
    const token = sandbox.mintToken('alice');
    sandbox.machine.switches.databaseDown = true;
    const health = new ScicatHealth(api);
    const errors = [
      await failing(identities.identify(token)),
      await failing(datasets.readAs(token, PID)),
      await failing(datasets.readAsService(PID)),
      await failing(jobs.read(transfer.jobId)),
      await failing(jobs.findByKey('x')),
      await failing(create(record())),
    ];
    for (const error of errors) {
      expect(error).toMatchObject({
        code: expect.stringMatching(/^UPSTREAM_(TIMEOUT|UNAVAILABLE)$/) as unknown,
        retryable: true,
      });
    }
    expect(await health.check()).toMatchObject({ up: false });
    sandbox.machine.switches.databaseDown = false;
    expect(await health.check()).toEqual({ up: true });
    expect((await jobs.read(transfer.jobId))?.id).toBe(transfer.jobId);
  });

  it('surprise: masking hides e-mails in paths from accounts that are not administrators, but not in the sealed record', async () => {
    sandbox.machine.switches.maskPersonalInfo = true;
    const wanted = record();
    await create(wanted);
    const job = await jobs.findByKey(wanted.key);
    if (job === undefined) throw new Error('It was not found.');
    expect(readJob(job, true)).toMatchObject({
      kind: 'open',
      transfer: { origin: { kind: 'recorded', record: wanted } },
    });
    const masked = JSON.stringify(job.globusTransfer).includes('*****');
    expect(masked).toBe(setup.updater !== 'creator');
    // The user's own dataset is masked for the user as well; refusing it is the facilities' matter.
    expect(await datasets.readAs(sandbox.mintToken('alice'), PID)).toMatchObject({
      sourceFolder: '/data/*****/run1',
    });
    const identity = await identities.identify(sandbox.mintToken('alice'));
    expect(identity.email).toBe('alice@psi.ch');
  });

  it('identifies the user of a token, and rejects tokens without one', async () => {
    expect(await identities.identify(sandbox.mintToken('alice'))).toMatchObject({
      username: 'alice',
      accessGroups: ['p1', 'FACILITY'],
    });
    const anonymous = await fetch(`${sandbox.url}/api/v3/users/jwt`, { method: 'POST' });
    const { jwt } = (await anonymous.json()) as { jwt: string };
    const expired = sandbox.mintToken('alice', { expiresInSeconds: 0 });
    for (const token of [jwt, expired, 'garbage']) {
      expect((await failing(identities.identify(token))).name).toBe('UnauthenticatedError');
    }
  });

  it('surprise: does not reveal which datasets exist, and never takes a route for a PID', async () => {
    const alice = sandbox.mintToken('alice');
    const bob = sandbox.mintToken('bob');
    expect(await datasets.readAs(alice, PID)).toEqual({
      pid: PID,
      ownerGroup: 'p1',
      sourceFolder: '/data/carol@psi.ch/run1',
      size: 30,
      numberOfFiles: 2,
      lifecycle: {
        archivable: false,
        archiveStatusMessage: 'filesNotYetAvailable',
        retrievable: false,
      },
    });
    expect((await failing(datasets.readAs('garbage', PID))).name).toBe('UnauthenticatedError');
    const messages = [];
    for (const [token, pid] of [
      [bob, PID],
      [bob, 'no/such'],
      [alice, 'findOne'],
      [alice, 'fullquery'],
      [alice, ''],
    ] as const) {
      const error = await failing(datasets.readAs(token, pid));
      messages.push(`${error.name}: ${error.message}`);
    }
    expect(new Set(messages).size).toBe(1);
    expect(messages[0]).toMatch(/^InvalidRequestError: /);
  });

  it('marks a dataset as archivable, changes nothing else, and creates one archive job', async () => {
    const before = sandbox.machine.datasets.get(PID);
    expect((await datasets.readAsService(PID))?.lifecycle).toEqual({
      archivable: false,
      archiveStatusMessage: 'filesNotYetAvailable',
      retrievable: false,
    });
    const wanted = {
      datasetPid: PID,
      ownerUser: 'alice',
      ownerGroup: 'p1',
      contactEmail: 'alice@psi.ch',
      transferJobId: randomUUID(),
      transferKey: randomUUID(),
    };
    // SciCat's job type asks for an archivable dataset.
    expect(told(await failing(archiveJobs.create(wanted)))).toMatchObject({
      name: 'UpstreamRejectedError',
      status: 400,
      outcomeUnclear: false,
    });
    await datasets.markArchivable(PID);
    const after = sandbox.machine.datasets.get(PID);
    expect(after).toEqual({
      ...before,
      updatedAt: after?.updatedAt,
      updatedBy: setup.updater,
      datasetlifecycle: {
        ...before?.datasetlifecycle,
        archivable: true,
        archiveStatusMessage: 'datasetCreated',
      },
    });
    expect(await archiveJobs.findByKey(wanted.transferKey)).toBeUndefined();
    const id = await archiveJobs.create(wanted);
    expect(await archiveJobs.findByKey(wanted.transferKey)).toBe(id);
    expect(sandbox.machine.job(id)).toMatchObject({
      type: 'archive',
      ownerUser: 'alice',
      createdBy: 'creator',
    });

    sandbox.machine.switches.failingCreateActions.add('archive');
    const other = { ...wanted, transferKey: randomUUID() };
    const otherId = await archiveJobs.create(other);
    expect(sandbox.machine.job(otherId)?.jobParams).toMatchObject({
      globusTransferKey: other.transferKey,
    });

    sandbox.machine.deleteDataset(PID);
    expect(await datasets.readAsService(PID)).toBeUndefined();
  });

  it('surprise: reads all of 105 OrigDatablocks, which SciCat’s other list cuts at 100', async () => {
    for (let n = 0; n < 105; n += 1) {
      sandbox.machine.addOrigDatablock(PID, [{ path: `a/${n}` }, { path: `b/${n}` }]);
    }
    const paths = Array.from({ length: 105 }, (_value, n) => [`a/${n}`, `b/${n}`]).flat();
    const listed = { kind: 'listed', paths };
    const isAdministrator = setup.updater === 'creator';
    // Surprise: it is shown to the dataset's groups and to administrators only; others get an empty list.
    expect(await datasets.files(PID)).toEqual(isAdministrator ? listed : { kind: 'hidden' });
    if (isAdministrator) return;
    // Either account may be in such a group.
    const groups = { creator: ['jobcreators'], updater: ['jobupdaters', 'archivemanager'] };
    for (const reader of ['creator', 'updater'] as const) {
      sandbox.machine.setGroups(reader, [...groups[reader], 'p1']);
      expect(await datasets.files(PID)).toEqual(listed);
      sandbox.machine.setGroups(reader, groups[reader]);
    }
  });

  it('tells a dataset without files from one that is gone', async () => {
    sandbox.machine.addDataset({ pid: 'empty', ownerGroup: 'p1', sourceFolder: '/data/empty' });
    expect(await datasets.files('empty')).toEqual({ kind: 'none' });
    expect(await datasets.files('no/such')).toEqual({ kind: 'no-dataset' });
    const found = await Promise.all(['empty', 'no/such'].map((pid) => datasets.readAsService(pid)));
    expect(found.map((dataset) => dataset?.pid)).toEqual(['empty', undefined]);
  });
});

describe('SciCat with one account that lacks the right to update', () => {
  it('surprise: only administrators have both rights, which is reported', async () => {
    const clock = new HandClock();
    const sandbox = await startScicatSandbox({ clock: () => clock.now() });
    const transport = new AxiosTransport(new HttpService(axios.create()));
    try {
      sandbox.machine.addUser({
        username: 'creator',
        password: 'pw',
        groups: ['jobcreators', 'jobupdaters'],
      });
      sandbox.machine.addDataset({ pid: PID, ownerGroup: 'p1', sourceFolder: '/x' });
      const api = new ScicatApi({
        scicatUrl: sandbox.url,
        caller: new UpstreamCaller({ upstream: 'SciCat', transport, clock, random: () => 0 }),
      });
      const creator = new ServiceAccount({
        api,
        clock,
        username: 'creator',
        password: () => 'pw',
        setting: 'X',
      });
      const jobs = new ScicatTransferJobs({
        creator,
        updater: creator,
        formerAccounts: () => [],
        clock,
      });
      const wanted = record();
      const created = await jobs.create({ record: wanted, ownerUser: 'creator', ownerGroup: 'p1' });
      const view = jobView(newTransfer(created, wanted, 'for a test'));
      await clock.sleep(60_000);
      const error = await failing(jobs.write(created.jobId, view));
      expect(told(error)).toMatchObject({ name: 'ServiceAccountError', status: 403 });
      expect(error.message).toMatch(/operator/);
    } finally {
      transport.onApplicationShutdown();
      await sandbox.close();
    }
  });
});
