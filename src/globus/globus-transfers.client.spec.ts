import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { USUAL_COPY } from '../../test/support/builders.js';
import { listInMemory } from '../../test/support/fake-file-list-store.js';
import { arrived, type ArrivedRequest } from '../../test/support/whole-body.js';
import { VirtualClock } from '../../test/support/virtual-clock.js';
import {
  ServiceAccountError,
  UpstreamMalformedError,
  UpstreamRejectedError,
  UpstreamUnavailableError,
} from '../errors/upstream.errors.js';
import {
  type HttpResponse,
  TransportError,
  type TransportFailure,
} from '../ports/http-transport.port.js';
import type { SubmitOutcome, TransferRequest } from '../ports/globus-transfers.port.js';
import { GlobusApi } from './globus-api.client.js';
import { GlobusTransfersClient } from './globus-transfers.client.js';

type Step = HttpResponse | TransportFailure;

const ALL = 'urn:globus:auth:scope:transfer.api.globus.org:all';
const BOTH = `${ALL}[*https://auth.globus.org/scopes/s/data_access *https://auth.globus.org/scopes/d/data_access]`;
const TASK = '11111111-1111-4111-8111-111111111111';
const SUBMISSION = '22222222-2222-4222-8222-222222222222';

const answer = (
  status: number,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse => ({ status, headers, body });

const tokenAnswer = (accessToken: string, expiresIn = 172_800): HttpResponse =>
  answer(200, {
    access_token: accessToken,
    scope: ALL,
    expires_in: expiresIn,
    token_type: 'Bearer',
    resource_server: 'transfer.api.globus.org',
    other_tokens: [],
  });

const accepted = answer(200, { DATA_TYPE: 'transfer_result', code: 'Accepted', task_id: TASK });

const request: TransferRequest = {
  submissionId: SUBMISSION,
  label: 'SciCat transfer j1',
  source: {
    facility: 'S',
    collection: 's',
    path: '/data/ds',
    scopes: [`${ALL}[*https://auth.globus.org/scopes/s/data_access]`],
  },
  destination: {
    facility: 'D',
    collection: 'd',
    path: '/in/ds',
    scopes: [`${ALL}[*https://auth.globus.org/scopes/d/data_access]`],
  },
  copy: USUAL_COPY,
  files: undefined,
};

/** Globus as a script: what Auth and Transfer answer, one after the other, the last one for ever. */
function globus(script: { auth?: readonly Step[]; transfer?: readonly Step[] }) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const sent: ArrivedRequest[] = [];
  const counts = { auth: 0, transfer: 0 };
  const api = new GlobusApi(
    {
      authUrl: 'https://auth.test',
      transferUrl: 'https://transfer.test/v0.10',
      clientId: 'client-id',
      clientSecret: 'client-secret',
    },
    {
      clock,
      random: () => 1,
      transport: {
        send: async (http) => {
          sent.push(await arrived(http));
          const service = http.url.startsWith('https://auth.test') ? 'auth' : 'transfer';
          const steps = script[service] ?? [tokenAnswer('token-1')];
          const step = steps[Math.min(counts[service]++, steps.length - 1)];
          if (step === undefined) throw new Error('No step was scripted.');
          await clock.sleep(1);
          if (typeof step === 'string') throw new TransportError(step, `It was ${step}.`);
          return step;
        },
      },
    },
  );
  const client = new GlobusTransfersClient({ api, clientId: 'client-id', clock });
  /** Lets time pass until the call has ended; what it threw becomes its result. */
  const run = async (call: Promise<unknown>): Promise<unknown> => {
    const result = call.catch((error: unknown) => error);
    await clock.advance(600_000);
    return result;
  };
  const asked = () =>
    sent.map(({ method, url, headers, body }) =>
      url.startsWith('https://auth.test')
        ? `${method} token ${new URLSearchParams(body).get('scope') ?? ''}`
        : `${method} ${decodeURIComponent(url.replace('https://transfer.test/v0.10', '')).replaceAll('+', ' ')} ${headers['Authorization'] ?? ''}`,
    );
  return { client, run, sent, asked, clock };
}

