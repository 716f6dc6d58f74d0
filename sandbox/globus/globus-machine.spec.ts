import { beforeEach, describe, expect, it } from '@jest/globals';
import { item, MachineHarness, pick } from './machine-harness.js';

const hour = 3_600_000;
/** How long a copy of one file takes on the harness's collections. */
const copyMs = 11_000;
const MISSING = { path: '/data/', access: 'read', code: 'FILE_NOT_FOUND' } as const;
const cancelOf = (id: string) => `/v0.10/task/${id}/cancel`;

let harness: MachineHarness;

beforeEach(() => {
  harness = new MachineHarness();
  harness.login();
});

/** Submits a copy of `/n` for each number. @returns the tasks' ids */
function accept(...numbers: readonly number[]): readonly string[] {
  return numbers.map((n) => harness.accepted({ DATA: [item(`/${n}`, `/${n}`)] }));
}

/** Submits after something was changed. */
function submitAfter(change: (globus: MachineHarness['machine']) => void): unknown {
  change(harness.machine);
  return harness.submit();
}

/** Facts of one kind: what is done, and what the answer or the task then shows. */
function known(facts: readonly (readonly [string, () => unknown, unknown])[]): void {
  it.each(facts)('%s', (_fact, act, shown) => {
    expect(act()).toMatchObject(shown as object);
  });
}

