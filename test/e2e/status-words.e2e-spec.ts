import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { FaultEffect } from '../../sandbox/http/fault-plan.js';
import { jobTypesOf } from '../../sandbox/scicat/job-types-file.js';
import { startUpstreams, TestService, type Upstreams } from '../support/service.js';

const MAIL_TYPES = new URL('../../config/scicat/job-types-with-mail.yaml', import.meta.url);
const WORDS = 'scicat: { statusCodes: words }';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A SciCat that sends e-mails as config/scicat/job-types-with-mail.yaml says. */
async function withMail(): Promise<Upstreams> {
  const jobTypes = jobTypesOf(parse(readFileSync(MAIL_TYPES, 'utf8')));
  const upstreams = await startUpstreams({ jobTypes });
  cleanUps.push(
    () => upstreams.scicat.close(),
    () => upstreams.globus.close(),
  );
  return upstreams;
}

async function start(upstreams: Upstreams, yaml = WORDS): Promise<TestService> {
  const service = await TestService.start({
    upstreams,
    yaml: `task: { maxConcurrency: 1, pollInterval: 1 }\n${yaml}`,
    pollSeconds: 0.1,
  });
  cleanUps.push(() => service.stop());
  await service.ready();
  return service;
}

const mailedCodes = ({ scicat }: TestService): readonly string[] =>
  scicat.machine.mails().map(({ statusCode }) => statusCode);
const shown = async (service: TestService, jobId: string): Promise<unknown> =>
  (await service.call('GET', `/transfer/${jobId}`, { who: 'alice' })).json;

describe('status codes in words, for SciCat’s own e-mail rules and its Jobs page', () => {
  it('tell waiting, in progress, and finished apart; the answers of the API stay as they are', async () => {
    const service = await start(await withMail());
    service.holdTasks();
    const first = await service.accepted();
    const second = await service.accepted({ scicatPid: service.addDataset('second') });
    await service.reaches(first, 'inProgress');
    await service.reaches(second, 'jobSubmitted');
    expect([await shown(service, first), await shown(service, second)]).toEqual([
      expect.objectContaining({ status: 'transferring' }),
      expect.objectContaining({ status: 'waiting' }),
    ]);
    expect(mailedCodes(service)).toEqual([]);

    service.releaseTasks();
    const { jobResultObject } = await service.reaches(second, 'finishedSuccessful');
    await service.reaches(first, 'finishedSuccessful');
    expect(jobResultObject).toMatchObject({ status: 'finished', phase: 'finished' });
    expect(await shown(service, first)).toMatchObject({ status: 'finished', message: 'finished' });
    expect(mailedCodes(service)).toEqual(['finishedSuccessful', 'finishedSuccessful']);
  });

  it('a failed transfer: one e-mail', async () => {
    const service = await start(await withMail());
    service.holdTasks();
    const jobId = await service.accepted();
    await service.reaches(jobId, 'inProgress');
    const [task] = service.globus.machine.tasks();
    service.globus.machine.failTask(task?.id ?? '', 'FILE_NOT_FOUND');
    await service.reaches(jobId, 'finishedUnsuccessful');
    expect(mailedCodes(service)).toEqual(['finishedUnsuccessful']);
  });

  it.each([
    ['997: the dataset could not be marked', 'datasetlifecycle'],
    ['995: the archive job could not be created', 'archive'],
  ])('finished with a warning (%s): one e-mail', async (_, broken) => {
    const service = await start(await withMail());
    if (broken === 'archive') service.scicat.machine.jobTypes.delete('archive');
    else {
      service.scicat.faults.add({
        match: { method: 'PATCH', path: broken },
        effect: { type: 'status', status: 400, body: { message: 'no' } },
      });
    }
    const jobId = await service.accepted();
    await service.reaches(jobId, 'finishedWithWarnings');
    expect(mailedCodes(service)).toEqual(['finishedWithWarnings']);
  });

  it('cancelled by the scientist: no e-mail', async () => {
    const service = await start(await withMail());
    service.holdTasks();
    const jobId = await service.accepted();
    await service.call('DELETE', `/transfer/${jobId}`, { who: 'alice' });
    await service.reaches(jobId, 'cancelled');
    expect(mailedCodes(service)).toEqual([]);
  });

  it.each<[string, FaultEffect]>([
    ['the answer is lost', { type: 'lost-answer' }],
    ['a proxy in between answers 502', { type: 'late-error', status: 502 }],
  ])('SciCat stores every change, but %s: still one e-mail', async (_, effect) => {
    const service = await start(await withMail());
    service.scicat.faults.add({ match: { method: 'PATCH', path: '/jobs/' }, effect });
    const jobId = await service.accepted();
    await service.reaches(jobId, 'finishedSuccessful');
    // Had the end not been confirmed, it would be written again after a second.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(mailedCodes(service)).toEqual(['finishedSuccessful']);
  });

  it('SciCat’s mail server is down: the transfer ends all the same', async () => {
    const upstreams = await withMail();
    upstreams.scicat.machine.switches.mailServerDown = true;
    const service = await start(upstreams);
    await service.reaches(await service.accepted(), 'finishedSuccessful');
    expect(mailedCodes(service)).toEqual([]);
  });
});

describe('the setting scicat.statusCodes is changed while transfers are open', () => {
  it.each([
    ['numbers', 'words', ['002', '001'], 'finishedSuccessful', 2],
    ['words', 'numbers', ['inProgress', 'jobSubmitted'], '003', 0],
  ] as const)(
    'from %s to %s with a restart: they are taken up, and end once',
    async (before, after, [running, waiting], end, mails) => {
      const upstreams = await withMail();
      const first = await start(upstreams, `scicat: { statusCodes: ${before} }`);
      first.holdTasks();
      const one = await first.accepted();
      const two = await first.accepted({ scicatPid: first.addDataset('second') });
      await first.reaches(one, running);
      await first.reaches(two, waiting);
      await cleanUps.pop()?.();

      const second = await start(upstreams, `scicat: { statusCodes: ${after} }`);
      expect(await shown(second, one)).toMatchObject({ status: 'transferring' });
      expect(await shown(second, two)).toMatchObject({ status: 'waiting' });
      second.releaseTasks();
      await second.reaches(two, end);
      await second.reaches(one, end);
      expect(second.globus.machine.tasks()).toHaveLength(2);
      expect(mailedCodes(second)).toHaveLength(mails);
    },
  );
});
