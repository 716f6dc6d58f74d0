import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { CLOCK, type Clock } from '../../src/ports/clock.port.js';
import {
  COLLECTIONS,
  eventually,
  type ServiceOptions,
  startUpstreams,
  TestService,
} from '../support/service.js';

const running: TestService[] = [];

async function start(options: ServiceOptions = {}): Promise<TestService> {
  const service = await TestService.start({ pollSeconds: 0.1, ...options });
  running.push(service);
  await service.ready();
  return service;
}

afterEach(async () => {
  // Latest first: later ones live on what the first has started.
  for (const service of running.splice(0).reverse()) await service.stop();
});

function progressOf(service: TestService, jobId: string): number {
  return Number(service.job(jobId).jobResultObject?.['bytesTransferred'] ?? 0);
}

describe('what stopped the Go version', () => {
  it('with the default configuration the 11th and the 100th POST are answered at once', async () => {
    const service = await TestService.start({
      changeYaml: (text) => text.replace(/^task: .*$/m, ''),
    });
    running.push(service);
    await service.ready();
    expect(service.config.task).toMatchObject({ maxConcurrency: 10, queueSize: 10_000 });
    service.holdTasks();
    const jobIds: string[] = [];
    for (let n = 1; n <= 100; n += 1) {
      jobIds.push(await service.accepted({ scicatPid: service.addDataset(`queued-${n}`) }));
    }
    expect(new Set(jobIds).size).toBe(100);
    expect(service.globus.machine.tasks()).toHaveLength(10);
    await service.reaches(jobIds[99] ?? '', '001');
    const last = await service.call('GET', `/transfer/${jobIds[99]}`, { who: 'alice' });
    expect(last.json).toMatchObject({ status: 'waiting', queuePosition: 89 });
  });

  it('with a bounded queue no request waits for one that hangs in SciCat', async () => {
    const service = await start({
      yaml: 'task: { maxConcurrency: 2, queueSize: 5, pollInterval: 1 }',
    });
    service.scicat.faults.add({
      // The first dataset that is read is the slow one.
      match: { method: 'GET', path: '/datasets$' },
      times: 1,
      effect: { type: 'latency', ms: 1500 },
    });
    const slow = service.accepted({ scicatPid: service.addDataset('slow') });
    const order: string[] = [];
    await Promise.all([
      slow.then(() => order.push('slow')),
      service.accepted({ scicatPid: service.addDataset('quick') }).then(() => order.push('quick')),
    ]);
    expect(order).toEqual(['quick', 'slow']);
  });

  it('a failed Globus task ends the transfer and frees its slot', async () => {
    const service = await start({ yaml: 'task: { maxConcurrency: 1, pollInterval: 1 }' });
    service.holdTasks();
    for (let n = 1; n <= 4; n += 1) {
      const jobId = await service.accepted({ scicatPid: service.addDataset(`failing-${n}`) });
      await service.reaches(jobId, '002');
      service.globus.machine.failTask(service.globus.machine.tasks().at(-1)?.id ?? '', 'EXPIRED');
      await service.reaches(jobId, '998');
    }
    service.releaseTasks();
    await service.reaches(
      await service.accepted({ scicatPid: service.addDataset('after-failures') }),
      '003',
    );
  });

  it('a service token that SciCat no longer accepts (403) is renewed once, and the write retried', async () => {
    const service = await start();
    service.holdTasks();
    const jobId = await service.accepted();
    await service.reaches(jobId, '002');
    const logins = () => service.scicat.requests.filter(({ path }) => /login/i.test(path)).length;
    const before = logins();
    // A token that is only seconds old counts as good, whatever SciCat says.
    const clock = service.app.get<Clock>(CLOCK);
    const now = clock.monotonicMs.bind(clock);
    jest.spyOn(clock, 'monotonicMs').mockImplementation(() => now() + 10_000);
    service.scicat.machine.revokeTokens('globus-proxy');
    service.releaseTasks();
    await service.reaches(jobId, '003');
    expect(logins()).toBe(before + 1);
  });

  it('cancels of everything at once are all answered, and all transfers end', async () => {
    const service = await start({ yaml: 'task: { maxConcurrency: 3, pollInterval: 1 }' });
    service.globus.machine.setVirtual(COLLECTIONS.source, { startupMs: 100 });
    const jobIds = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        service.accepted({ scicatPid: service.addDataset(`cancelled-${n}`) }),
      ),
    );
    const answers = await Promise.all(
      jobIds.map((jobId) => service.call('DELETE', `/transfer/${jobId}`, { who: 'alice' })),
    );
    for (const answer of answers) expect([200, 400]).toContain(answer.status);
    await eventually(
      () => jobIds.every((jobId) => ['003', '004'].includes(service.job(jobId).statusCode)),
      'all have ended',
    );
    await service.reaches(await service.accepted({ scicatPid: service.addDataset('last') }), '003');
  });

  it('200 parallel requests are all answered, and 200 transfers are finished', async () => {
    const service = await start({ yaml: 'task: { maxConcurrency: 100, pollInterval: 1 }' });
    service.globus.machine.limits.concurrentTasks = 1000;
    const pids = Array.from({ length: 200 }, (_, n) => service.addDataset(`parallel-${n}`));
    const answers = await Promise.all(pids.map((scicatPid) => service.post({ scicatPid })));
    expect(answers.map(({ status }) => status)).toEqual(Array(200).fill(200));
    const jobIds = answers.map(({ json }) => (json as { readonly jobId: string }).jobId);
    expect(new Set(jobIds).size).toBe(200);
    await eventually(
      () => jobIds.every((jobId) => service.job(jobId).statusCode === '003'),
      () =>
        `all are finished; there are ${jobIds.filter((jobId) => service.job(jobId).statusCode !== '003').length} others`,
    );
    expect(service.globus.machine.tasks()).toHaveLength(200);
    expect(service.archiveJobs()).toHaveLength(200);
  });
});