const bodyOf = (http: ArrivedRequest | undefined): unknown => JSON.parse(http?.body ?? 'null');

describe('GlobusTransfersClient: submitting', () => {
  it('asks for one token with both data_access scopes, and for the whole folder', async () => {
    const { client, run, sent } = globus({ transfer: [accepted] });
    expect(await run(client.submit(request))).toEqual({ kind: 'accepted', taskId: TASK });
    expect(sent).toEqual([
      {
        method: 'POST',
        url: 'https://auth.test/v2/oauth2/token',
        headers: {
          Accept: 'application/json',
          'Content-Type': 'application/x-www-form-urlencoded',
          Authorization: `Basic ${Buffer.from('client-id:client-secret').toString('base64')}`,
        },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: BOTH }).toString(),
        timeoutMs: 15_000,
        signal: undefined,
        freshConnection: false,
      },
      {
        method: 'POST',
        url: 'https://transfer.test/v0.10/transfer',
        headers: {
          Accept: 'application/json',
          'Content-Type': 'application/json',
          Authorization: 'Bearer token-1',
        },
        body: expect.any(String),
        timeoutMs: 30_000,
        signal: undefined,
        freshConnection: false,
      },
    ]);
    expect(bodyOf(sent[1])).toEqual({
      DATA_TYPE: 'transfer',
      submission_id: SUBMISSION,
      label: 'SciCat transfer j1',
      source_endpoint: 's',
      destination_endpoint: 'd',
      verify_checksum: true,
      preserve_timestamp: false,
      encrypt_data: false,
      recursive_symlinks: 'keep',
      notify_on_succeeded: false,
      notify_on_failed: false,
      notify_on_inactive: false,
      DATA: [
        {
          DATA_TYPE: 'transfer_item',
          source_path: '/data/ds/',
          destination_path: '/in/ds/',
          recursive: true,
        },
      ],
    });
  });

  it('gives a long file list the time that it takes to send, and a folder no more than it needs', async () => {
    const path = 'x'.repeat(100_000);
    const files = listInMemory(
      Array.from({ length: 100 }, (_, n) => ({ path: `${n}-${path}`, isSymlink: false })),
    );
    const { client, run, sent } = globus({ transfer: [accepted, accepted] });
    await run(client.submit(request));
    await run(client.submit({ ...request, files }));
    const [folder, list] = sent.filter(({ url }) => url.endsWith('/transfer'));
    const megabytes = Buffer.byteLength(list?.body ?? '') / 1e6;
    expect(megabytes).toBeGreaterThan(20);
    expect([folder?.timeoutMs, list?.timeoutMs]).toEqual([30_000, 30_000 + 1000 * megabytes]);
  });

  it('sends copy options, a deadline from now, and file items without `recursive`', async () => {
    const { client, run, sent } = globus({ transfer: [accepted] });
    await run(
      client.submit({
        ...request,
        source: { ...request.source, path: '/' },
        copy: {
          verifyChecksum: false,
          preserveTimestamp: true,
          encryptData: true,
          fileList: 'leaves',
          recursiveSymlinks: 'keep',
          syncLevel: 0,
          deadlineHours: 1.5,
        },
        files: listInMemory([
          { path: 'a/ü😀"\\.h5', isSymlink: false },
          { path: 'link', isSymlink: true },
        ]),
      }),
    );
    expect(bodyOf(sent[1])).toEqual({
      DATA_TYPE: 'transfer',
      submission_id: SUBMISSION,
      label: 'SciCat transfer j1',
      source_endpoint: 's',
      destination_endpoint: 'd',
      verify_checksum: false,
      preserve_timestamp: true,
      encrypt_data: true,
      recursive_symlinks: 'keep',
      sync_level: 0,
      deadline: '2026-01-01T01:30:00+00:00',
      notify_on_succeeded: false,
      notify_on_failed: false,
      notify_on_inactive: false,
      DATA: [
        {
          DATA_TYPE: 'transfer_item',
          source_path: '/a/ü😀"\\.h5',
          destination_path: '/in/ds/a/ü😀"\\.h5',
        },
        {
          DATA_TYPE: 'transfer_symlink_item',
          source_path: '/link',
          destination_path: '/in/ds/link',
        },
      ],
    });
  });

  const error = (status: number, code: string, message = 'm', headers = {}): HttpResponse =>
    answer(status, { code, message, request_id: 'r12345678', resource: '/transfer' }, headers);

  it.each<[string, readonly Step[], SubmitOutcome['kind'], RegExp]>([
    ['repeated submission', [answer(200, { code: 'Duplicate', task_id: TASK })], 'accepted', /^$/],
    ['identical paths', [error(409, 'Conflict')], 'conflict', /same files has not ended yet/],
    ['full', [error(409, 'ClientError.Conflict.TooManyPendingJobs')], 'busy', /as many/],
    ['maintenance', [error(503, 'ServiceUnavailable')], 'busy', /maintenance/],
    ['other 5xx', [error(500, 'InternalError')], 'unclear', /internal error/],
    ['html 502', [answer(502, '<html>')], 'unclear', /internal error/],
    ['lost', ['lost'], 'unclear', /not responding/],
    ['timeout', ['timeout'], 'unclear', /not responding/],
    ['malformed 200', [answer(200, '<html>')], 'unclear', /no clear answer/],
    ['a redirect', [answer(302)], 'unclear', /no clear answer/],
    ['not sent', ['not-sent'], 'busy', /unreachable/],
    ['lost, then not sent', ['lost', 'not-sent'], 'unclear', /not responding/],
    ['lost, then refused', ['lost', error(403, 'PermissionDenied')], 'unclear', /permission/],
    ['lost, then busy', [answer(502), error(503, 'ServiceUnavailable')], 'unclear', /maintenance/],
    [
      'lost, token renewed, then refused',
      ['lost', error(401, 'AuthenticationFailed'), error(403, 'PermissionDenied')],
      'unclear',
      /permission/,
    ],
    ['lost, then duplicate', ['lost', accepted], 'accepted', /^$/],
    [
      'submission id',
      [error(400, 'BadRequest', 'Invalid submission_id')],
      'submission-id-refused',
      /submission id/,
    ],
    ['permission', [error(403, 'PermissionDenied')], 'refused', /r12345678.*no permission/],
    ['no endpoint', [error(404, 'EndpointNotFound')], 'refused', /does not exist/],
    ['too long', [answer(413, 'too large')], 'refused', /status 413.*too long/],
    [
      'bad request',
      [error(400, 'ClientError.BadRequest', 'Bad\n\tlabel, see https://x.test/y?z')],
      'refused',
      /^Globus refuses the transfer \(ClientError\.BadRequest, Globus request r12345678\): "Bad label, see \(address\)"\.$/,
    ],
  ])('%s', async (_name, transfer, kind, reason) => {
    const { client, run } = globus({ transfer });
    const outcome = (await run(client.submit(request))) as SubmitOutcome;
    expect(outcome.kind).toBe(kind);
    expect('reason' in outcome ? outcome.reason : '').toMatch(reason);
  });

  it('429 passes on Retry-After', async () => {
    const { client, run, asked } = globus({
      transfer: [error(429, 'RateLimited', 'm', { 'retry-after': '90' })],
    });
    expect(await run(client.submit(request))).toEqual({
      kind: 'busy',
      reason: 'Globus is limiting the rate of requests from this service',
      retryAfterSeconds: 90,
    });
    expect(asked()).toHaveLength(2);
  });

  it('does not hammer a collection that is offline', async () => {
    const { client, run, asked } = globus({
      transfer: [error(502, 'ExternalError.DirListingFailed.GCDisconnected')],
    });
    expect(await run(client.submit(request))).toMatchObject({ kind: 'unclear' });
    expect(asked()).toHaveLength(2);
  });

  it('401 renews the token once and retries; a second one is about the account', async () => {
    const expired = error(401, 'AuthenticationFailed');
    const healed = globus({
      auth: [tokenAnswer('old'), tokenAnswer('new')],
      transfer: [expired, accepted],
    });
    expect(await healed.run(healed.client.submit(request))).toEqual({
      kind: 'accepted',
      taskId: TASK,
    });
    expect(healed.asked()).toEqual([
      `POST token ${BOTH}`,
      'POST /transfer Bearer old',
      `POST token ${BOTH}`,
      'POST /transfer Bearer new',
    ]);
    const refused = globus({ transfer: [expired] });
    expect(await refused.run(refused.client.submit(request))).toMatchObject({
      kind: 'account-refused',
    });
    expect(refused.asked()).toHaveLength(4);
  });

  it('ConsentRequired: asks for the required scopes once, and retries with the new token', async () => {
    const scope = 'https://auth.globus.org/scopes/x/data_access';
    const consent = answer(403, {
      code: 'ConsentRequired',
      message: 'Missing required data_access consent',
      request_id: 'm8RfX3cES',
      required_scopes: [`${ALL}[*${scope}]`],
    });
    const healed = globus({
      auth: [tokenAnswer('old'), tokenAnswer('new')],
      transfer: [consent, accepted],
    });
    expect(await healed.run(healed.client.submit(request))).toMatchObject({ kind: 'accepted' });
    expect(await healed.run(healed.client.submit(request))).toMatchObject({ kind: 'accepted' });
    expect(healed.asked()).toEqual([
      `POST token ${BOTH}`,
      'POST /transfer Bearer old',
      `POST token ${BOTH.replace(']', ` *${scope}]`)}`,
      'POST /transfer Bearer new',
      'POST /transfer Bearer new',
    ]);
    const refused = globus({ transfer: [consent] });
    expect(await refused.run(refused.client.submit(request))).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('no consent'),
    });
    expect(refused.asked()).toHaveLength(4);
  });

  it.each<[string, Step, SubmitOutcome['kind']]>([
    ['a wrong secret', answer(401, { error: 'invalid_client' }), 'account-refused'],
    [
      'an unknown scope',
      answer(400, { errors: [{ code: 'UNKNOWN_SCOPE_ERROR', detail: 'client_id=…', id: 'e1' }] }),
      'scopes-refused',
    ],
    ['a 401 that is no JSON', answer(401, 'Unauthorized'), 'account-refused'],
    ['an outage of Auth', answer(503, '<html>'), 'busy'],
    ['a time-out of Auth', 'timeout', 'busy'],
    ['a token of nobody', answer(200, {}), 'busy'],
  ])('without a token nothing is sent: %s', async (_name, step, kind) => {
    const { client, run, asked } = globus({ auth: [step], transfer: [accepted] });
    expect(await run(client.submit(request))).toMatchObject({ kind });
    expect(asked().filter((line) => line.includes('/transfer'))).toEqual([]);
  });

  it("ends with its caller's reason", async () => {
    const why = new Error('The service is stopping.');
    const { client, run, sent } = globus({ transfer: [accepted] });
    expect(await run(client.submit(request, AbortSignal.abort(why)))).toBe(why);
    expect(sent).toEqual([]);
  });
});

