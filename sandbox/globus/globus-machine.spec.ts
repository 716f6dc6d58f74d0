import { beforeEach, describe, expect, it } from '@jest/globals';
import { item, MachineHarness, pick, testStart } from './machine-harness.js';

const hour = 3_600_000;
/** How long a copy of one file takes on the harness's collections. */
const copyMs = 11_000;

let harness: MachineHarness;

beforeEach(() => {
  harness = new MachineHarness();
  harness.login();
});

describe('a submission', () => {
  it('is accepted with 200 and becomes a task', () => {
    const document = harness.document();
    const { status, body } = harness.send('POST', '/v0.10/transfer', document);
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        DATA_TYPE: 'transfer_result',
        code: 'Accepted',
        message:
          'The transfer has been accepted and a task has been created and queued for execution',
        request_id: expect.any(String),
        resource: '/v0.10/transfer',
        submission_id: document['submission_id'],
        task_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        task_link: expect.objectContaining({ resource: 'task' }),
      },
    });
    expect(harness.machine.task(body['task_id'] as string)?.request.items).toHaveLength(1);
  });

  it('with the same id is a Duplicate of the same task, ended or not, whatever its body', () => {
    const document = harness.document();
    const first = harness.send('POST', '/v0.10/transfer', document);
    harness.wait(copyMs);
    const again = harness.send('POST', '/v0.10/transfer', {
      submission_id: String(document['submission_id']).toUpperCase(),
    });
    expect({ status: again.status, ...pick(again.body, 'code', 'task_id') }).toEqual({
      status: 200,
      code: 'Duplicate',
      task_id: first.body['task_id'],
    });
    expect(harness.machine.tasks()).toHaveLength(1);
  });

  it('leaves its id unused when it is refused', () => {
    const document = harness.document();
    expect(harness.send('POST', '/v0.10/transfer', { ...document, DATA: [] }).status).toBe(400);
    expect(harness.send('POST', '/v0.10/transfer', document).body['code']).toBe('Accepted');
  });

  it('may carry any UUID, unless only issued ids are accepted', () => {
    const own = { submission_id: '00000000-0000-4000-8000-000000000000' };
    harness.machine.strictSubmissionIds = true;
    expect(harness.submit(own).status).toBe(400);
    expect(harness.submit().status).toBe(200);
    harness.machine.strictSubmissionIds = false;
    expect(harness.submit({ ...own, DATA: [item('/x', '/y')] }).status).toBe(200);
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['no items', 'ClientError.BadRequest.NoTransferItems', { DATA: [] }],
    ['absent items', 'ClientError.BadRequest.NoTransferItems', { DATA: undefined }],
    ['a wrong DATA_TYPE', 'ClientError.BadRequest', { DATA_TYPE: 'delete' }],
    ['no submission id', 'ClientError.BadRequest', { submission_id: undefined }],
    ['a malformed submission id', 'ClientError.BadRequest', { submission_id: 'x' }],
    ['a label of 129 characters', 'ClientError.BadRequest', { label: 'x'.repeat(129) }],
    ['a label with a line break', 'ClientError.BadRequest', { label: 'a\nb' }],
    ['a label that ends with a blank', 'ClientError.BadRequest', { label: 'a ' }],
    ['a sync level of 4', 'ClientError.BadRequest', { sync_level: 4 }],
    ['a text as a flag', 'ClientError.BadRequest', { verify_checksum: 'yes' }],
    ['a deadline in the past', 'ClientError.BadRequest', { deadline: '2025-01-01T00:00:00Z' }],
    ['a deadline that is none', 'ClientError.BadRequest', { deadline: 'tomorrow' }],
    ['a wrong symlink mode', 'ClientError.BadRequest', { recursive_symlinks: 'maybe' }],
    ['deletion', 'ClientError.BadRequest', { delete_destination_extra: true }],
    ['a relative path', 'ClientError.BadRequest', { DATA: [item('data', '/x')] }],
    ['a wrong item', 'ClientError.BadRequest', { DATA: [item('/a', '/b', { DATA_TYPE: 'x' })] }],
    ['a wrong recursive', 'ClientError.BadRequest', { DATA: [item('/a', '/b', { recursive: 1 })] }],
  ])('with %s is refused with 400', (_what, code, changes) => {
    const { status, body } = harness.submit(changes);
    expect({ status, body }).toEqual({
      status: 400,
      body: {
        code,
        message: expect.any(String),
        request_id: expect.any(String),
        resource: '/v0.10/transfer',
      },
    });
    expect(harness.machine.tasks()).toEqual([]);
  });

  it('that is no JSON object is refused with 400', () => {
    expect(harness.send('POST', '/v0.10/transfer', '{').status).toBe(400);
    expect(harness.send('POST', '/v0.10/transfer', '[]').status).toBe(400);
  });

  it('to a collection that is unknown or deleted is refused with 404', () => {
    expect(harness.submit({ source_endpoint: 'nowhere' })).toMatchObject({
      status: 404,
      body: { code: 'EndpointNotFound', message: "No such endpoint 'nowhere'" },
    });
    harness.machine.deleteCollection('col-b');
    expect(harness.submit()).toMatchObject({ status: 404, body: { code: 'EndpointDeleted' } });
  });

  it('without permission, or against a policy, is refused with 403', () => {
    harness.machine.addCollection({
      id: 'policy',
      displayName: 'P',
      highAssurance: true,
      requiredPolicies: ['example.org'],
    });
    expect(harness.submit({ source_endpoint: 'policy' })).toMatchObject({
      status: 403,
      body: {
        code: 'AuthPolicyFailed',
        authorization_parameters: { session_required_policies: ['example.org'] },
      },
    });
    harness.machine.setPermission('col-a', ['client-2']);
    expect(harness.submit()).toMatchObject({ status: 403, body: { code: 'PermissionDenied' } });
    harness.machine.setPermission('col-a', undefined);
    expect(harness.submit().status).toBe(200);
  });

  it('of identical paths is a Conflict without a task id, until the other has ended', () => {
    const items = [item('/1', '/1'), item('/2', '/2')];
    harness.accepted({ DATA: items });
    const { status, body } = harness.submit({ DATA: [...items].reverse() });
    expect({ status, body }).toEqual({
      status: 409,
      body: {
        code: 'Conflict',
        message: 'A transfer with identical paths has not yet completed',
        request_id: expect.any(String),
        resource: '/v0.10/transfer',
      },
    });
    harness.wait(2 * copyMs);
    expect(harness.submit({ DATA: items }).status).toBe(200);
  });

  it('above the limit of unfinished tasks is refused with TooManyPendingJobs', () => {
    expect(harness.machine.limits.pendingTasks).toBe(100);
    harness.machine.limits.pendingTasks = 2;
    harness.accepted({ DATA: [item('/1', '/1')] });
    harness.accepted({ DATA: [item('/2', '/2')] });
    expect(harness.submit()).toMatchObject({
      status: 409,
      body: { code: 'ClientError.Conflict.TooManyPendingJobs' },
    });
    harness.wait(copyMs);
    expect(harness.submit().status).toBe(200);
  });

  it('with more items than allowed is refused', () => {
    harness.machine.limits.itemsPerSubmission = 1;
    expect(harness.submit({ DATA: [item('/1', '/1'), item('/2', '/2')] }).status).toBe(400);
  });
});