describe('what the Go version copied twice, or got wrong', () => {
  it('a Globus that fails for a while changes no state and takes no progress back', async () => {
    const service = await start();
    service.globus.machine.setVirtual(COLLECTIONS.source, { startupMs: 0, bytesPerSecond: 1500 });
    const jobId = await service.accepted();
    await eventually(() => progressOf(service, jobId) > 0, 'some bytes are there');
    const seen: [string, number][] = [];
    const asked = service.globus.requests.length;
    service.globus.faults.outage(true, { type: 'status', status: 500 });
    await eventually(() => {
      seen.push([service.job(jobId).statusCode, progressOf(service, jobId)]);
      return service.globus.requests.length > asked + 3;
    }, 'it was polled a few times');
    service.globus.faults.clear();
    await eventually(() => {
      const { statusCode } = service.job(jobId);
      seen.push([statusCode, progressOf(service, jobId)]);
      return statusCode === '003';
    }, 'it is finished');
    expect(new Set(seen.map(([code]) => code))).toEqual(new Set(['002', '003']));
    const bytes = seen.map(([, count]) => count);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
  });

  it('copies are verified, labelled with the job id, and send no e-mails', async () => {
    const service = await start();
    service.holdTasks();
    const jobId = await service.accepted();
    const [task] = service.globus.machine.tasks();
    expect(task?.label).toContain(jobId);
    expect(task?.request).toMatchObject({ verifyChecksum: true });
  });

  it('a double click and a later repetition answer with the same job; one task', async () => {
    const service = await start();
    service.holdTasks();
    const body = (paths: readonly string[]) => ({
      fileList: paths.map((path) => ({ path, isSymlink: false })),
    });
    const jobIds = await Promise.all([
      service.accepted({}, { body: body(['a', 'b']) }),
      service.accepted({}, { body: body(['b', 'a']) }),
      service.accepted({ collectionRootPath: '/data/' }, { body: body(['a', 'b', 'a']) }),
    ]);
    const later = await service.accepted({}, { body: body(['a', 'b']) });
    expect(new Set([...jobIds, later]).size).toBe(1);
    expect(service.globus.machine.tasks()).toHaveLength(1);
    const others = await Promise.all([
      service.accepted({}, { body: body(['a']) }),
      service.accepted(),
      service.accepted({ autoArchive: 'false' }),
    ]);
    expect(new Set([...jobIds, ...others]).size).toBe(4);
  });

  it('an equal request after a restart answers with the same job, and with a new one once it has ended', async () => {
    const world = await startUpstreams();
    try {
      const first = await start({ upstreams: world });
      first.holdTasks();
      const jobId = await first.accepted();
      await first.reaches(jobId, '002');
      await first.stop();
      running.pop();
      const second = await start({ upstreams: world });
      expect(await second.accepted()).toBe(jobId);
      await second.call('DELETE', `/transfer/${jobId}`, { who: 'alice' });
      await second.reaches(jobId, '004');
      expect(await second.accepted()).not.toBe(jobId);
      await second.stop();
      running.pop();
    } finally {
      await world.scicat.close();
      await world.globus.close();
    }
  });

  it('one list call per poll for all transfers; nothing is written without a change', async () => {
    const service = await start({ yaml: 'task: { maxConcurrency: 30, pollInterval: 1 }' });
    service.pauseTasks();
    const jobIds = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        service.accepted({ scicatPid: service.addDataset(`polled-${n}`) }),
      ),
    );
    await eventually(
      () => jobIds.every((jobId) => /aused|ueued/.test(service.job(jobId).statusMessage)),
      'Globus was polled, and its message is shown',
    );
    const requests = (part: string) =>
      service.globus.requests.filter(({ path }) => path.includes(part)).length;
    const lists = () => requests('task_list');
    await eventually(
      () => requests('event_list') >= jobIds.length,
      'the message of each problem was requested, once',
    );
    const polls = lists();
    // A poll begins only when the results of the one before it were applied.
    await eventually(() => lists() > polls, 'the messages were applied');
    await eventually(() => service.tracker.status().pendingWrites === 0, 'all messages are shown');
    const from = { globus: service.globus.requests.length, lists: lists() };
    const patches = () => service.scicat.requests.filter(({ method }) => method === 'PATCH').length;
    const patched = patches();
    await eventually(() => lists() >= from.lists + 4, 'it was polled four more times');
    expect(service.globus.requests.length - from.globus).toBe(lists() - from.lists);
    expect(patches()).toBe(patched);
  });

  it('a facility that gets no scope fails alone, and says so', async () => {
    const service = await start({
      facilities: `
  - name: SCOPELESS
    collection: aaaaaaaa-0000-4000-8000-00000000000e
    accessValue: ARCHIVE
    direction: DST`,
    });
    const broken = await service.accepted({ destFacility: 'SCOPELESS' });
    await eventually(
      () => /^waiting: .*scope/i.test(service.job(broken).statusMessage),
      'the job says that it waits for a scope',
    );
    await service.reaches(
      await service.accepted({ scicatPid: service.addDataset('with-scope') }),
      '003',
    );
    const health = await service.call('GET', '/health/ready');
    expect([health.status, health.text]).toEqual([200, expect.stringContaining('globus-scopes')]);
  });

  it('scicatUrl with a trailing slash works like one without', async () => {
    const service = await start({
      changeYaml: (text) => text.replace(/^(scicatUrl: .*)$/m, '$1/'),
    });
    await service.reaches(await service.accepted(), '003');
  });

  it('20,000 files in one list are one transfer with one task', async () => {
    const service = await start();
    const fileList = Array.from({ length: 20_000 }, (_, n) => ({
      path: `raw/${n}.h5`,
      isSymlink: n % 7 === 0,
    }));
    service.holdTasks();
    const jobId = await service.accepted({}, { body: { fileList } });
    const [task, ...others] = service.globus.machine.tasks();
    expect([task?.request.items.length, others]).toEqual([20_000, []]);
    expect(JSON.stringify(service.job(jobId)).length).toBeLessThan(300_000);
  });
});
