import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandLine } from '../support/command-line.js';
import {
  eventually,
  type ServiceOptions,
  startUpstreams,
  TestService,
  type Upstreams,
} from '../support/service.js';

const MESSAGE = 'maintenance of the storage';
const HELD = `facility ARCHIVE is held: ${MESSAGE}`;

let world: Upstreams;
let dataDir: string;
let service: TestService;
let shell: CommandLine;
let olivia: string;
const lines: Record<string, unknown>[] = [];
let names = 0;

const OPTIONS: ServiceOptions = {
  pollSeconds: 0.1,
  yaml: 'scicat: { operatorGroups: [operators] }\ntask: { maxConcurrency: 2, pollInterval: 1 }',
  log: { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
};

async function start(): Promise<void> {
  service = await TestService.start({ ...OPTIONS, upstreams: world, dataDir });
  await service.ready();
  shell = await CommandLine.beside(service);
}
async function stop(): Promise<void> {
  await shell.close();
  await service.stop();
}

beforeAll(async () => {
  world = await startUpstreams();
  dataDir = await mkdtemp(join(tmpdir(), 'holds-'));
  world.scicat.machine.addUser({ username: 'olivia', groups: ['operators'] });
  await start();
  olivia = world.scicat.mintToken('olivia');
});

afterAll(async () => {
  await stop();
  await world.scicat.close();
  await world.globus.close();
  await rm(dataDir, { recursive: true, force: true });
});

const hold = (body: unknown, who = olivia, name = 'ARCHIVE') =>
  service.call('POST', `/facilities/${name}/hold`, { who, body });
const release = (who = olivia, name = 'ARCHIVE') =>
  service.call('DELETE', `/facilities/${name}/hold`, { who });
const another = (): string => service.addDataset(`held-${(names += 1)}`);
const operate = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  shell.run([...argv, '--url', service.url], { env: { SCICAT_TOKEN: olivia, ...env } });
/** The audit lines since the last call. */
/** Decisions and holds, not what the service does with transfers meanwhile. */
const audited = () =>
  lines
    .splice(0)
    .filter(
      ({ audit, operation, facility }) =>
        audit === true && (operation !== undefined || facility !== undefined),
    );
const tasks = (): number => world.globus.machine.tasks().length;

afterEach(() => release());

describe('a facility that is held', () => {
  it('has its transfers wait with the message, over a restart, until it is released', async () => {
    service.holdTasks();
    const running = await service.accepted({ scicatPid: another() });
    await service.reaches(running, '002');
    const before = tasks();

    lines.splice(0);
    const held = await hold({ message: MESSAGE });
    const since = expect.stringMatching(/^\d{4}-.*Z$/);
    expect([held.status, held.json]).toEqual([
      200,
      { facility: 'ARCHIVE', hold: { message: MESSAGE, since } },
    ]);
    expect(audited()).toEqual([
      expect.objectContaining({ operation: 'hold', facility: 'ARCHIVE', username: 'olivia' }),
      expect.objectContaining({
        msg: 'facility held',
        facility: 'ARCHIVE',
        message: MESSAGE,
        heldBy: 'olivia',
      }),
    ]);

    const waiting = [
      await service.accepted({ scicatPid: another() }),
      await service.accepted({ scicatPid: another() }),
    ];
    for (const jobId of waiting) {
      await eventually(
        () => service.job(jobId).statusMessage === `waiting: ${HELD}`,
        () => `job ${jobId} says so; it is ${service.job(jobId).statusMessage}`,
      );
      const item = await service.call('GET', `/transfer/${jobId}`, { who: 'alice' });
      expect(item.json).toMatchObject({ status: 'waiting', message: `waiting: ${HELD}` });
    }

    await stop();
    await start();
    // What Globus runs goes on to its end.
    service.releaseTasks();
    await service.reaches(running, '003');
    const later = await service.accepted({ scicatPid: another() });
    for (const jobId of [...waiting, later]) {
      await eventually(
        () => service.job(jobId).statusMessage === `waiting: ${HELD}`,
        () => `job ${jobId} says so; it is ${service.job(jobId).statusMessage}`,
      );
    }
    expect(tasks()).toBe(before);

    const released = await release();
    expect([released.status, released.json]).toEqual([
      200,
      { facility: 'ARCHIVE', wasHeld: true, hold: { message: MESSAGE, since } },
    ]);
    for (const jobId of [...waiting, later]) await service.reaches(jobId, '003');
    expect((await release()).json).toEqual({ facility: 'ARCHIVE', wasHeld: false });
  });

  it('is shown to everybody, in the preview, in readiness and in the metrics', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await hold({ message: MESSAGE, until });
    const { facilities } = (await service.call('GET', '/facilities', { who: 'bob' })).json as {
      readonly facilities: readonly { readonly name: string }[];
    };
    expect(facilities).toMatchObject([
      { name: 'SOURCE', held: false },
      { name: 'ARCHIVE', held: true, hold: { message: MESSAGE, until } },
      { name: 'PRIVATE', held: false },
    ]);
    expect(JSON.stringify(facilities)).not.toContain('olivia');
    expect((await service.preview({ scicatPid: another() })).json).toMatchObject({
      wouldWait: true,
      waitsFor: expect.stringMatching(
        /^facility ARCHIVE is held until \d\d \w{3} \d\d:\d\d UTC: maintenance of the storage$/,
      ),
    });
    const ready = await service.call('GET', '/health/ready');
    expect([ready.status, ready.json]).toEqual([
      200,
      expect.objectContaining({
        details: expect.objectContaining({
          facilities: { status: 'up', held: [{ facility: 'ARCHIVE', message: MESSAGE, until }] },
        }),
      }),
    ]);
    const { text } = await service.call('GET', '/metrics');
    expect(text).toContain('globus_proxy_facility_held{facility="ARCHIVE"} 1');
    expect(text).toContain('globus_proxy_facility_held{facility="SOURCE"} 0');
  });

  it('can be the source as well, and transfers between others go on', async () => {
    await hold({ message: MESSAGE }, olivia, 'SOURCE');
    expect((await service.preview({ scicatPid: another() })).json).toMatchObject({
      waitsFor: `facility SOURCE is held: ${MESSAGE}`,
    });
    await release(olivia, 'SOURCE');
    await hold({ message: MESSAGE }, olivia, 'PRIVATE');
    await service.reaches(await service.accepted({ scicatPid: another() }), '003');
    await release(olivia, 'PRIVATE');
  });

  it('is released at the end of the hold, without anybody', async () => {
    const until = new Date(Date.now() + 200).toISOString();
    await hold({ message: MESSAGE, until });
    const jobId = await service.accepted({ scicatPid: another() });
    await service.reaches(jobId, '003');
    expect(lines).toContainEqual(
      expect.objectContaining({ msg: 'facility released', audit: true }),
    );
  });

  it.each([
    [{}, 'message is missing'],
    [undefined, 'message is missing'],
    [{ message: '' }, 'message is empty'],
    [{ message: 'a\nb' }, 'on one line'],
    [{ message: 'x'.repeat(301) }, 'at most 300'],
    [{ message: 7 }, 'must be a string'],
    [{ message: MESSAGE, until: '2020-01-01T00:00Z' }, 'until is in the past'],
    [{ message: MESSAGE, until: '2999-01-01T00:00Z' }, 'more than a year ahead'],
    [{ message: MESSAGE, until: '2026-12-24' }, 'time zone'],
    [{ message: MESSAGE, til: '2026-12-24T00:00Z' }, 'unknown key "til"'],
    [{ message: MESSAGE, fileList: [{ path: 'a', isSymlink: false }] }, 'unknown key "fileList"'],
    ['{', 'JSON'],
  ])('is not held by the body %j', async (body, problem) => {
    const answer = await hold(body);
    expect([answer.status, answer.json]).toEqual([
      400,
      expect.objectContaining({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining(problem),
      }),
    ]);
  });

  it('is a 404 with the known names if it does not exist', async () => {
    for (const answer of [
      await hold({ message: MESSAGE }, olivia, 'archive%2F..'),
      await release(olivia, 'archive%2F..'),
    ]) {
      expect([answer.status, answer.json]).toEqual([
        404,
        expect.objectContaining({
          code: 'FACILITY_NOT_FOUND',
          message: 'Unknown facility "archive/..". Available facilities: SOURCE, ARCHIVE, PRIVATE.',
        }),
      ]);
    }
  });

  it('is neither held nor released by others, who learn nothing', async () => {
    await hold({ message: MESSAGE });
    lines.splice(0);
    for (const name of ['ARCHIVE', 'UNKNOWN']) {
      for (const answer of [
        await hold({ message: 'mine' }, 'alice', name),
        await hold('{', 'alice', name),
        await release('alice', name),
      ]) {
        expect([answer.status, answer.json]).toEqual([
          403,
          {
            code: 'ACCESS_DENIED',
            message: 'You are not an operator of this service.',
            requestId: expect.any(String),
          },
        ]);
      }
    }
    expect(audited().map(({ allowed, rule }) => [allowed, rule])).toEqual(
      Array(6).fill([false, 'operator-group']),
    );
    expect((await service.call('DELETE', '/facilities/ARCHIVE/hold')).status).toBe(401);
    expect((await release()).json).toMatchObject({ wasHeld: true, hold: { message: MESSAGE } });
  });
});