describe('a task', () => {
  it('is worked on, three at a time, the others Queued', () => {
    const ids = [1, 2, 3, 4].map((n) => harness.accepted({ DATA: [item(`/${n}`, `/${n}`)] }));
    const states = () =>
      ids.map((id) => pick(harness.task(id), 'status', 'nice_status', 'bytes_transferred'));
    const queued = { status: 'ACTIVE', nice_status: 'Queued', bytes_transferred: 0 };
    harness.wait(6000);
    const half = { status: 'ACTIVE', nice_status: 'OK', bytes_transferred: 500 };
    expect(states()).toEqual([half, half, half, queued]);
    harness.wait(copyMs);
    const done = { status: 'SUCCEEDED', nice_status: null, bytes_transferred: 1000 };
    // The fourth began when the first three ended, not when somebody next looked.
    expect(states()).toEqual([done, done, done, half]);
  });

  it('of another client is in no one’s way', () => {
    harness.machine.limits.concurrentTasks = 1;
    harness.accepted();
    harness.machine.addClient({ id: 'client-2', secret: 's' });
    const scope = 'urn:globus:auth:scope:transfer.api.globus.org:all';
    const both = `${scope}[*https://auth.globus.org/scopes/col-a/data_access *https://auth.globus.org/scopes/col-b/data_access]`;
    harness.token = harness.grant(both, 'client-2:s').body['access_token'] as string;
    expect(harness.task(harness.accepted())['nice_status']).toBe('OK');
  });

  it('has a whole document while it lives', () => {
    const id = harness.accepted({ verify_checksum: true, sync_level: 3 });
    harness.wait(6000);
    expect(harness.task(id)).toEqual({
      DATA_TYPE: 'task',
      task_id: id,
      type: 'TRANSFER',
      status: 'ACTIVE',
      label: 'test',
      owner_id: 'client-1',
      username: 'client-1@clients.auth.globus.org',
      request_time: '2026-01-01T00:00:00+00:00',
      completion_time: null,
      deadline: '2026-01-02T00:00:00+00:00',
      command: 'API 0.10',
      source_endpoint: 'A',
      source_endpoint_id: 'col-a',
      source_endpoint_display_name: 'A',
      destination_endpoint: 'B',
      destination_endpoint_id: 'col-b',
      destination_endpoint_display_name: 'B',
      source_local_user: null,
      destination_local_user: null,
      fatal_error: null,
      is_ok: true,
      nice_status: 'OK',
      nice_status_short_description: 'OK',
      nice_status_expires_in: -1,
      nice_status_details: null,
      is_paused: false,
      sync_level: 3,
      encrypt_data: false,
      verify_checksum: true,
      preserve_timestamp: false,
      skip_source_errors: false,
      fail_on_quota_errors: false,
      recursive_symlinks: 'ignore',
      delete_destination_extra: false,
      filter_rules: null,
      history_deleted: false,
      faults: 0,
      files: 1,
      directories: 0,
      symlinks: 0,
      files_skipped: 0,
      files_transferred: 0,
      bytes_transferred: 500,
      bytes_checksummed: 500,
      effective_bytes_per_second: 83,
      subtasks_total: 1,
      subtasks_succeeded: 0,
      subtasks_skipped_errors: 0,
      subtasks_retrying: 0,
      subtasks_pending: 1,
      subtasks_expired: 0,
      subtasks_canceled: 0,
      subtasks_failed: 0,
      canceled_by_admin: null,
      canceled_by_admin_message: null,
    });
  });

  it('has nulls for its nice status when it is done', () => {
    const id = harness.accepted();
    harness.wait(copyMs);
    expect(harness.task(id)).toMatchObject({
      status: 'SUCCEEDED',
      completion_time: '2026-01-01T00:00:11+00:00',
      fatal_error: null,
      is_ok: null,
      nice_status: null,
      nice_status_short_description: null,
      nice_status_expires_in: null,
      bytes_checksummed: 0,
      files_transferred: 1,
      subtasks_succeeded: 1,
      subtasks_pending: 0,
    });
  });

  it('is unknown, forgotten or another client’s: 404', () => {
    const id = harness.accepted();
    const missing = {
      status: 404,
      body: { code: 'ClientError.NotFound', message: `No task found with id '${id}'` },
    };
    expect(harness.send('GET', '/v0.10/task/nothing').status).toBe(404);
    const { token } = harness;
    harness.machine.addClient({ id: 'client-2', secret: 's' });
    const scope = 'urn:globus:auth:scope:transfer.api.globus.org:all';
    harness.token = harness.grant(scope, 'client-2:s').body['access_token'] as string;
    expect(harness.send('GET', `/v0.10/task/${id}`)).toMatchObject(missing);
    expect(harness.send('POST', `/v0.10/task/${id}/cancel`)).toMatchObject(missing);
    expect(harness.send('GET', '/v0.10/task_list').body['total']).toBe(0);
    expect(harness.send('GET', `/v0.10/task_list?filter=task_id:${id}`).body['total']).toBe(0);
    harness.token = token;
    harness.machine.forgetTask(id);
    expect(harness.send('GET', `/v0.10/task/${id}`)).toMatchObject(missing);
    expect(harness.send('GET', '/v0.10/task_list').body['total']).toBe(0);
  });

  it('can be given another label and deadline while it lives', () => {
    const id = harness.accepted();
    const change = { DATA_TYPE: 'task', label: 'new', deadline: '2026-01-01T00:00:05Z' };
    expect(harness.send('PUT', `/v0.10/task/${id}`, change).body['code']).toBe('Updated');
    harness.wait(5000);
    expect(harness.task(id)).toMatchObject({ label: 'new', fatal_error: { code: 'EXPIRED' } });
    expect(harness.send('PUT', `/v0.10/task/${id}`, change).status).toBe(409);
  });

  it('takes what a path is said to hold', () => {
    harness.machine.setVirtual('col-a', {
      sizeOf: (path) => (path === '/big' ? { files: 7, directories: 2, bytes: 1e6 } : undefined),
    });
    const id = harness.accepted({ DATA: [item('/big', '/big')] });
    harness.wait(1000 + 1e7);
    expect(pick(harness.task(id), 'status', 'files', 'directories', 'bytes_transferred')).toEqual({
      status: 'SUCCEEDED',
      files: 7,
      directories: 2,
      bytes_transferred: 1e6,
    });
  });

  it('of thousands ends at its own time when only time is turned', () => {
    harness.machine.limits.pendingTasks = Infinity;
    harness.machine.limits.concurrentTasks = 3;
    const count = 3000;
    for (let n = 0; n < count; n += 1) harness.accepted({ DATA: [item(`/${n}`, `/${n}`)] });
    harness.wait(30 * 24 * hour);
    const tasks = harness.machine.tasks();
    expect(tasks.map(({ phase }) => (phase.kind === 'ended' ? phase.at : null))).toEqual(
      tasks.map((_task, index) => testStart + (Math.floor(index / 3) + 1) * copyMs),
    );
    expect(harness.machine.nextDueAt()).toBeUndefined();
  });

  it('drops its item list at the end, if set so', () => {
    const id = harness.accepted();
    harness.machine.life.keepItems = false;
    expect(harness.machine.task(id)?.request.items).toHaveLength(1);
    harness.wait(copyMs);
    expect(harness.machine.task(id)?.request.items).toEqual([]);
  });

  it('never runs backwards, whatever the time', () => {
    const id = harness.accepted();
    harness.wait(6000);
    harness.now -= hour;
    expect(harness.task(id)['bytes_transferred']).toBe(500);
  });

  it('is the same in a repeated run', () => {
    const run = () => {
      const other = new MachineHarness();
      other.login();
      const id = other.accepted();
      other.wait(copyMs);
      return other.task(id);
    };
    expect(run()).toEqual(run());
  });
});