describe('GlobusTransfersClient: reading', () => {
  const running = {
    DATA_TYPE: 'task',
    task_id: TASK,
    status: 'ACTIVE',
    label: 'SciCat transfer j1',
    nice_status: 'PERMISSION_DENIED',
    is_paused: true,
    fatal_error: null,
    completion_time: null,
    canceled_by_admin: null,
    canceled_by_admin_message: null,
    faults: 3,
    files: 10,
    files_transferred: 4,
    files_skipped: 1,
    bytes_transferred: 1234,
    effective_bytes_per_second: 12.7,
    subtasks_skipped_errors: 2,
  };
  const readRunning = {
    taskId: TASK,
    status: 'ACTIVE',
    label: 'SciCat transfer j1',
    niceStatus: 'PERMISSION_DENIED',
    isPaused: true,
    fatalError: undefined,
    canceledByAdmin: undefined,
    canceledByAdminMessage: undefined,
    faults: 3,
    files: 10,
    filesTransferred: 4,
    filesSkipped: 1,
    bytesTransferred: 1234,
    bytesPerSecond: 12,
    skippedErrors: 2,
    completedAt: undefined,
  };
  const listing = (tasks: readonly unknown[], total = tasks.length): HttpResponse =>
    answer(200, { DATA_TYPE: 'task_list', DATA: tasks, length: tasks.length, limit: 1000, total });

  it('fetches a submission id', async () => {
    const { client, run, asked } = globus({
      transfer: [answer(200, { DATA_TYPE: 'submission_id', value: SUBMISSION })],
    });
    expect(await run(client.newSubmissionId())).toBe(SUBMISSION);
    expect(asked()).toEqual([`POST token ${ALL}`, 'GET /submission_id Bearer token-1']);
    expect(client.clientId()).toBe('client-id');
  });

  it('reads a running task', async () => {
    const { client, run, asked } = globus({ transfer: [answer(200, running)] });
    expect(await run(client.task(TASK))).toEqual(readRunning);
    expect(asked()[1]).toBe(`GET /task/${TASK} Bearer token-1`);
  });

  it('reads an ended task, in which much is null', async () => {
    const { client, run } = globus({
      transfer: [
        answer(200, {
          task_id: TASK,
          status: 'FAILED',
          label: null,
          nice_status: null,
          is_paused: false,
          fatal_error: { code: 'CANCELED', description: 'canceled' },
          completion_time: '2022-01-26T19:18:21+00:00',
          canceled_by_admin: 'SOURCE',
          canceled_by_admin_message: 'Closed for today',
          bytes_transferred: null,
        }),
      ],
    });
    expect(await run(client.task(TASK))).toEqual({
      ...readRunning,
      status: 'FAILED',
      label: undefined,
      niceStatus: undefined,
      isPaused: false,
      fatalError: { kind: 'cancelled', code: 'CANCELED', description: 'canceled' },
      canceledByAdmin: 'SOURCE',
      canceledByAdminMessage: 'Closed for today',
      faults: 0,
      files: 0,
      filesTransferred: 0,
      filesSkipped: 0,
      bytesTransferred: 0,
      bytesPerSecond: 0,
      skippedErrors: 0,
      completedAt: Date.UTC(2022, 0, 26, 19, 18, 21),
    });
  });

  it('does not know a task that Globus does not know, nor what is no task id', async () => {
    const { client, run, asked } = globus({
      transfer: [answer(404, { code: 'ClientError.NotFound' })],
    });
    expect(await run(client.task(TASK))).toBeUndefined();
    expect(await run(client.latestError(TASK))).toBeUndefined();
    expect(await run(client.cancel(TASK))).toBeUndefined();
    expect(asked()).toHaveLength(4);
    expect(await run(client.task('../endpoint'))).toBeUndefined();
    expect(await run(client.cancel('a/b'))).toBeUndefined();
    expect(await run(client.latestError(''))).toBeUndefined();
    expect(asked()).toHaveLength(4);
  });

  it.each([
    [
      { by: 'running' },
      'filter=type:TRANSFER/status:ACTIVE,INACTIVE&limit=1000&orderby=request_time ASC&fields=task_id,status,label,nice_status,is_paused,faults,files,files_transferred,files_skipped,bytes_transferred,effective_bytes_per_second,subtasks_skipped_errors,request_time,completion_time,source_endpoint_id,destination_endpoint_id',
    ],
    [
      { by: 'completed', since: Date.UTC(2026, 0, 1, 0, 0, 1, 500) },
      'filter=type:TRANSFER/status:SUCCEEDED,FAILED/completion_time:2026-01-01 00:00:01,&limit=1000&orderby=completion_time ASC',
    ],
    [
      { by: 'completed', since: 1_500 },
      'filter=type:TRANSFER/status:SUCCEEDED,FAILED/completion_time:1970-01-01 00:00:01,&limit=1000&orderby=completion_time ASC',
    ],
    [
      { by: 'label', label: 'SciCat transfer j1' },
      'filter=type:TRANSFER/label:=SciCat transfer j1&limit=1000',
    ],
    [
      { by: 'ids', taskIds: [TASK, TASK, 'a/b'] },
      `filter=type:TRANSFER/task_id:${TASK}&limit=1000`,
    ],
  ] as const)('lists %j', async (query, parameters) => {
    const { client, run, asked } = globus({ transfer: [listing([running])] });
    expect(await run(client.list(query))).toEqual({ tasks: [readRunning], complete: true });
    expect(asked()[1]).toBe(`GET /task_list?${parameters} Bearer token-1`);
  });

  it('goes on with running tasks from a time of request', async () => {
    const { client, run, asked } = globus({ transfer: [listing([])] });
    await run(client.list({ by: 'running', requestedFrom: 1_000 }));
    expect(asked()[1]).toContain('/request_time:1970-01-01 00:00:01,&');
    expect(asked()[1]).toContain('&orderby=request_time ASC');
  });

  it('asks for many ids in portions, and for none at all not', async () => {
    const ids = Array.from(
      { length: 101 },
      (_none, index) => `33333333-3333-4333-8333-${String(index).padStart(12, '0')}`,
    );
    const { client, run, sent } = globus({ transfer: [listing([])] });
    expect(await run(client.list({ by: 'ids', taskIds: ids }))).toEqual({
      tasks: [],
      complete: true,
    });
    expect(sent.slice(1).map(({ url }) => url.split('%2C').length)).toEqual([50, 50, 1]);
    await run(client.list({ by: 'ids', taskIds: [] }));
    expect(sent).toHaveLength(4);
  });

  it('says when Globus holds more than it listed; a broken task hides no other', async () => {
    const { client, run } = globus({ transfer: [listing([running, { status: 'ODD' }], 3)] });
    expect(await run(client.list({ by: 'running' }))).toEqual({
      tasks: [readRunning],
      complete: false,
    });
  });

  it('takes only the label itself, whatever Globus finds similar', async () => {
    const { client, run } = globus({
      transfer: [listing([running, { ...running, label: 'scicat transfer J1' }])],
    });
    expect(await run(client.list({ by: 'label', label: 'SciCat transfer j1' }))).toEqual({
      tasks: [readRunning],
      complete: true,
    });
  });

  it('reads the newest error, one line, without the server and the dump', async () => {
    const details =
      'Error (make directories)\nEndpoint: NAME (UUID)\nServer: host:2811\nFile: /foo/\nMessage: Fatal FTP response\n---\nDetails: 550-GlobusError: v=1';
    const { client, run, asked } = globus({
      transfer: [
        answer(200, {
          DATA: [
            {
              code: 'PERMISSION_DENIED',
              description: 'permission denied',
              details,
              is_error: true,
            },
          ],
        }),
        answer(200, { DATA: [] }),
      ],
    });
    expect(await run(client.latestError(TASK))).toEqual({
      code: 'PERMISSION_DENIED',
      description: 'permission denied',
      details:
        'Error (make directories); Endpoint: NAME (UUID); File: /foo/; Message: Fatal FTP response',
    });
    expect(asked()[1]).toBe(
      `GET /task/${TASK}/event_list?filter=is_error:1&limit=1 Bearer token-1`,
    );
    expect(await run(client.latestError(TASK))).toBeUndefined();
  });

  it.each(['Canceled', 'CancelAccepted', 'TaskComplete'])(
    'cancel answered %s is fine',
    async (code) => {
      const { client, run, asked } = globus({ transfer: [answer(200, { code })] });
      expect(await run(client.cancel(TASK))).toBeUndefined();
      expect(asked()[1]).toBe(`POST /task/${TASK}/cancel Bearer token-1`);
    },
  );

  it.each([
    [401, ServiceAccountError],
    [403, UpstreamRejectedError],
    [429, UpstreamUnavailableError],
    [500, UpstreamUnavailableError],
    [200, UpstreamMalformedError],
    [302, UpstreamMalformedError],
  ])('status %i that makes no listing is an error that shows no secret', async (status, type) => {
    const { client, run } = globus({
      transfer: [answer(status, { code: 'X.Y', message: 'body-text', request_id: 'r1' })],
    });
    for (const call of [
      () => client.list({ by: 'running' }),
      () => client.task(TASK),
      () => client.newSubmissionId(),
    ]) {
      const error = await run(call());
      expect(error).toBeInstanceOf(type);
      expect(inspect([error, client], { depth: 12, showHidden: true })).not.toMatch(
        /client-secret|Basic /,
      );
      expect((error as Error).message).not.toContain('body-text');
    }
  });
});

