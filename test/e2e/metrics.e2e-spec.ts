import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { parse } from 'yaml';
import { REFUSALS } from '../../src/hardening/refusals.js';
import { END_OUTCOMES } from '../../src/metrics/labels.js';
import { ALARM_KINDS } from '../../src/tracking/core/alarms.js';
import { samplesOf, sumOf } from '../support/samples.js';
import { eventually, TestService } from '../support/service.js';

/** Operations of the REST interface, by their names in the OpenAPI document; the rest in groups. */
const REQUEST_OPERATIONS = [
  'PostTransferTask',
  'DeleteTransferTask',
  'GetTransferTask',
  'ListTransferTasks',
  'PreviewTransferTask',
  'ListFacilities',
  'version',
  'health',
  'docs',
  'metrics',
  'other',
];
const SIDES = { source: 'SOURCE', destination: 'ARCHIVE' };
const OUTCOMES = [
  '2xx',
  '3xx',
  '4xx',
  '5xx',
  '429',
  'timeout',
  'not-sent',
  'lost',
  'too-large',
  'aborted',
];

let service: TestService;
beforeAll(async () => {
  service = await TestService.start({ pollSeconds: 0.1, yaml: 'task: { maxConcurrency: 2 }' });
  await service.ready();
});
afterAll(() => service.stop());

async function scrape(): Promise<string> {
  const answer = await service.call('GET', '/metrics');
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  return answer.text;
}
async function value(name: string, labels: Readonly<Record<string, string>> = {}) {
  return sumOf(samplesOf(await scrape()), `globus_proxy_${name}`, labels);
}
const done = async (jobId: string): Promise<void> => {
  await service.reaches(jobId, '003');
  await eventually(() => service.tracker.find(jobId) === undefined, 'the end is confirmed');
};

/** What users may send that must not become series. */
async function sendHostileThings(mark: string): Promise<void> {
  const odd = `${mark}"}\n{evil="1"} 1\n`;
  for (let number = 0; number < 8; number += 1) {
    const text = `${odd}${number}`;
    const encoded = encodeURIComponent(text);
    await service.post({ sourceFacility: text });
    await service.post({ destFacility: text });
    await service.post({ scicatPid: text });
    await service.post({ collectionRootPath: `/${text}` });
    await service.post({}, { who: `${mark}${number}` });
    await service.post({}, { body: { fileList: [{ path: `../${text}`, isSymlink: false }] } });
    await service.call('GET', `/transfer/${encoded}`, { who: 'alice' });
    await service.call('DELETE', `/transfer/${encoded}?${encoded}=1`, { who: 'alice' });
    await service.call('GET', `/transfer?page=${encoded}`, { who: 'alice' });
    await service.call('GET', `/${encoded}/${encoded}`);
    await service.call('GET', `/docs/${encoded}`);
    await service.call('GET', '/version', { headers: { 'X-Request-Id': `${mark}-${number}` } });
    for (const method of ['PUT', 'PATCH', 'OPTIONS', 'PROPFIND', 'MKCOL', 'M-SEARCH']) {
      await sendMethod(method, `/transfer/${encoded}`);
    }
  }
}

/** `fetch` does not send every method. */
function sendMethod(method: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    request(`${service.url}${path}`, { method }, (response) => {
      response.resume().on('end', resolve);
    })
      .on('error', reject)
      .end();
  });
}

/** Those of ours; what the runtime has at the moment is its own business. */
const seriesOf = (text: string): readonly string[] =>
  samplesOf(text)
    .filter(({ name }) => name.startsWith('globus_proxy_'))
    .map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);