describe('trouble', () => {
  const missing = { path: '/data/', access: 'read', code: 'FILE_NOT_FOUND' } as const;

  it('with a missing path is accepted, and stays ACTIVE with faults until the deadline', () => {
    harness.machine.setPathTroubles('col-a', [missing]);
    const id = harness.accepted({ DATA: [item('/data/x', '/copy')] });
    expect(harness.task(id)).toMatchObject({
      status: 'ACTIVE',
      is_ok: false,
      nice_status: 'FILE_NOT_FOUND',
      nice_status_short_description: 'file not found',
      faults: 1,
      completion_time: null,
      subtasks_retrying: 1,
    });
    harness.wait(10 * 60_000);
    expect(harness.task(id)).toMatchObject({ status: 'ACTIVE', faults: 11 });
    harness.wait(24 * hour);
    expect(harness.task(id)).toMatchObject({
      status: 'FAILED',
      fatal_error: { code: 'EXPIRED', description: 'deadline expired' },
      completion_time: '2026-01-02T00:00:00+00:00',
      nice_status: null,
      subtasks_expired: 1,
    });
  });

  it('heals when its cause is gone', () => {
    harness.machine.setPathTroubles('col-b', [
      { path: '/copy', access: 'write', code: 'PERMISSION_DENIED' },
    ]);
    const id = harness.accepted();
    expect(harness.task(id)['nice_status']).toBe('PERMISSION_DENIED');
    harness.machine.setPathTroubles('col-b', []);
    harness.wait(60_000);
    expect(harness.task(id)).toMatchObject({ is_ok: true, nice_status: 'OK' });
    harness.wait(copyMs);
    expect(pick(harness.task(id), 'status', 'faults')).toEqual({ status: 'SUCCEEDED', faults: 1 });
  });

  it('shows for 15 minutes; then the task only waits for its next try', () => {
    harness.machine.life.retryMs = hour;
    harness.machine.setPathTroubles('col-a', [missing]);
    const id = harness.accepted();
    harness.wait(15 * 60_000 - 1);
    expect(harness.task(id)['nice_status']).toBe('FILE_NOT_FOUND');
    harness.wait(1);
    expect(harness.task(id)['nice_status']).toBe('Queued');
  });

  it('is counted for ever, but only the last 1,000 events are kept', () => {
    harness.machine.setPathTroubles('col-a', [missing]);
    const id = harness.accepted();
    harness.wait(20 * hour);
    expect(harness.task(id)['faults']).toBe(1201);
    expect(harness.send('GET', `/v0.10/task/${id}/event_list`).body['total']).toBe(1000);
  });

  it('does not hold a slot while it waits for the next try', () => {
    harness.machine.limits.concurrentTasks = 1;
    harness.machine.setPathTroubles('col-a', [missing]);
    harness.accepted();
    expect(harness.task(harness.accepted({ DATA: [item('/x', '/y')] }))['nice_status']).toBe('OK');
  });

  it('of thousands of tasks at once passes the slot on from one to the next', () => {
    harness.machine.limits.concurrentTasks = 1;
    harness.machine.limits.pendingTasks = Infinity;
    harness.accepted({ DATA: [item('/first', '/first')] });
    const count = 5000;
    for (let n = 0; n < count; n += 1) harness.accepted({ DATA: [item(`/data/${n}`, `/${n}`)] });
    harness.machine.setPathTroubles('col-a', [missing]);
    harness.wait(copyMs);
    const [first, ...others] = harness.machine.tasks().map(({ faults }) => faults);
    expect({ first, others: new Set(others) }).toEqual({ first: 0, others: new Set([1]) });
  });

  it('only concerns the path and what is below it', () => {
    harness.machine.setPathTroubles('col-a', [missing]);
    const id = harness.accepted({ DATA: [item('/data2', '/copy')] });
    expect(harness.task(id)['nice_status']).toBe('OK');
  });

  it('on the source is skipped if asked for, and shows as a partial copy', () => {
    harness.machine.setPathTroubles('col-a', [missing]);
    const id = harness.accepted({
      skip_source_errors: true,
      DATA: [item('/data/x', '/x'), item('/other', '/y')],
    });
    harness.wait(copyMs);
    expect(
      pick(harness.task(id), 'status', 'files_transferred', 'subtasks_skipped_errors'),
    ).toEqual({ status: 'SUCCEEDED', files_transferred: 1, subtasks_skipped_errors: 1 });
    expect(harness.send('GET', `/v0.10/task/${id}/skipped_errors`).body['DATA']).toEqual([
      expect.objectContaining({ error_code: 'FILE_NOT_FOUND', source_path: '/data/x' }),
    ]);
  });

  it('with a quota ends the task only if asked for', () => {
    harness.machine.setPathTroubles('col-b', [
      { path: '/', access: 'write', code: 'QUOTA_EXCEEDED' },
    ]);
    const patient = harness.accepted({ DATA: [item('/1', '/1')] });
    const strict = harness.accepted({ DATA: [item('/2', '/2')], fail_on_quota_errors: true });
    expect(harness.task(patient)).toMatchObject({
      status: 'ACTIVE',
      nice_status: 'QUOTA_EXCEEDED',
    });
    expect(harness.task(strict)).toMatchObject({
      status: 'FAILED',
      fatal_error: { code: 'QUOTA_EXCEEDED', description: 'quota exceeded' },
    });
  });

  it('set on one task interrupts it for a time, without loss', () => {
    const id = harness.accepted();
    harness.wait(6000);
    harness.machine.troubleTask(id, 'CONNECT_FAILED', harness.now + 1000);
    expect(harness.task(id)).toMatchObject({
      nice_status: 'CONNECT_FAILED',
      faults: 1,
      bytes_transferred: 500,
    });
    harness.wait(60_000 + 5000);
    expect(harness.task(id)).toMatchObject({ status: 'SUCCEEDED', bytes_transferred: 1000 });
  });

  it('set from outside fails a task with its code', () => {
    const id = harness.accepted();
    harness.machine.failTask(id, 'INTERNAL_ERROR');
    expect(harness.task(id)).toMatchObject({
      status: 'FAILED',
      fatal_error: { code: 'INTERNAL_ERROR', description: 'internal error' },
      subtasks_failed: 1,
    });
  });

  it('set from outside ends a copy well, a queued one too, with all of it copied', () => {
    harness.machine.limits.concurrentTasks = 1;
    const [copying = '', queued = ''] = [1, 2].map((n) =>
      harness.accepted({ DATA: [item(`/${n}`, `/${n}`)] }),
    );
    harness.wait(3000);
    for (const id of [queued, copying]) {
      harness.machine.succeedTask(id);
      expect(harness.task(id)).toMatchObject({
        status: 'SUCCEEDED',
        files_transferred: 1,
        bytes_transferred: 1000,
        completion_time: '2026-01-01T00:00:03+00:00',
      });
    }
  });
});