describe('the file with the holds', () => {
  it('names facility, message and operator; if it is damaged, the service starts with an alarm', async () => {
    const file = join(dataDir, 'facility-holds.json');
    await hold({ message: MESSAGE });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      holds: [{ facility: 'ARCHIVE', message: MESSAGE, by: 'olivia' }],
    });
    await stop();
    await writeFile(file, '{"version":1,"holds":[{');
    await start();
    const ready = await service.call('GET', '/health/ready');
    expect([ready.status, ready.json]).toEqual([
      200,
      expect.objectContaining({
        details: expect.objectContaining({
          operator: {
            status: 'up',
            alarms: { 'facility-holds': expect.stringContaining('is not JSON') },
          },
        }),
      }),
    ]);
    await service.reaches(await service.accepted({ scicatPid: another() }), '003');
    await hold({ message: MESSAGE });
    const again = await service.call('GET', '/health/ready');
    expect(again.json).toMatchObject({ details: { operator: { alarms: {} } } });
  });
});

describe('operators and the transfers of others', () => {
  interface Page {
    readonly total: number;
    readonly transfers: readonly { readonly transferId: string }[];
  }

  it('list and look at them', async () => {
    const jobId = await service.accepted({ scicatPid: another() });
    const own = await service.call('GET', '/transfer', { who: olivia });
    expect(own.json).toEqual({ total: 0, transfers: [] });
    lines.splice(0);
    const all = await service.call('GET', '/transfer?all=true&pageSize=1&reason=a+call', {
      who: olivia,
    });
    expect(all.json).toEqual({
      total: service.transferJobs().length,
      transfers: [expect.objectContaining({ transferId: jobId })],
    });
    const one = await service.call('GET', `/transfer/${jobId}`, { who: olivia });
    expect([one.status, one.json]).toEqual([200, expect.objectContaining({ transferId: jobId })]);
    const line = { allowed: true, rule: 'operator-group', username: 'olivia' };
    expect(audited()).toEqual([
      expect.objectContaining({ ...line, operation: 'list', statedReason: 'a call' }),
      expect.objectContaining({ ...line, operation: 'look-up', jobId }),
    ]);
  });

  it('cancel them with a reason, which is in the job, also after a restart', async () => {
    service.holdTasks();
    const jobId = await service.accepted({ scicatPid: another() });
    await service.reaches(jobId, '002');
    lines.splice(0);
    const without = await service.call('DELETE', `/transfer/${jobId}`, { who: olivia });
    expect([without.status, without.json]).toEqual([
      400,
      expect.objectContaining({ message: expect.stringContaining('say why') }),
    ]);
    world.globus.machine.setMaintenance(true);
    const path = `/transfer/${jobId}?reason=the+storage+is+full`;
    expect((await service.call('DELETE', path, { who: olivia })).status).toBe(200);
    expect(audited()).toEqual([
      expect.objectContaining({
        operation: 'cancel',
        rule: 'operator-group',
        username: 'olivia',
        statedReason: 'the storage is full',
        jobId,
      }),
    ]);
    await stop();
    world.globus.machine.setMaintenance(false);
    await start();
    const { statusMessage } = await service.reaches(jobId, '004');
    expect(statusMessage).toBe('cancelled by olivia: the storage is full');
    service.releaseTasks();
  });

  it('cancel waiting ones, too', async () => {
    await hold({ message: MESSAGE });
    const jobId = await service.accepted({ scicatPid: another() });
    const path = `/transfer/${jobId}?reason=requested+twice`;
    expect((await service.call('DELETE', path, { who: olivia })).status).toBe(200);
    const { statusMessage } = await service.reaches(jobId, '004');
    expect(statusMessage).toBe('cancelled by olivia, before anything was copied: requested twice');
  });

  it('are nobody else: others get the answers of before', async () => {
    const jobId = await service.accepted({ scicatPid: another() });
    const bob = { who: 'bob' };
    const list = await service.call('GET', '/transfer?all=true', bob);
    expect([list.status, list.json]).toEqual([
      403,
      expect.objectContaining({ message: 'You are not an operator of this service.' }),
    ]);
    const refused = `Transfer ${jobId} belongs to another user, and you are not in its owner group.`;
    for (const method of ['GET', 'DELETE']) {
      const answer = await service.call(method, `/transfer/${jobId}?reason=because`, bob);
      expect([answer.status, answer.json]).toEqual([
        403,
        { code: 'ACCESS_DENIED', message: refused, requestId: expect.any(String) },
      ]);
    }
    const page = (await service.call('GET', '/transfer?all=false', bob)).json as Page;
    expect(page.transfers).toEqual([]);
  });
});