describe('GET /metrics', () => {
  it('counts a transfer through its life, with the facilities and the times', async () => {
    service.holdTasks();
    const first = await service.accepted({ scicatPid: service.addDataset('m1') });
    await service.accepted({ scicatPid: service.addDataset('m2') });
    await service.accepted({ scicatPid: service.addDataset('m3') });
    expect(await value('transfers', { ...SIDES, state: 'waiting' })).toBe(1);
    expect(await value('queue_length')).toBe(1);
    expect(await value('transfers', { ...SIDES, state: 'transferring' })).toBe(2);
    expect(await value('transfers_ended_total', { ...SIDES, outcome: 'finished' })).toBe(0);
    service.releaseTasks();
    await done(first);
    await eventually(
      async () => (await value('transfers_ended_total', { outcome: 'finished' })) === 3,
      'all have ended',
    );
    expect(await value('transfers')).toBeUndefined();
    expect(await value('queue_length')).toBe(0);
    expect(await value('transfers_accepted_total', SIDES)).toBe(3);
    expect([
      await value('moved_bytes_total', SIDES),
      await value('moved_files_total', SIDES),
    ]).toEqual([9000, 9]);
    for (const time of ['wait', 'copy', 'closing']) {
      expect([time, await value(`transfer_${time}_seconds_count`)]).toEqual([time, 3]);
    }
  });

  it('counts requests by operation and status, also those that were refused', async () => {
    const before = async (operation: string, status: string) =>
      (await value('requests_total', { operation, status })) ?? 0;
    const refused = await before('PostTransferTask', '403');
    const unknown = await before('ListTransferTasks', '401');
    await service.post({ destFacility: 'PRIVATE' });
    await service.call('GET', '/transfer', { who: 'nobody' });
    expect(await before('PostTransferTask', '403')).toBe(refused + 1);
    expect(await before('ListTransferTasks', '401')).toBe(unknown + 1);
    expect(
      await value('request_duration_seconds_count', {
        operation: 'PostTransferTask',
        outcome: '4xx',
      }),
    ).toBe(refused + 1);
    const scrapes = await before('metrics', '200');
    expect(await before('metrics', '200')).toBe(scrapes + 1);
  });

  it('shows an outage: failed calls, retries, and the age of the last poll of Globus', async () => {
    service.holdTasks();
    const jobId = await service.accepted({ scicatPid: service.addDataset('outage') });
    service.globus.faults.outage(true, { type: 'status', status: 502 });
    await eventually(
      async () =>
        ((await value('upstream_calls_total', { service: 'Globus', outcome: '5xx' })) ?? 0) > 0,
      'a call to Globus has failed',
    );
    expect(await value('last_good_poll_age_seconds')).toBeGreaterThan(0.2);
    expect(await value('upstream_retries_total', { service: 'Globus' })).toBeGreaterThan(0);
    service.scicat.faults.outage(true, { type: 'reset' });
    expect((await service.call('GET', '/transfer', { who: 'alice' })).status).toBe(503);
    expect(
      await value('upstream_calls_total', {
        service: 'SciCat',
        operation: 'identify user',
        outcome: 'lost',
      }),
    ).toBe(1);
    service.scicat.faults.clear();
    service.globus.faults.clear();
    service.releaseTasks();
    await done(jobId);
  });

  it('shows a refused secret as an alarm of its kind', async () => {
    expect(await value('alarms', { kind: 'globus-account' })).toBe(0);
    const { globusClientId } = service.config.secrets;
    service.globus.machine.setSecret(globusClientId, 'rotated');
    service.globus.machine.revokeTokens(globusClientId);
    const jobId = await service.accepted({ scicatPid: service.addDataset('secret') });
    await eventually(
      async () => (await value('alarms', { kind: 'globus-account' })) === 1,
      'the alarm is active',
    );
    service.globus.machine.setSecret(
      globusClientId,
      service.config.secrets.globusClientSecret.reveal(),
    );
    await done(jobId);
    expect(await value('alarms')).toBe(0);
  });

  it('has the same series after whatever users send, and no value of theirs', async () => {
    // Everything that the first round created stays.
    await sendHostileThings('zebra');
    const before = seriesOf(await scrape());
    await sendHostileThings('okapi');
    const text = await scrape();
    expect(seriesOf(text)).toEqual(before);
    expect(text).not.toMatch(/evil|zebra|okapi|20\.500/);
    const facilities = ['SOURCE', 'ARCHIVE', 'PRIVATE', 'other'];
    const closed: Readonly<Record<string, readonly string[]>> = {
      operation: REQUEST_OPERATIONS,
      outcome: [...OUTCOMES, ...END_OUTCOMES, 'other'],
      source: facilities,
      destination: facilities,
      service: ['SciCat', 'Globus'],
      kind: ALARM_KINDS,
      what: REFUSALS,
      state: ['waiting', 'transferring', 'finalizing', 'finished', 'failed', 'cancelled'],
      status: [
        '200',
        '302',
        '304',
        '400',
        '401',
        '403',
        '404',
        '405',
        '429',
        '500',
        '503',
        'other',
      ],
    };
    const outside = samplesOf(text)
      .filter(({ name }) => name.startsWith('globus_proxy_') && !name.includes('upstream'))
      .flatMap(({ labels }) => Object.entries(labels))
      .filter(([label, its]) => closed[label]?.includes(its) === false);
    expect(outside).toEqual([]);
  });

  it.each([
    ['POST', '/transfer?scicatPid=20.500%2F1', 'PostTransferTask'],
    ['POST', '/transfer/', 'PostTransferTask'],
    ['POST', '/Transfer', 'PostTransferTask'],
    ['GET', '/transfer?page=2', 'ListTransferTasks'],
    ['GET', '/transfer/2d5528e1-0f3e-4f0a-8c58-0a1b2c3d4e5f', 'GetTransferTask'],
    ['DELETE', '/transfer/2d5528e1?delete=true', 'DeleteTransferTask'],
    ['POST', '/transfer/preview', 'PreviewTransferTask'],
    ['GET', '/facilities', 'ListFacilities'],
    ['GET', '/version', 'version'],
    ['GET', '/health/live', 'health'],
    ['GET', '/health/ready', 'health'],
    ['GET', '/docs/index.html', 'docs'],
    ['GET', '/docs', 'docs'],
    ['GET', '/docs/nothing', 'docs'],
    ['GET', '/openapi.json', 'docs'],
    ['GET', '/openapi.yaml', 'docs'],
    ['GET', '/metrics', 'metrics'],
    ['PUT', '/transfer', 'other'],
    ['HEAD', '/transfer', 'other'],
    ['PATCH', '/transfer/2d5528e1', 'other'],
    ['GET', '/transfer/2d5528e1/more', 'other'],
    ['GET', '/docsofothers', 'other'],
    ['GET', '/', 'other'],
  ])('counts %s %s as %s', async (method, path, operation) => {
    const counted = () => value('requests_total', { operation });
    const before = (await counted()) ?? 0;
    await sendMethod(method, path);
    await eventually(async () => ((await counted()) ?? 0) > before, 'it is counted');
  });

  it('names calls to SciCat and Globus by their constant names only', async () => {
    const operations = new Set(
      samplesOf(await scrape())
        .filter(({ name }) => name === 'globus_proxy_upstream_calls_total')
        .map(({ labels }) => labels['operation'] ?? ''),
    );
    expect(operations.size).toBeGreaterThan(10);
    for (const operation of operations) expect(operation).toMatch(/^[a-z]+(?: [a-z]+)*$/);
  });

  it('tells of the process and of what runs', async () => {
    const samples = samplesOf(await scrape());
    expect(sumOf(samples, 'nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
    expect(sumOf(samples, 'process_resident_memory_bytes')).toBeGreaterThan(0);
    expect(sumOf(samples, 'globus_proxy_build_info', { node_version: process.version })).toBe(1);
    expect(sumOf(samples, 'globus_proxy_ready')).toBe(1);
  });
});

const file = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Kind and labels of each metric, by name, as a scrape has them. */
function metricsOf(text: string): ReadonlyMap<string, { kind: string; labels: Set<string> }> {
  const metrics = new Map<string, { kind: string; labels: Set<string> }>();
  for (const [, name = '', kind = ''] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm)) {
    metrics.set(name, { kind, labels: new Set() });
  }
  for (const { name, labels } of samplesOf(text)) {
    const metric = metrics.get(name) ?? metrics.get(name.replace(/_(?:bucket|sum|count)$/, ''));
    for (const label of Object.keys(labels)) if (label !== 'le') metric?.labels.add(label);
  }
  return metrics;
}

/** Metric names and label names in a PromQL expression; throws for what is none of its words. */
function readsOf(expression: string): readonly { name: string; labels: readonly string[] }[] {
  const WORDS =
    /^(?:sum|increase|rate|histogram_quantile|clamp_min|absent|by|without|unless|and|or)$/;
  const bare = expression.replace(/\b(?:by|without) \([^)]*\)/g, '').replace(/\[\w+\]/g, '');
  const reads: { name: string; labels: readonly string[] }[] = [];
  for (const [, name = '', matchers = ''] of bare.matchAll(/([a-zA-Z_]\w*)(?:\{([^}]*)\})?/g)) {
    if (WORDS.test(name)) continue;
    const labels = [...matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label = '']) => label);
    reads.push({ name, labels });
  }
  return reads;
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook', string>>;
}
interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly query: unknown }[] };
}
const rules = (): readonly Rule[] =>
  (
    parse(file('config/monitoring/alerts.yaml')) as {
      readonly groups: readonly { readonly rules: readonly Rule[] }[];
    }
  ).groups.flatMap((group) => group.rules);