describe('a deadline', () => {
  it('that the user set is not extended', () => {
    const id = harness.accepted({ deadline: '2026-01-01T00:00:05' });
    harness.wait(5000);
    expect(harness.task(id)).toMatchObject({
      status: 'FAILED',
      fatal_error: { code: 'EXPIRED' },
      bytes_transferred: 400,
    });
  });

  it('moves on for tasks that only waited, and for those that copy', () => {
    harness.machine.limits.concurrentTasks = 1;
    harness.machine.setVirtual('col-a', { bytesPerFile: 100 * 3600 * 40 });
    const [copying = '', waiting = ''] = [1, 2].map((n) =>
      harness.accepted({ DATA: [item(`/${n}`, `/${n}`)] }),
    );
    harness.wait(25 * hour);
    expect(pick(harness.task(copying), 'status', 'deadline')).toEqual({
      status: 'ACTIVE',
      deadline: '2026-01-05T00:00:00+00:00',
    });
    expect(pick(harness.task(waiting), 'nice_status', 'deadline')).toEqual({
      nice_status: 'Queued',
      deadline: '2026-01-03T00:00:00+00:00',
    });
  });
});

describe('a pause of a collection', () => {
  it('keeps its tasks ACTIVE, without progress, until it ends', () => {
    const id = harness.accepted();
    harness.wait(6000);
    harness.machine.pause('col-b', 'Cooling');
    harness.wait(47 * hour);
    expect(harness.task(id)).toMatchObject({
      status: 'ACTIVE',
      is_paused: true,
      is_ok: false,
      nice_status: 'PAUSED_BY_ADMIN',
      bytes_transferred: 500,
    });
    expect(harness.send('GET', `/v0.10/task/${id}/pause_info`).body['pause_rules']).toEqual([
      expect.objectContaining({ endpoint_id: 'col-b', message: 'Cooling' }),
    ]);
    const late = harness.accepted({ DATA: [item('/l', '/l')] });
    expect(harness.task(late)['is_paused']).toBe(true);
    harness.machine.unpause('col-b');
    // 47 hours and 6 seconds after the start, and 24 hours more.
    expect(harness.task(id)['deadline']).toBe('2026-01-03T23:00:06+00:00');
    harness.wait(5000);
    expect(harness.task(id)['status']).toBe('SUCCEEDED');
    harness.wait(copyMs);
    expect(harness.task(late)['status']).toBe('SUCCEEDED');
  });

  it('frees the slots of its tasks', () => {
    harness.machine.limits.concurrentTasks = 1;
    harness.machine.addCollection({ id: 'col-c', displayName: 'C', highAssurance: true });
    harness.accepted();
    const other = harness.accepted({ destination_endpoint: 'col-c' });
    harness.machine.pause('col-b');
    expect(harness.task(other)['nice_status']).toBe('OK');
  });
});