describe('hold and release on the command line', () => {
  it('print what happened', async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const held = await operate(['hold', 'ARCHIVE', '--message', MESSAGE, '--until', until]);
    expect(held).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^ARCHIVE is held until \d\d \w{3} \d\d:\d\d UTC: maintenance of the storage\nTransfers .*\n$/,
      ),
      err: '',
    });
    const released =
      'ARCHIVE is released. The transfers that waited for it go now, in fair order.\n';
    expect(await operate(['release', 'ARCHIVE'])).toEqual({ code: 0, out: released, err: '' });
    expect((await operate(['release', 'ARCHIVE'])).out).toBe('ARCHIVE was not held.\n');
    const { out } = await operate(['release', 'ARCHIVE', '--json']);
    expect(JSON.parse(out)).toEqual({ facility: 'ARCHIVE', wasHeld: false });
  });

  it('take the token from a file and from standard input, too', async () => {
    const file = join(shell.folder, 'token');
    await writeFile(file, `${olivia}\n`);
    const byFile = await operate(['release', 'ARCHIVE'], {
      SCICAT_TOKEN: '',
      SCICAT_TOKEN_FILE: 'token',
    });
    expect(byFile.code).toBe(0);
    const argv = ['release', 'ARCHIVE', '--url', service.url, '--token-stdin'];
    expect((await shell.run(argv, { readIn: () => Promise.resolve(`${olivia}\n`) })).code).toBe(0);
  });

  it('say what the service says when it refuses, without the token', async () => {
    const refused = await operate(['hold', 'NOWHERE', '--message', MESSAGE]);
    expect(refused).toEqual({
      code: 1,
      out: '',
      err: 'Unknown facility "NOWHERE". Available facilities: SOURCE, ARCHIVE, PRIVATE. (FACILITY_NOT_FOUND)\n',
    });
    const { bob } = service.tokens;
    const denied = await operate(['hold', 'ARCHIVE', '--message', MESSAGE], { SCICAT_TOKEN: bob });
    expect([denied.code, denied.err]).toEqual([
      1,
      'You are not an operator of this service. (ACCESS_DENIED)\n',
    ]);
  });

  it('say that the service can not be reached, or is another one', async () => {
    const env = { SCICAT_TOKEN: olivia };
    const gone = await shell.run(['release', 'ARCHIVE', '--url', 'http://127.0.0.1:1/'], { env });
    expect([gone.code, gone.err]).toEqual([
      1,
      expect.stringMatching(/^The service can't be reached at http:\/\/127\.0\.0\.1:1 \(.+\)\./),
    ]);
    const other = await shell.run(['release', 'ARCHIVE', '--url', `${service.url}/docs-none`], {
      env,
    });
    expect([other.code, other.out]).toEqual([1, '']);
    expect(other.err).not.toContain(olivia);
  });

  it.each([
    [['hold', 'ARCHIVE'], {}, '--message'],
    [['hold', '--message', MESSAGE], {}, 'facility'],
    [['release', 'ARCHIVE'], { SCICAT_TOKEN: '' }, 'no token was given'],
    [['release', 'ARCHIVE'], { SCICAT_TOKEN: 'two words' }, "can't be a SciCat token"],
    [['release', 'ARCHIVE'], { SCICAT_TOKEN_FILE: 'x' }, 'only one of'],
    [['release', 'ARCHIVE'], { SCICAT_TOKEN: '', SCICAT_TOKEN_FILE: 'none' }, "can't be read"],
    [['release', 'ARCHIVE', '--url', 'ftp://x'], {}, '--url must be'],
  ])('%j is a usage error', async (argv, env, problem) => {
    const { code, out, err } = await shell.run(argv, { env: { SCICAT_TOKEN: olivia, ...env } });
    expect([code, out, err]).toEqual([2, '', expect.stringContaining(problem)]);
  });
});