describe('GlobusTransfersClient: tokens', () => {
  const id = answer(200, { value: SUBMISSION });

  it('asks once however many want one, and keeps the token until shortly before it expires', async () => {
    const { client, run, asked, clock } = globus({
      auth: [tokenAnswer('first', 10_000), tokenAnswer('second', 10_000)],
      transfer: [id],
    });
    await run(Promise.all([client.newSubmissionId(), client.newSubmissionId()]));
    await clock.advance(9_000_000);
    clock.jumpWallClock(86_400_000);
    await run(client.newSubmissionId());
    await clock.advance(200_000);
    await run(client.newSubmissionId());
    expect(asked()).toEqual([
      `POST token ${ALL}`,
      'GET /submission_id Bearer first',
      'GET /submission_id Bearer first',
      'GET /submission_id Bearer first',
      `POST token ${ALL}`,
      'GET /submission_id Bearer second',
    ]);
  });

  it('many refused calls bring one new token', async () => {
    const { client, run, asked } = globus({
      auth: [tokenAnswer('old'), tokenAnswer('new')],
      transfer: [answer(401), answer(401), id],
    });
    await run(Promise.all([client.newSubmissionId(), client.newSubmissionId()]));
    expect(asked().filter((line) => line.startsWith('POST token'))).toHaveLength(2);
  });

  it('finds the token of Transfer among those of other services', async () => {
    const { client, run, asked } = globus({
      auth: [
        answer(200, {
          access_token: 'of-auth',
          expires_in: 1,
          resource_server: 'auth.globus.org',
          other_tokens: [
            {
              access_token: 'of-transfer',
              expires_in: 172_800,
              resource_server: 'transfer.api.globus.org',
            },
          ],
        }),
      ],
      transfer: [id],
    });
    await run(client.newSubmissionId());
    expect(asked()[1]).toBe('GET /submission_id Bearer of-transfer');
  });

  it('who gives up waiting does not end the request for the others', async () => {
    const { client, run } = globus({ transfer: [id] });
    const controller = new AbortController();
    const why = new Error('Gone.');
    const leaving = client.newSubmissionId(controller.signal).catch((error: unknown) => error);
    const staying = client.newSubmissionId();
    controller.abort(why);
    expect(await run(staying)).toBe(SUBMISSION);
    expect(await leaving).toBe(why);
  });
});
