import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ALICES_DATASET, eventually, TestService } from '../support/service.js';

type Line = Readonly<Record<string, unknown>>;

let service: TestService;
const lines: Line[] = [];
beforeAll(async () => {
  service = await TestService.start({
    pollSeconds: 0.1,
    // The ids of the requests are those of a reverse proxy.
    yaml: 'server: { trustProxy: loopback }',
    log: { write: (line) => lines.push(JSON.parse(line) as Line) },
  });
  await service.ready();
});
afterAll(() => service.stop());

const of = (requestId: string): readonly Line[] =>
  lines.filter((line) => line['requestId'] === requestId);
const headers = (requestId: string) => ({ headers: { 'X-Request-Id': requestId } });

describe('the log', () => {
  it('tells the whole story of a transfer under the id of its request', async () => {
    const jobId = await service.accepted({}, headers('my-transfer'));
    await eventually(
      () => of('my-transfer').some(({ msg }) => msg === 'final status written to SciCat'),
      'the end is in the log',
    );
    const { globusTaskId } = service.job(jobId).jobResultObject ?? {};
    const told = of('my-transfer').map(({ msg, state, audit }) => [msg, state ?? audit]);
    // The answer and the first poll of Globus may come in either order.
    expect(told.sort()).toEqual(
      [
        ['decision', true],
        ['transfer submitted to Globus', true],
        ['dataset marked as archivable', true],
        ['archive job created', true],
        ['transfer accepted', 'waiting'],
        ['transfer changed', 'transferring'],
        ['request', undefined],
        ['transfer changed', 'finalizing'],
        ['transfer changed', 'finished'],
        ['final status written to SciCat', 'finished'],
      ].sort(),
    );
    for (const line of of('my-transfer')) expect(line['datasetPid']).toBe(ALICES_DATASET);
    for (const line of of('my-transfer').filter(({ audit }) => audit !== true)) {
      expect(line['jobId']).toBe(jobId);
      if (line['state'] === 'finished') expect(line['globusTaskId']).toBe(globusTaskId);
    }
  });

  it('has an audit line for every decision, with who, what, rule and why', async () => {
    service.holdTasks();
    const jobId = await service.accepted({ scicatPid: service.addDataset('audited') });
    const path = `/transfer/${jobId}`;
    await service.post({ destFacility: 'PRIVATE' }, headers('a-request'));
    await service.call('GET', '/transfer', { who: 'alice', ...headers('a-list') });
    await service.call('GET', path, { who: 'carol', ...headers('a-look-up') });
    await service.call('DELETE', path, { who: 'alice', ...headers('a-cancel') });
    await service.call('GET', path, { who: 'nobody', ...headers('an-authentication') });
    await service.call('GET', path, headers('without-token'));
    service.releaseTasks();
    const decisions = lines
      .filter(
        ({ audit, requestId, operation }) =>
          audit === true && operation !== undefined && /^(?:an?|without)-/.test(String(requestId)),
      )
      .map(({ requestId, operation, username, address, allowed, rule, jobId: about, reason }) => {
        expect(reason).toMatch(/ \w+ /);
        return [requestId, operation, username ?? address, allowed, rule, about];
      });
    expect(decisions).toEqual([
      ['a-request', 'request', 'alice', false, 'access:PRIVATE', undefined],
      ['a-list', 'list', 'alice', true, 'job-owner', undefined],
      ['a-look-up', 'look-up', 'carol', false, 'job-owner', jobId],
      ['a-cancel', 'cancel', 'alice', true, 'job-owner', jobId],
      ['an-authentication', 'authenticate', '127.0.0.1', false, 'scicat-token', undefined],
      ['without-token', 'authenticate', '127.0.0.1', false, 'scicat-token', undefined],
    ]);
  });

  it('has one line for each request, and none above info for what users do wrong', async () => {
    const from = lines.length;
    await service.post({ scicatPid: 'no-such-dataset' }, headers('one'));
    await service.call('GET', '/nowhere', headers('two'));
    await service.post({}, { body: '{', ...headers('three') });
    const since = lines.slice(from).filter(({ req }) => req !== undefined);
    expect(since.map(({ requestId, level, res }) => [requestId, level, res])).toEqual([
      ['one', 'info', { status: 400 }],
      ['two', 'info', { status: 404 }],
      ['three', 'info', { status: 400 }],
    ]);
    const loud = lines.slice(from).filter(({ level }) => level !== 'info' && level !== 'debug');
    expect(loud.filter(({ requestId }) => requestId !== undefined)).toEqual([]);
  });
});
