import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { auth, transfer } from '@globus/sdk';
import { startGlobusSandbox, type GlobusSandbox } from './globus-sandbox.js';
import { dataAccessScope, transferScope } from './scopes.js';

type Json = Readonly<Record<string, unknown>>;

/** The SDK's types allow for browsers only; this is the call as it works at run time. */
const requestToken = auth.oauth2.token.token as unknown as (options: {
  payload: Json;
  headers: Record<string, string>;
}) => Promise<Response>;

const sourceId = '6c54cade-bde5-45c1-bdea-f4bd71dba2cc';
const destinationId = '31ce9ba0-176d-45a5-add3-f37d233ba47d';

let base: string;
let sandbox: GlobusSandbox;
let headers: Record<string, string>;

const json = async (answer: Promise<{ json(): Promise<unknown> }>): Promise<Json> =>
  (await (await answer).json()) as Json;

function grant(scope: string): Promise<Json> {
  return json(
    requestToken({
      payload: { grant_type: 'client_credentials', scope },
      headers: { Authorization: `Basic ${btoa('client:secret')}` },
    }),
  );
}

async function submit(document: Json): Promise<Json> {
  const { value } = await json(transfer.taskSubmission.submissionId({ headers }));
  return json(
    transfer.taskSubmission.submitTransfer({
      headers,
      payload: {
        submission_id: value,
        source_endpoint: sourceId,
        destination_endpoint: destinationId,
        label: 'conformance',
        verify_checksum: true,
        ...document,
      } as unknown as NonNullable<
        Parameters<typeof transfer.taskSubmission.submitTransfer>[0]
      >['payload'],
    }),
  );
}

/** Asks for the task until it has ended; each answer is waited for, nothing sleeps. */
async function ended(taskId: string): Promise<Json> {
  for (;;) {
    const task = await json(transfer.task.get(taskId, { headers }));
    if (task['completion_time'] !== null) return task;
  }
}

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'globus-sandbox-'));
  for (const name of ['source', 'destination']) mkdirSync(join(base, name));
  sandbox = await startGlobusSandbox();
  const { machine } = sandbox;
  machine.addClient({ id: 'client', secret: 'secret' });
  machine.addCollection({ id: sourceId, displayName: 'S', folder: join(base, 'source') });
  machine.addCollection({ id: destinationId, displayName: 'D', folder: join(base, 'destination') });
  process.env['GLOBUS_SDK_SERVICE_URL_AUTH'] = sandbox.authUrl;
  process.env['GLOBUS_SDK_SERVICE_URL_TRANSFER'] = sandbox.url;
  const scopes = [sourceId, destinationId].map((id) => `*${dataAccessScope(id)}`).join(' ');
  const token = await grant(`${transferScope}[${scopes}]`);
  headers = { Authorization: `Bearer ${String(token['access_token'])}` };
});

afterEach(async () => {
  delete process.env['GLOBUS_SDK_SERVICE_URL_AUTH'];
  delete process.env['GLOBUS_SDK_SERVICE_URL_TRANSFER'];
  await sandbox.close();
  rmSync(base, { recursive: true, force: true });
});

describe("Globus's own client against the sandbox", () => {
  it('copies a folder, with every byte', async () => {
    const content = Buffer.alloc(10_000_000, 'globus');
    mkdirSync(join(base, 'source/data'));
    writeFileSync(join(base, 'source/data/big'), content);
    const accepted = await submit({
      DATA: [
        {
          DATA_TYPE: 'transfer_item',
          source_path: '/data/',
          destination_path: '/copy/',
          recursive: true,
        },
      ],
    });
    expect(accepted['code']).toBe('Accepted');
    const task = await ended(String(accepted['task_id']));
    expect(task).toMatchObject({
      status: 'SUCCEEDED',
      bytes_transferred: content.length,
      bytes_checksummed: content.length,
    });
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(hash(readFileSync(join(base, 'destination/copy/big')))).toBe(hash(content));

    const list = await json(
      transfer.task.getAll({
        headers,
        query: { filter: `task_id:${String(accepted['task_id'])}/status:SUCCEEDED`, limit: 1000 },
      }),
    );
    expect(list).toMatchObject({ DATA_TYPE: 'task_list', total: 1, DATA: [task] });
    const files = await json(
      transfer.fileOperations.ls(destinationId, { headers, query: { path: '/copy/' } }),
    );
    expect(files['DATA']).toEqual([expect.objectContaining({ name: 'big', type: 'file' })]);
  });

  it('makes a folder and deletes it', async () => {
    const made = await json(
      transfer.fileOperations.mkdir(destinationId, { headers, payload: { path: '/new' } }),
    );
    expect(made['code']).toBe('DirectoryCreated');
    const { value } = await json(transfer.taskSubmission.submissionId({ headers }));
    const accepted = await json(
      transfer.taskSubmission.submitDelete({
        headers,
        payload: {
          submission_id: String(value),
          endpoint: destinationId,
          recursive: true,
          DATA: [{ DATA_TYPE: 'delete_item', path: '/new' }],
        },
      }),
    );
    expect(accepted).toMatchObject({ DATA_TYPE: 'delete_result', code: 'Accepted' });
    const task = await ended(String(accepted['task_id']));
    expect([task['type'], task['status']]).toEqual(['DELETE', 'SUCCEEDED']);
    expect(existsSync(join(base, 'destination/new'))).toBe(false);
  });

  it('shows a missing file, cancels, and reads the events', async () => {
    const accepted = await submit({
      DATA: [{ DATA_TYPE: 'transfer_item', source_path: '/missing', destination_path: '/missing' }],
    });
    const id = String(accepted['task_id']);
    let task = await json(transfer.task.get(id, { headers }));
    while (task['faults'] === 0) task = await json(transfer.task.get(id, { headers }));
    expect(task).toMatchObject({ status: 'ACTIVE', nice_status: 'FILE_NOT_FOUND' });
    const canceled = await json(transfer.task.cancel(id, { headers }));
    expect(canceled['code']).toBe('Canceled');
    expect(await ended(id)).toMatchObject({ status: 'FAILED', fatal_error: { code: 'CANCELED' } });
    const events = await json(transfer.task.getEventList(id, { headers }));
    expect((events['DATA'] as Json[]).map((event) => event['code'])).toEqual([
      'CANCELED',
      'FILE_NOT_FOUND',
      'STARTED',
    ]);
  });
});

describe('the sandbox', () => {
  it('finishes copies without being polled', async () => {
    writeFileSync(join(base, 'source/a'), 'a');
    await submit({
      DATA: [{ DATA_TYPE: 'transfer_item', source_path: '/a', destination_path: '/a' }],
    });
    await new Promise<void>((resolve) => {
      const watch = setInterval(() => {
        if (sandbox.machine.tasks()[0]?.phase.kind !== 'ended') return;
        clearInterval(watch);
        resolve();
      }, 5);
    });
    expect(readFileSync(join(base, 'destination/a'), 'utf8')).toBe('a');
  });

  it('leaves no timer and no port behind when closed', async () => {
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const other = await startGlobusSandbox();
    expect(timers()).toBeGreaterThan(before);
    await other.close();
    await other.close();
    expect(timers()).toBeLessThanOrEqual(before);
    await expect(fetch(other.url)).rejects.toThrow('fetch failed');
  });
});
