import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GlobusSandbox, startGlobusSandbox } from '../../sandbox/globus/globus-sandbox.js';
import { USUAL_COPY } from '../../test/support/builders.js';
import { listInMemory } from '../../test/support/fake-file-list-store.js';
import { AxiosTransport } from '../http-client/axios-transport.js';
import { SystemClock } from '../time/system-clock.js';
import type { GlobusTask, TransferRequest } from '../ports/globus-transfers.port.js';
import { GlobusApi } from './globus-api.client.js';
import { GlobusTransfersClient } from './globus-transfers.client.js';

const SOURCE = '6c54cade-bde5-45c1-bdea-f4bd71dba2cc';
const DESTINATION = '31ce9ba0-176d-45a5-add3-f37d233ba47d';
const UNKNOWN = '99999999-9999-4999-8999-999999999999';

const scopesOf = (collection: string): readonly string[] => [
  `urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/${collection}/data_access]`,
];

describe('GlobusTransfersClient against the emulated Globus', () => {
  let base: string;
  let sandbox: GlobusSandbox;
  let transport: AxiosTransport;

  beforeEach(async () => {
    base = mkdtempSync(join(tmpdir(), 'globus-client-'));
    mkdirSync(join(base, 'source/data/deep'), { recursive: true });
    mkdirSync(join(base, 'destination'));
    writeFileSync(join(base, 'source/data/deep/ü.txt'), 'umlaut');
    sandbox = await startGlobusSandbox();
    sandbox.machine.addClient({ id: 'client', secret: 'secret' });
    sandbox.machine.addCollection({
      id: SOURCE,
      displayName: 'S',
      folder: join(base, 'source'),
    });
    sandbox.machine.addCollection({
      id: DESTINATION,
      displayName: 'D',
      folder: join(base, 'destination'),
    });
    transport = new AxiosTransport(new HttpService(axios.create()));
  });

  afterEach(async () => {
    transport.onApplicationShutdown();
    await sandbox.close();
    rmSync(base, { recursive: true, force: true });
  });

  const client = (clientSecret = 'secret'): GlobusTransfersClient => {
    const { authUrl, transferUrl } = sandbox;
    const options = { authUrl, transferUrl, clientId: 'client', clientSecret };
    const clock = new SystemClock();
    const api = new GlobusApi(options, { transport, clock, random: () => 0 });
    return new GlobusTransfersClient({ api, clientId: 'client', clock });
  };

  const request = (submissionId: string, more: Partial<TransferRequest> = {}): TransferRequest => ({
    submissionId,
    label: 'SciCat transfer j1',
    source: { facility: 'S', collection: SOURCE, path: '/data', scopes: scopesOf(SOURCE) },
    destination: {
      facility: 'D',
      collection: DESTINATION,
      path: '/copy',
      scopes: scopesOf(DESTINATION),
    },
    copy: { ...USUAL_COPY, deadlineHours: 1 },
    files: undefined,
    ...more,
  });

  /** Each answer is waited for, nothing sleeps. */
  const taskWhere = async (
    globus: GlobusTransfersClient,
    taskId: string,
    reached: (task: GlobusTask) => boolean,
  ): Promise<GlobusTask> => {
    for (;;) {
      const task = await globus.task(taskId);
      if (task !== undefined && reached(task)) return task;
    }
  };

  const taskIdOf = async (
    globus: GlobusTransfersClient,
    wish: TransferRequest,
  ): Promise<string> => {
    const outcome = await globus.submit(wish);
    if (outcome.kind !== 'accepted') throw new Error(`It was ${JSON.stringify(outcome)}.`);
    return outcome.taskId;
  };

  it.each([
    ['keep', true],
    ['ignore', false],
  ] as const)(
    'copies the links of a folder as links, or not: %s',
    async (recursiveSymlinks, kept) => {
      symlinkSync('deep/ü.txt', join(base, 'source/data/latest'));
      const globus = client();
      const id = await globus.newSubmissionId();
      const wish = request(id);
      const copy = { ...wish.copy, recursiveSymlinks };
      const taskId = await taskIdOf(globus, { ...wish, copy });
      const task = await taskWhere(globus, taskId, ({ status }) => status !== 'ACTIVE');
      expect(task.status).toBe('SUCCEEDED');
      const link = join(base, 'destination/copy/latest');
      expect(readdirSync(join(base, 'destination/copy'))).toEqual(
        kept ? ['deep', 'latest'] : ['deep'],
      );
      if (kept) expect(readlinkSync(link)).toBe('deep/ü.txt');
    },
  );

  it('copies a folder; the same submission again is the same task; it is found in every way', async () => {
    const globus = client();
    const wish = request(await globus.newSubmissionId());
    const taskId = await taskIdOf(globus, wish);
    expect(await globus.submit(wish)).toEqual({ kind: 'accepted', taskId });
    const task = await taskWhere(globus, taskId, ({ status }) => status !== 'ACTIVE');
    expect(task).toMatchObject({
      taskId,
      status: 'SUCCEEDED',
      label: 'SciCat transfer j1',
      filesTransferred: 1,
      bytesTransferred: 6,
    });
    expect(readFileSync(join(base, 'destination/copy/deep/ü.txt'), 'utf8')).toBe('umlaut');
    const found = { tasks: [task], complete: true };
    expect(await globus.list({ by: 'ids', taskIds: [taskId, UNKNOWN] })).toEqual(found);
    expect(await globus.list({ by: 'label', label: 'SciCat transfer j1' })).toEqual(found);
    const completedAt = task.completedAt ?? 0;
    expect(
      await globus.list({
        by: 'completed',
        since: completedAt - 60_000,
      }),
    ).toEqual(found);
    expect(await globus.list({ by: 'running' })).toEqual({ tasks: [], complete: true });
    await globus.cancel(taskId);
  });

  it('a missing file stays active, tells why, and ends by cancelling', async () => {
    const globus = client();
    const wish = request(await globus.newSubmissionId(), {
      files: listInMemory([{ path: 'missing.h5', isSymlink: false }]),
    });
    const taskId = await taskIdOf(globus, wish);
    const stuck = await taskWhere(globus, taskId, ({ faults }) => faults > 0);
    expect(stuck).toMatchObject({ status: 'ACTIVE', niceStatus: 'FILE_NOT_FOUND' });
    expect(await globus.latestError(taskId)).toMatchObject({ code: 'FILE_NOT_FOUND' });
    const listed = await globus.list({ by: 'running' });
    expect(listed.tasks.map((task) => [task.taskId, task.niceStatus])).toEqual([
      [taskId, 'FILE_NOT_FOUND'],
    ]);
    const again = request(await globus.newSubmissionId(), { files: wish.files });
    expect(await globus.submit(again)).toMatchObject({ kind: 'conflict' });
    await globus.cancel(taskId);
    expect(await taskWhere(globus, taskId, ({ status }) => status !== 'ACTIVE')).toMatchObject({
      status: 'FAILED',
      fatalError: { code: 'CANCELED' },
    });
  });

  it('tells what is refused from what is the fault of our account', async () => {
    const globus = client();
    const unknown = { facility: 'X', collection: UNKNOWN, path: '/x' };
    const id = await globus.newSubmissionId();
    expect(
      await globus.submit(request(id, { source: { ...unknown, scopes: scopesOf(UNKNOWN) } })),
    ).toMatchObject({ kind: 'scopes-refused' });
    expect(await globus.submit(request(id, { source: { ...unknown, scopes: [] } }))).toMatchObject({
      kind: 'refused',
    });
    expect(await client('wrong').submit(request(id))).toMatchObject({ kind: 'account-refused' });
    expect(await globus.task(UNKNOWN)).toBeUndefined();
    await globus.cancel(UNKNOWN);
  });

  it('a missing consent is requested', async () => {
    const globus = client();
    const wish = request(await globus.newSubmissionId());
    const plain = ['urn:globus:auth:scope:transfer.api.globus.org:all'];
    expect(
      await globus.submit({
        ...wish,
        source: { ...wish.source, scopes: plain },
        destination: { ...wish.destination, scopes: plain },
      }),
    ).toMatchObject({ kind: 'accepted' });
  });
});