describe('an INACTIVE task', () => {
  it('has not ended, and goes on when resumed', () => {
    const id = harness.accepted();
    harness.machine.suspendTask(id);
    harness.wait(hour);
    expect(pick(harness.task(id), 'status', 'completion_time')).toEqual({
      status: 'INACTIVE',
      completion_time: null,
    });
    harness.machine.resumeTask(id);
    harness.wait(copyMs);
    expect(harness.task(id)['status']).toBe('SUCCEEDED');
  });
});

describe('a cancel', () => {
  it('ends the task as FAILED with CANCELED', () => {
    const id = harness.accepted();
    harness.wait(1000);
    const { status, body } = harness.send('POST', `/v0.10/task/${id}/cancel`);
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        DATA_TYPE: 'result',
        code: 'Canceled',
        message: 'The task has been cancelled successfully.',
        request_id: expect.any(String),
        resource: `/v0.10/task/${id}/cancel`,
      },
    });
    expect(harness.task(id)).toMatchObject({
      status: 'FAILED',
      fatal_error: { code: 'CANCELED', description: 'canceled' },
      canceled_by_admin: null,
      subtasks_canceled: 1,
    });
  });

  it('of an ended task is a TaskComplete with 200', () => {
    const id = harness.accepted();
    harness.wait(copyMs);
    expect(harness.send('POST', `/v0.10/task/${id}/cancel`)).toMatchObject({
      status: 200,
      body: { code: 'TaskComplete' },
    });
    expect(harness.task(id)['status']).toBe('SUCCEEDED');
  });

  it('may only be accepted at first; the task can still complete before it', () => {
    harness.machine.life.cancelDelayMs = 5000;
    const slow = harness.accepted({ DATA: [item('/1', '/1')] });
    const quick = harness.accepted({ DATA: [item('/2', '/2')] });
    expect(harness.send('POST', `/v0.10/task/${slow}/cancel`).body['code']).toBe('CancelAccepted');
    expect(harness.task(slow)['status']).toBe('ACTIVE');
    harness.wait(5000);
    expect(harness.task(slow)['fatal_error']).toMatchObject({ code: 'CANCELED' });
    harness.wait(copyMs - 6000);
    harness.send('POST', `/v0.10/task/${quick}/cancel`);
    harness.wait(5000);
    expect(harness.task(quick)['status']).toBe('SUCCEEDED');
  });

  it('by others than the API shows who it was', () => {
    const byOwner = harness.accepted({ DATA: [item('/1', '/1')] });
    const byAdmin = harness.accepted({ DATA: [item('/2', '/2')] });
    harness.machine.cancelAs('owner in the web app', byOwner);
    harness.machine.cancelAs('admin', byAdmin, 'Too big');
    const shown = ['canceled_by_admin', 'canceled_by_admin_message'];
    expect(pick(harness.task(byOwner), 'status', ...shown)).toEqual({
      status: 'FAILED',
      canceled_by_admin: null,
      canceled_by_admin_message: null,
    });
    expect(pick(harness.task(byAdmin), 'status', ...shown)).toEqual({
      status: 'FAILED',
      canceled_by_admin: 'SOURCE',
      canceled_by_admin_message: 'Too big',
    });
  });

  it('of a waiting task is for good', () => {
    harness.machine.limits.concurrentTasks = 1;
    harness.accepted({ DATA: [item('/1', '/1')] });
    const waiting = harness.accepted({ DATA: [item('/2', '/2')] });
    harness.send('POST', `/v0.10/task/${waiting}/cancel`);
    harness.wait(3 * copyMs);
    expect(harness.task(waiting)).toMatchObject({
      status: 'FAILED',
      completion_time: '2026-01-01T00:00:00+00:00',
      bytes_transferred: 0,
    });
  });

  it('frees the slot', () => {
    harness.machine.limits.concurrentTasks = 1;
    const first = harness.accepted({ DATA: [item('/1', '/1')] });
    const second = harness.accepted({ DATA: [item('/2', '/2')] });
    harness.send('POST', `/v0.10/task/${first}/cancel`);
    expect(harness.task(second)['nice_status']).toBe('OK');
  });
});