describe('a submission', () => {
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

  it('that was refused leaves its id unused; any UUID will do, unless ids must be issued', () => {
    const document = harness.document();
    expect(harness.send('POST', '/v0.10/transfer', { ...document, DATA: [] }).status).toBe(400);
    expect(harness.send('POST', '/v0.10/transfer', document).body['code']).toBe('Accepted');
    const own = { submission_id: '00000000-0000-4000-8000-000000000000' };
    harness.machine.strictSubmissionIds = true;
    expect(harness.submit(own).status).toBe(400);
    harness.machine.strictSubmissionIds = false;
    expect(harness.submit({ ...own, DATA: [item('/x', '/y')] }).status).toBe(200);
  });

  it.each<[number, string, () => unknown]>([
    [400, 'ClientError.BadRequest.NoTransferItems', () => harness.submit({ DATA: [] })],
    [400, 'ClientError.BadRequest', () => harness.send('POST', '/v0.10/transfer', '{')],
    [404, 'EndpointNotFound', () => harness.submit({ source_endpoint: 'nowhere' })],
    [
      404,
      'EndpointDeleted',
      () =>
        submitAfter((globus) => {
          globus.deleteCollection('col-b');
        }),
    ],
    [
      403,
      'PermissionDenied',
      () =>
        submitAfter((globus) => {
          globus.setPermission('col-a', []);
        }),
    ],
    [
      403,
      'AuthPolicyFailed',
      () =>
        submitAfter((globus) => {
          const [id, displayName] = ['col-a', 'P'];
          globus.addCollection({ id, displayName, requiredPolicies: ['example.org'] });
        }),
    ],
  ])('can be refused with %d %s', (status, code, act) => {
    expect(act()).toMatchObject({ status, body: { code } });
  });

  it('of identical paths is a Conflict without a task id, until the other has ended', () => {
    const items = [item('/1', '/1'), item('/2', '/2')];
    harness.accepted({ DATA: items });
    expect(harness.submit({ DATA: [...items].reverse() })).toMatchObject({
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

  it('is refused as the 101st pending task, until one has ended', () => {
    accept(...Array.from({ length: 100 }, (_, n) => n));
    expect(harness.submit()).toMatchObject({
      status: 409,
      body: { code: 'ClientError.Conflict.TooManyPendingJobs' },
    });
    harness.wait(copyMs);
    expect(harness.submit().status).toBe(200);
  });
});

describe('a task', () => {
  it('is worked on, three at a time, the others Queued', () => {
    const ids = accept(1, 2, 3, 4);
    const states = () =>
      ids.map((id) => pick(harness.task(id), 'status', 'nice_status', 'bytes_transferred'));
    const queued = { status: 'ACTIVE', nice_status: 'Queued', bytes_transferred: 0 };
    harness.wait(6000);
    const half = { status: 'ACTIVE', nice_status: 'OK', bytes_transferred: 500 };
    expect(states()).toEqual([half, half, half, queued]);
    harness.wait(copyMs);
    const done = { status: 'SUCCEEDED', nice_status: null, bytes_transferred: 1000 };
    // The fourth began when the first three ended, not at the next request.
    expect(states()).toEqual([done, done, done, half]);
  });

  it('belongs to its client: others neither see it nor wait for it', () => {
    harness.machine.limits.concurrentTasks = 1;
    const id = harness.accepted();
    const missing = {
      status: 404,
      body: { code: 'ClientError.NotFound', message: `No task found with id '${id}'` },
    };
    harness.becomeSecondClient();
    expect(harness.send('GET', `/v0.10/task/${id}`)).toMatchObject(missing);
    expect(harness.send('POST', cancelOf(id))).toMatchObject(missing);
    expect(harness.send('GET', `/v0.10/task_list?filter=task_id:${id}`).body['total']).toBe(0);
    expect(harness.task(harness.accepted())['nice_status']).toBe('OK');
  });

  known([
    [
      'has nulls for its nice status when it is done',
      () => {
        const id = harness.accepted();
        harness.wait(copyMs);
        return harness.task(id);
      },
      {
        status: 'SUCCEEDED',
        completion_time: '2026-01-01T00:00:11+00:00',
        is_ok: null,
        nice_status_short_description: null,
        nice_status_expires_in: null,
        subtasks_pending: 0,
      },
    ],
    [
      'with a deadline of its own has no other one',
      () => {
        const id = harness.accepted({ deadline: '2026-01-01T00:00:05' });
        harness.wait(5000);
        return harness.task(id);
      },
      { status: 'FAILED', fatal_error: { code: 'EXPIRED' }, bytes_transferred: 400 },
    ],
    [
      'that only waited, or that copies, gets a later deadline instead of an end',
      () => {
        harness.machine.limits.concurrentTasks = 1;
        harness.machine.setVirtual('col-a', { bytesPerFile: 100 * 3600 * 40 });
        const ids = accept(1, 2);
        harness.wait(25 * hour);
        return ids.map((id) => pick(harness.task(id), 'nice_status', 'deadline'));
      },
      [
        { nice_status: 'OK', deadline: '2026-01-05T00:00:00+00:00' },
        { nice_status: 'Queued', deadline: '2026-01-03T00:00:00+00:00' },
      ],
    ],
  ]);
});

describe('a fault', () => {
  it('of a missing path keeps the task ACTIVE, tried every minute, until the deadline', () => {
    harness.machine.setPathTroubles('col-a', [MISSING]);
    harness.machine.limits.concurrentTasks = 1;
    const [id, other] = ['/data/x', '/data2'].map((path) =>
      harness.accepted({ DATA: [item(path, path)] }),
    ) as [string, string];
    // It holds no slot while it waits for its next try.
    expect(harness.task(other)['nice_status']).toBe('OK');
    expect(harness.task(id)).toMatchObject({
      status: 'ACTIVE',
      is_ok: false,
      nice_status: 'FILE_NOT_FOUND',
      nice_status_short_description: 'file not found',
      faults: 1,
      completion_time: null,
      subtasks_retrying: 1,
    });
    harness.wait(20 * hour);
    expect(harness.task(id)).toMatchObject({ status: 'ACTIVE', faults: 1201 });
    expect(harness.send('GET', `/v0.10/task/${id}/event_list`).body['total']).toBe(1000);
    expect(harness.send('GET', `/v0.10/task/${id}/event_list?filter=`).body['total']).toBe(1000);
    harness.wait(5 * hour);
    expect(harness.task(id)).toMatchObject({
      status: 'FAILED',
      fatal_error: { code: 'EXPIRED', description: 'deadline expired' },
      completion_time: '2026-01-02T00:00:00+00:00',
      nice_status: null,
      subtasks_expired: 1,
    });
  });

  it('is shown for 15 minutes; then the task only waits for its next try', () => {
    harness.machine.life.retryMs = hour;
    harness.machine.setPathTroubles('col-a', [MISSING]);
    const id = harness.accepted();
    harness.wait(15 * 60_000 - 1);
    expect(harness.task(id)['nice_status']).toBe('FILE_NOT_FOUND');
    harness.wait(1);
    expect(harness.task(id)['nice_status']).toBe('Queued');
  });

  known([
    [
      'heals when its cause is gone',
      () => {
        harness.machine.setPathTroubles('col-b', [
          { path: '/copy', access: 'write', code: 'PERMISSION_DENIED' },
        ]);
        const id = harness.accepted();
        harness.machine.setPathTroubles('col-b', []);
        harness.wait(60_000 + copyMs);
        return harness.task(id);
      },
      { status: 'SUCCEEDED', faults: 1 },
    ],
    [
      'on the source is skipped if requested, and shows as a partial copy',
      () => {
        harness.machine.setPathTroubles('col-a', [MISSING]);
        const id = harness.accepted({
          skip_source_errors: true,
          DATA: [item('/data/x', '/x'), item('/other', '/y')],
        });
        harness.wait(copyMs);
        return [harness.task(id), harness.send('GET', `/v0.10/task/${id}/skipped_errors`).body];
      },
      [
        { status: 'SUCCEEDED', files_transferred: 1, subtasks_skipped_errors: 1 },
        { DATA: [{ error_code: 'FILE_NOT_FOUND', source_path: '/data/x' }] },
      ],
    ],
    [
      'of a quota ends the task only if requested',
      () => {
        harness.machine.setPathTroubles('col-b', [
          { path: '/', access: 'write', code: 'QUOTA_EXCEEDED' },
        ]);
        return [false, true].map((strict, n) =>
          harness.task(
            harness.accepted({
              DATA: [item(`/${n}`, `/${n}`)],
              fail_on_quota_errors: strict,
            }),
          ),
        );
      },
      [
        { status: 'ACTIVE', nice_status: 'QUOTA_EXCEEDED' },
        {
          status: 'FAILED',
          fatal_error: { code: 'QUOTA_EXCEEDED', description: 'quota exceeded' },
        },
      ],
    ],
  ]);
});

describe('a pause of a collection', () => {
  it('keeps its tasks ACTIVE, without progress and without their slots, until it ends', () => {
    harness.machine.limits.concurrentTasks = 1;
    harness.machine.addCollection({ id: 'col-c', displayName: 'C', highAssurance: true });
    const id = harness.accepted();
    const other = harness.accepted({ destination_endpoint: 'col-c' });
    harness.wait(6000);
    harness.machine.pause('col-b', 'Cooling');
    expect(harness.task(other)['nice_status']).toBe('OK');
    harness.wait(47 * hour);
    expect(harness.task(id)).toMatchObject({
      status: 'ACTIVE',
      is_paused: true,
      is_ok: false,
      nice_status: 'PAUSED_BY_ADMIN',
      bytes_transferred: 500,
    });
    const [late = ''] = accept(1);
    expect(harness.task(late)['is_paused']).toBe(true);
    harness.machine.unpause('col-b');
    // 47 hours and 6 seconds after the start, and 24 hours more.
    expect(harness.task(id)['deadline']).toBe('2026-01-03T23:00:06+00:00');
    harness.wait(5000 + copyMs);
    expect([id, late].map((each) => harness.task(each)['status'])).toEqual([
      'SUCCEEDED',
      'SUCCEEDED',
    ]);
  });
});

describe('a cancel', () => {
  known([
    [
      'ends the task as FAILED with CANCELED, a waiting one for good, and frees the slot',
      () => {
        harness.machine.limits.concurrentTasks = 1;
        const [first = '', waiting = '', next = ''] = accept(1, 2, 3);
        const answers = [waiting, first].map((id) => harness.send('POST', cancelOf(id)));
        return [...answers, ...[first, waiting, next].map((id) => harness.task(id))];
      },
      [
        { status: 200, body: { DATA_TYPE: 'result', code: 'Canceled' } },
        { status: 200, body: { message: 'The task has been cancelled successfully.' } },
        {
          status: 'FAILED',
          fatal_error: { code: 'CANCELED', description: 'canceled' },
          canceled_by_admin: null,
          subtasks_canceled: 1,
        },
        { status: 'FAILED', bytes_transferred: 0 },
        { status: 'ACTIVE', nice_status: 'OK' },
      ],
    ],
  ]);
});

describe('task_list', () => {
  const list = (query: string) => harness.send('GET', `/v0.10/task_list?${query}`);
  const labels = (query: string) =>
    (list(`fields=label&limit=1000&${query}`).body['DATA'] as { label: string | null }[]).map(
      ({ label }) => label,
    );
  let ids: readonly string[];

  /** Five tasks, a second apart: the second failed after 5 s, the first was done after 12 s. */
  beforeEach(() => {
    ids = ['a-one', 'a-two', 'b-One', 'b-two', null].map((label, n) => {
      harness.wait(1000);
      return harness.accepted({ label, DATA: [item(`/${n}`, `/${n}`)] });
    });
    harness.machine.failTask(ids[1] ?? '', 'TIMEOUT');
    harness.now += 7500;
  });

  it('gives ten tasks by default, the newest first; whole documents unless fields are named', () => {
    accept(5, 6, 7, 8, 9, 10, 11);
    expect(list('')).toMatchObject({
      body: { DATA_TYPE: 'task_list', length: 10, limit: 10, offset: 0, total: 12 },
    });
    expect(list('fields=label,status&limit=5&offset=10').body).toMatchObject({
      DATA: [
        { label: 'a-two', status: 'FAILED' },
        { label: 'a-one', status: 'SUCCEEDED' },
      ],
      length: 2,
      total: 12,
    });
    expect(list('limit=1&offset=11').body['DATA']).toEqual([harness.task(ids[0] ?? '')]);
  });

  const newest = [null, 'b-two', 'b-One', 'a-two', 'a-one'];
  const day = '2026-01-01 00:00:';
  it.each<[string, readonly (string | null)[]]>([
    ['', newest],
    ['filter=status:SUCCEEDED', ['a-one']],
    ['filter=status:ACTIVE', [null, 'b-two', 'b-One']],
    ['filter=status:ACTIVE,FAILED/label:~*two', ['b-two', 'a-two']],
    ['filter=label:~*ONE', ['b-One', 'a-one']],
    ['filter=label:=a-one', ['a-one']],
    ['filter=label:=A-one', []],
    ['filter=label:!~*one', [null, 'b-two', 'a-two']],
    ['filter=label:!a-one', [null, 'b-two', 'b-One', 'a-two']],
    ['filter=type:TRANSFER,DELETE', newest],
    ['filter=type:DELETE', []],
    [`filter=request_time:${day}02,${day}03`, ['b-One', 'a-two']],
    [`filter=request_time:,${day}01`, ['a-one']],
    [`filter=completion_time:${day}05,`, ['a-two', 'a-one']],
    [`filter=completion_time:${day}06,`, ['a-one']],
    [`filter=completion_time:,${day}11`, ['a-two']],
    [`filter=completion_time:${day}12,${day}12`, ['a-one']],
    ['orderby=request_time', ['a-one', 'a-two', 'b-One', 'b-two', null]],
    ['orderby=status,label%20DESC', ['b-two', 'b-One', null, 'a-two', 'a-one']],
    ['filter=completion_time:,&orderby=completion_time DESC', ['a-one', 'a-two']],
  ])('understands %s', (query, found) => {
    expect(labels(query)).toEqual(found);
  });

  it('finds tasks by their ids; what is unknown is simply absent', () => {
    const [one = '', two = ''] = ids;
    expect(labels(`filter=task_id:${one},${two},unknown`)).toEqual(['a-two', 'a-one']);
    expect(labels(`filter=task_id%3A${one}%2C${two}%2Fstatus%3AFAILED`)).toEqual(['a-two']);
  });

  it('ends at 1,000 tasks, however it is paged', () => {
    harness.machine.limits.pendingTasks = Infinity;
    accept(...Array.from({ length: 1005 }, (_, n) => n + 5));
    expect(list('fields=label&limit=1000&offset=990').body).toMatchObject({
      length: 10,
      total: 1000,
    });
  });
});