describe('what is built on the metrics', () => {
  let metrics: ReadonlyMap<string, { kind: string; labels: ReadonlySet<string> }>;
  beforeAll(async () => {
    service.holdTasks();
    await service.accepted({ scicatPid: service.addDataset('seen-by-the-scrape') });
    metrics = metricsOf(await scrape());
    service.releaseTasks();
  });

  const unknownIn = (expression: string): readonly string[] =>
    readsOf(expression).flatMap(({ name, labels }) => {
      // Made by Prometheus itself, as are these two labels of everything.
      if (name === 'up') return [];
      const histogram = name.replace(/_(?:bucket|sum|count)$/, '');
      const metric =
        metrics.get(histogram)?.kind === 'histogram' ? metrics.get(histogram) : metrics.get(name);
      if (metric === undefined) return [name];
      return labels
        .filter((label) => !['job', 'instance'].includes(label) && !metric.labels.has(label))
        .map((label) => `${name}{${label}}`);
    });

  it('alerts read only what there is', () => {
    expect(rules().length).toBeGreaterThan(7);
    for (const { alert, expr } of rules()) expect([alert, unknownIn(expr)]).toEqual([alert, []]);
  });

  it('alerts say what is wrong and where to read on, at a place that is there', () => {
    const operations = new URL('../../docs/operations.md', import.meta.url);
    const anchors = existsSync(operations)
      ? [...readFileSync(operations, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
          heading
            .toLowerCase()
            .replace(/[^\w\- ]/g, '')
            .replaceAll(' ', '-'),
        )
      : undefined;
    for (const { alert, annotations } of rules()) {
      const name = alert.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
      expect(annotations).toEqual({
        summary: expect.any(String),
        description: expect.any(String),
        runbook: `docs/operations.md#alert-${name}`,
      });
      if (anchors !== undefined) expect(anchors).toContain(`alert-${name}`);
    }
  });

  it('alerts ask for values of labels that there are', () => {
    const asked = rules().flatMap(({ expr }) =>
      [...expr.matchAll(/(outcome|kind|service)(?:=~|!~|=)"([^"]*)"/g)].flatMap(
        ([, label = '', values = '']) => values.split('|').map((one) => `${label}=${one}`),
      ),
    );
    const known = [
      ...[...OUTCOMES, ...END_OUTCOMES].map((one) => `outcome=${one}`),
      ...ALARM_KINDS.map((one) => `kind=${one}`),
      'service=SciCat',
      'service=Globus',
    ];
    expect(asked.filter((one) => !known.includes(one))).toEqual([]);
  });

  it('the dashboard reads only what there is', () => {
    const { panels, templating } = JSON.parse(
      file('config/monitoring/grafana-dashboard.json'),
    ) as Dashboard;
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(15);
    for (const expr of expressions) expect([expr, unknownIn(expr)]).toEqual([expr, []]);
    expect(JSON.stringify(templating)).toContain('label_values(globus_proxy_build_info, job)');
  });

  it('the documentation lists every metric of ours, with its kind and labels, and no other', () => {
    const listed = [
      ...file('docs/monitoring.md').matchAll(/^\| `(globus_proxy_\w+)` +\| (\w+) +\| (.*?) *\|/gm),
    ].map(([, name, kind, labels = '']) => [
      name,
      kind,
      [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).sort(),
    ]);
    const there = [...metrics]
      .filter(([name]) => name.startsWith('globus_proxy_'))
      .map(([name, { kind, labels }]) => [name, kind, [...labels].sort()]);
    expect(listed.sort()).toEqual(there.sort());
  });
});