describe('task_list', () => {
  const list = (query: string) => harness.send('GET', `/v0.10/task_list?${query}`);
  const labels = (query: string) =>
    (list(`fields=label&limit=1000&${query}`).body['DATA'] as { label: string | null }[]).map(
      ({ label }) => label,
    );

  /** Five tasks, a second apart: one done, one failed, one running, two more. */
  const five = () => {
    const ids = ['a-one', 'a-two', 'b-One', 'b-two', null].map((label, n) => {
      harness.wait(1000);
      return harness.accepted({ label, DATA: [item(`/${n}`, `/${n}`)] });
    });
    harness.machine.failTask(ids[1] ?? '', 'TIMEOUT');
    harness.now = testStart + 12_500;
    return ids;
  };

  it('gives ten tasks by default, the newest first', () => {
    for (let n = 0; n < 12; n += 1) {
      harness.accepted({ label: `t${n}`, DATA: [item(`/${n}`, `/${n}`)] });
    }
    const { body } = list('fields=label');
    expect(body).toEqual({
      DATA_TYPE: 'task_list',
      DATA: [11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((n) => ({ label: `t${n}` })),
      length: 10,
      limit: 10,
      offset: 0,
      total: 12,
    });
    expect(list('fields=label&limit=5&offset=10').body).toMatchObject({
      DATA: [{ label: 't1' }, { label: 't0' }],
      length: 2,
      total: 12,
    });
  });

  it('gives whole documents without fields, and the named fields with', () => {
    const id = harness.accepted();
    const [task] = list('').body['DATA'] as unknown[];
    expect(task).toEqual(harness.task(id));
    expect(list('fields=task_id,status').body['DATA']).toEqual([{ task_id: id, status: 'ACTIVE' }]);
  });

  it('filters', () => {
    const [one = '', two = ''] = five();
    const newest = [null, 'b-two', 'b-One', 'a-two', 'a-one'];
    expect(labels('')).toEqual(newest);
    expect(labels(`filter=task_id:${one},${two},unknown`)).toEqual(['a-two', 'a-one']);
    expect(labels(`filter=task_id%3A${one}%2C${two}%2Fstatus%3AFAILED`)).toEqual(['a-two']);
    expect(labels('filter=status:SUCCEEDED')).toEqual(['a-one']);
    expect(labels('filter=status:ACTIVE')).toEqual([null, 'b-two', 'b-One']);
    expect(labels('filter=status:ACTIVE,FAILED/label:~*two')).toEqual(['b-two', 'a-two']);
    expect(labels('filter=label:~*ONE')).toEqual(['b-One', 'a-one']);
    expect(labels('filter=label:=a-one')).toEqual(['a-one']);
    expect(labels('filter=label:=A-one')).toEqual([]);
    expect(labels('filter=label:!~*one')).toEqual([null, 'b-two', 'a-two']);
    expect(labels('filter=label:!a-one')).toEqual([null, 'b-two', 'b-One', 'a-two']);
    expect(labels('filter=type:TRANSFER')).toEqual(newest);
    expect(labels('filter=type:TRANSFER,DELETE')).toEqual(newest);
    expect(labels('filter=type:DELETE')).toEqual([]);
    expect(labels('filter=request_time:2026-01-01 00:00:02,2026-01-01 00:00:03')).toEqual([
      'b-One',
      'a-two',
    ]);
    expect(labels('filter=request_time:,2026-01-01 00:00:01')).toEqual(['a-one']);
    // The second task failed after 5 s, the first was done after 12 s.
    expect(labels('filter=completion_time:2026-01-01 00:00:05,')).toEqual(['a-two', 'a-one']);
    expect(labels('filter=completion_time:2026-01-01 00:00:06,')).toEqual(['a-one']);
    expect(labels('filter=completion_time:,2026-01-01 00:00:11')).toEqual(['a-two']);
    expect(labels('filter=completion_time:2026-01-01 00:00:12,2026-01-01 00:00:12')).toEqual([
      'a-one',
    ]);
  });

  it('sorts', () => {
    five();
    expect(labels('orderby=request_time')).toEqual(['a-one', 'a-two', 'b-One', 'b-two', null]);
    expect(labels('orderby=status,label%20DESC')).toEqual([
      'b-two',
      'b-One',
      null,
      'a-two',
      'a-one',
    ]);
    expect(labels('filter=completion_time:,&orderby=completion_time DESC')).toEqual([
      'a-one',
      'a-two',
    ]);
  });

  it('compares whole seconds', () => {
    harness.wait(500);
    harness.accepted();
    harness.wait(copyMs);
    expect(labels('filter=completion_time:,2026-01-01 00:00:11')).toEqual(['test']);
    expect(labels('filter=completion_time:2026-01-01 00:00:11,')).toEqual(['test']);
    expect(labels('filter=completion_time:2026-01-01 00:00:12,')).toEqual([]);
  });

  it('ends at 1,000 tasks', () => {
    harness.machine.limits.pendingTasks = Infinity;
    for (let n = 0; n < 1005; n += 1) harness.accepted({ DATA: [item(`/${n}`, `/${n}`)] });
    expect(pick(list('fields=label&limit=1000').body, 'length', 'total')).toEqual({
      length: 1000,
      total: 1000,
    });
    expect(pick(list('fields=label&limit=1000&offset=990').body, 'length')).toEqual({ length: 10 });
  });

  it.each([
    'limit=1001',
    'limit=0',
    'offset=-1',
    'filter=nothing:1',
    'filter=status:DONE',
    'filter=request_time:yesterday',
    'fields=secret',
    'orderby=colour',
  ])('refuses %s', (query) => {
    expect(list(query)).toMatchObject({ status: 400, body: { code: 'ClientError.BadRequest' } });
  });
});

describe('event_list', () => {
  it('tells what happened, newest first, and errors alone on demand', () => {
    harness.machine.setPathTroubles('col-a', [
      { path: '/data', access: 'read', code: 'PERMISSION_DENIED' },
    ]);
    const id = harness.accepted();
    harness.wait(1000);
    harness.send('POST', `/v0.10/task/${id}/cancel`);
    const canceled = {
      DATA_TYPE: 'event',
      code: 'CANCELED',
      description: 'canceled',
      details: 'Canceled by the task owner',
      is_error: true,
      time: '2026-01-01T00:00:01+00:00',
    };
    const denied = {
      DATA_TYPE: 'event',
      code: 'PERMISSION_DENIED',
      description: 'permission denied',
      details: 'Error (transfer)\nEndpoint: A (col-a)\nFile: /data\nMessage: PERMISSION_DENIED',
      is_error: true,
      time: '2026-01-01T00:00:00+00:00',
    };
    const { body } = harness.send('GET', `/v0.10/task/${id}/event_list`);
    expect(body).toEqual({
      DATA_TYPE: 'event_list',
      length: 3,
      limit: 10,
      offset: 0,
      total: 3,
      DATA: [canceled, denied, expect.objectContaining({ code: 'STARTED', is_error: false })],
    });
    const errors = (query: string) =>
      harness.send('GET', `/v0.10/task/${id}/event_list?${query}`).body['DATA'];
    expect(errors('filter=is_error:1')).toEqual([canceled, denied]);
    expect(errors('filter=is_error:1&limit=1&offset=1')).toEqual([denied]);
    expect(errors('filter=is_error:0')).toEqual([expect.objectContaining({ code: 'STARTED' })]);
    expect(harness.send('GET', `/v0.10/task/${id}/event_list?filter=x`).status).toBe(400);
  });

  it('is empty after 30 days, when the task still is there', () => {
    const id = harness.accepted();
    harness.wait(copyMs);
    harness.wait(30 * 24 * hour + 1);
    harness.login();
    expect(harness.send('GET', `/v0.10/task/${id}/event_list`).body['total']).toBe(0);
    expect(harness.task(id)).toMatchObject({ status: 'SUCCEEDED', history_deleted: true });
  });
});

describe('the service', () => {
  it('in maintenance answers 503 on Transfer, while Auth goes on', () => {
    harness.machine.setMaintenance(true, 30);
    expect(harness.submit()).toMatchObject({
      status: 503,
      headers: { 'retry-after': '30' },
      body: { code: 'ServiceUnavailable' },
    });
    harness.login();
    harness.machine.setMaintenance(false);
    expect(harness.submit().status).toBe(200);
  });

  it('answers 404 where there is nothing', () => {
    for (const target of ['/v0.10/nothing', '/v0.9/task_list', '/', '/v0.10/operation/x']) {
      expect(harness.send('GET', target)).toMatchObject({
        status: 404,
        body: { code: 'ClientError.NotFound' },
      });
    }
    expect(harness.send('GET', '/v2/nothing').status).toBe(404);
    expect(harness.send('GET', '/v0.10/endpoint/%').status).toBe(400);
  });

  it('describes a collection, without asking for consent', () => {
    harness.machine.addCollection({
      id: 'guest',
      displayName: 'Guest',
      kind: 'GCSv5_guest_collection',
      highAssurance: true,
    });
    harness.login([]);
    expect(harness.send('GET', '/v0.10/endpoint/guest').body).toMatchObject({
      DATA_TYPE: 'endpoint',
      id: 'guest',
      display_name: 'Guest',
      entity_type: 'GCSv5_guest_collection',
      high_assurance: true,
    });
    expect(harness.send('GET', '/v0.10/endpoint/nowhere').body['code']).toBe('EndpointNotFound');
  });

  it('shows whether a personal collection is connected, and lists nothing of it otherwise', () => {
    const kind = 'GCP_mapped_collection';
    harness.machine.addCollection({ id: 'laptop', displayName: 'Laptop', kind });
    const connected = (id: string) =>
      harness.send('GET', `/v0.10/endpoint/${id}`).body['gcp_connected'];
    const ls = () => harness.send('GET', '/v0.10/operation/endpoint/laptop/ls');
    expect([connected('col-a'), connected('laptop'), ls().status]).toEqual([null, true, 200]);
    harness.machine.setConnected('laptop', false);
    expect([connected('laptop'), ls()]).toEqual([
      false,
      expect.objectContaining({
        status: 502,
        body: expect.objectContaining({
          code: 'ExternalError.DirListingFailed.GCDisconnected',
        }) as unknown,
      }),
    ]);
  });

  it('lists nothing in a virtual collection', () => {
    const ls = '/v0.10/operation/endpoint/col-a/ls';
    expect(harness.send('GET', ls).body['DATA']).toEqual([]);
    expect(harness.send('GET', `${ls}?path=/x`)).toMatchObject({
      status: 404,
      body: { code: 'NotFound' },
    });
  });
});
