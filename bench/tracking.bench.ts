import { setTimeout as delay } from 'node:timers/promises';
import type { BareClientControls } from './support/bare-client.process.js';
import { countByOperation, type LoggedCall } from './support/call-log.js';
import { startChild } from './support/child.js';
import { callsByLook } from './support/cycles.js';
import { compared, type Figure, figure } from './support/figures.js';
import { ACCOUNTS } from './support/names.js';
import { type BenchProxy, profiled, startProxy } from './support/proxy.js';
import { ProxyClient } from './support/proxy-client.js';
import { type Bench, type BenchRun, NO_LATENCY } from './support/run.js';
import {
  type JobTemplates,
  makeTemplates,
  type Open,
  seed,
  type SeededTransfer,
} from './support/seed.js';
import { percentile } from './support/statistics.js';
import {
  type BenchWorld,
  type Latency,
  setLatency,
  takeAllCalls,
  takeCalls,
} from './support/world.js';

/** Seconds between two looks at Globus. */
export const POLL_SECONDS = 2;
/** Where only counts matter. */
const SHORT_POLL_SECONDS = 1;
/** How many end at once. */
const ENDINGS = 100;
/** An end is to be shown a poll interval and this after it came about. */
const IN_TIME_MS = POLL_SECONDS * 1000 + 2000;
/** The Go version follows ten, however many there are. */
const GO_SIZE = '1000';
const BYTES_PER_MB = 1e6;
const BYTES_PER_KB = 1e3;
const SETTLED_WITHIN_MS = 90_000;

interface Size extends Open {
  readonly name: string;
}

const SIZES: readonly Size[] = [
  { name: '10', inFlight: 10, waiting: 0 },
  { name: '100', inFlight: 100, waiting: 0 },
  { name: '1000', inFlight: 1_000, waiting: 0 },
  { name: '10000', inFlight: 1_000, waiting: 9_000 },
];
const SHORT_SIZES: readonly string[] = ['10', '1000'];

/** What it costs to follow transfers, and how soon an end is seen. */
export const trackingBench: Bench = async (run) => {
  const latency = run.short ? NO_LATENCY : (run.latencies[0] ?? NO_LATENCY);
  run.progress('tracking: making the jobs to be copied');
  const templates = await makeTemplates(run.startWorld());
  const figures: Figure[] = [];
  if (!run.short) figures.push(await liveBytesOfNone(run));
  const emptyBytes = (figures[0]?.proxy.median ?? 0) * BYTES_PER_MB;
  for (const size of SIZES) {
    if (run.short && !SHORT_SIZES.includes(size.name)) continue;
    figures.push(...(await follow(run, latency, templates, size, emptyBytes)));
  }
  return run.short ? figures : [...figures, ...comparisons(figures, latency)];
};

async function liveBytesOfNone(run: BenchRun): Promise<Figure> {
  const proxy = await startProxy(run.startWorld(), { pollInterval: POLL_SECONDS });
  await delay(POLL_SECONDS * 1000);
  const bytes = await proxy.controls.liveBytes();
  await proxy.stop();
  return figure('tracking/0/live', 'no transfer open: memory in use', 'MB', NO_LATENCY, [
    bytes / BYTES_PER_MB,
  ]);
}

/** What a part of the measurements needs. */
interface Parts {
  readonly run: BenchRun;
  readonly world: BenchWorld;
  readonly proxy: BenchProxy;
  readonly latency: Latency;
  readonly size: Size;
  /** How many looks at Globus are watched, and how far they are apart. */
  readonly cycles: number;
  readonly pollMs: number;
}

async function follow(
  run: BenchRun,
  latency: Latency,
  templates: JobTemplates,
  size: Size,
  emptyBytes: number,
): Promise<readonly Figure[]> {
  run.progress(`tracking, ${size.name} open: starting`);
  const world = run.startWorld();
  const transfers = await seed(world, templates, size);
  const pollInterval = run.short ? SHORT_POLL_SECONDS : POLL_SECONDS;
  const proxy = await startProxy(world, { maxConcurrency: size.inFlight, pollInterval });
  await setLatency(world, latency);
  const parts: Parts = {
    run,
    world,
    proxy,
    latency,
    size,
    cycles: run.short ? 3 : 5,
    pollMs: pollInterval * 1000,
  };
  await untilNothingIsWritten(parts);
  const figures = [...(await idle(parts)), ...(run.short ? [] : await memory(parts, emptyBytes))];
  if (size.name === '10') {
    figures.push(...(await callsOfEndings(parts, transfers)));
  } else {
    figures.push(...(await progressing(parts)));
    if (!run.short) figures.push(...(await endings(parts, transfers)));
  }
  if (!run.short) {
    figures.push(
      figure(
        `tracking/${size.name}/peak`,
        `${words(size)}: peak memory of the process`,
        'MB',
        latency,
        [(await proxy.controls.memory()).peakResidentBytes / BYTES_PER_MB],
      ),
    );
  }
  await proxy.stop();
  return figures;
}

/** After a start everything that SciCat does not know yet is written; that is over then. */
async function untilNothingIsWritten({ world, size, pollMs }: Parts): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  let quietSince = performance.now();
  while (performance.now() - quietSince < 1.5 * pollMs) {
    await delay(100);
    if ((await takeCalls(world)).scicat.length > 0) quietSince = performance.now();
    if (performance.now() > deadline) {
      throw new Error(`With ${size.name} open transfers, jobs are written without end.`);
    }
  }
}

/** Nothing changes at Globus. */
async function idle(parts: Parts): Promise<readonly Figure[]> {
  const { run, world, latency, size, proxy } = parts;
  run.progress(`tracking, ${size.name} open: idle`);
  const { cpuMs, looks, writes } = await watch(parts);
  const id = `tracking/${size.name}/idle`;
  const what = `${words(size)}, none changes`;
  await profiled(run, proxy, `tracking-idle-${size.name}`, () => delay(3 * parts.pollMs));
  await takeCalls(world);
  return [
    figure(`${id}/globus`, `${what}: calls to Globus for one look`, 'calls', latency, looks),
    figure(
      `${id}/writes`,
      `${what}: writes to SciCat in ${parts.cycles} looks`,
      'writes',
      latency,
      [writes.length],
    ),
    figure(`${id}/cpu`, `${what}: processor time for one look`, 'ms', latency, cpuMs),
  ];
}

/** All transfers get on, between any two looks. */
async function progressing(parts: Parts): Promise<readonly Figure[]> {
  const { run, world, latency, size } = parts;
  run.progress(`tracking, ${size.name} open: all progressing`);
  await world.globus.setRunningAtATime(size.inFlight);
  await untilWritesAreSteady(parts);
  const { cpuMs, looks, writes } = await watch(parts);
  const id = `tracking/${size.name}/progressing`;
  const what = `${words(size)}, all get on`;
  return [
    figure(`${id}/globus`, `${what}: calls to Globus for one look`, 'calls', latency, looks),
    figure(`${id}/writes`, `${what}: writes to SciCat in a second`, 'writes', latency, [
      perSecond(writes),
    ]),
    figure(`${id}/cpu`, `${what}: processor time for one look`, 'ms', latency, cpuMs),
  ];
}

/** That all have begun is written at once; only then is it the progress that is measured. */
async function untilWritesAreSteady({ world, pollMs }: Parts): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  await delay(1.5 * pollMs);
  await takeCalls(world);
  let before = Infinity;
  for (;;) {
    await delay(pollMs);
    const writes = (await takeCalls(world)).scicat.length;
    if (writes >= before * 0.8 || performance.now() > deadline) return;
    before = writes;
  }
}

/** What happens in some looks at Globus, cycle by cycle. */
async function watch({ world, proxy, cycles, pollMs }: Parts): Promise<{
  readonly cpuMs: readonly number[];
  readonly looks: readonly number[];
  readonly writes: readonly LoggedCall[];
}> {
  await takeCalls(world);
  const cpuMs: number[] = [];
  const started = performance.now();
  let before = await proxy.controls.cpuMs();
  // One more look at each end, which may be cut.
  for (let cycle = 0; cycle < cycles + 2; cycle += 1) {
    await delay(started + (cycle + 1) * pollMs - performance.now());
    const now = await proxy.controls.cpuMs();
    cpuMs.push(now - before);
    before = now;
  }
  const calls = await takeCalls(world);
  return {
    cpuMs,
    looks: callsByLook(calls.globus, pollMs),
    writes: calls.scicat.filter(({ operation }) => operation === 'write job'),
  };
}

function perSecond(calls: readonly LoggedCall[]): number {
  const elapsedMs = (calls.at(-1)?.at ?? 0) - (calls[0]?.at ?? 0);
  return elapsedMs === 0 ? 0 : ((calls.length - 1) / elapsedMs) * 1000;
}

async function memory(
  { proxy, size, latency }: Parts,
  emptyBytes: number,
): Promise<readonly Figure[]> {
  const { residentBytes } = await proxy.controls.memory();
  const growth = (await proxy.controls.liveBytes()) - emptyBytes;
  const id = `tracking/${size.name}`;
  return [
    figure(`${id}/resident`, `${words(size)}: resident memory`, 'MB', latency, [
      residentBytes / BYTES_PER_MB,
    ]),
    figure(`${id}/growth`, `${words(size)}: memory in use for each`, 'kB', latency, [
      growth / (size.inFlight + size.waiting) / BYTES_PER_KB,
    ]),
  ];
}

/** Some of the transfers end well at the same moment, again and again. */
async function endings(
  parts: Parts,
  transfers: readonly SeededTransfer[],
): Promise<readonly Figure[]> {
  const { run, world, latency, size, proxy } = parts;
  const rounds = Math.min(run.repetitions, Math.max(1, Math.floor(size.inFlight / ENDINGS / 2)));
  const delays: (readonly number[])[] = [];
  for (let round = 0; round < rounds; round += 1) {
    run.progress(`tracking, ${size.name} open: ${ENDINGS} end, ${round + 1}/${rounds}`);
    // Spread over all of them, whatever order they are followed in.
    const ending = transfers.filter((_, index) => index % rounds === round).slice(0, ENDINGS);
    delays.push(await finish(world, ending));
  }
  const id = `tracking/${size.name}/endings`;
  const what = `${words(size)}, ${ENDINGS} end at once`;
  const of = (share: number): readonly number[] => delays.map((ms) => percentile(ms, share));
  const until = 'until they are finished in SciCat';
  const figures = [
    figure(`${id}/p50`, `${what}: ${until}, p50`, 'ms', latency, of(0.5)),
    figure(`${id}/p99`, `${what}: ${until}, p99`, 'ms', latency, of(0.99)),
  ];
  if (size.name !== GO_SIZE) return figures;
  await proxy.stop();
  run.progress('tracking, as the Go version does it');
  const left = transfers.filter((_, index) => index % rounds !== 0).slice(-5 * ENDINGS);
  const go = await goVersion(parts, left);
  const inTime = delays.map((ms) => (100 * ms.filter((one) => one <= IN_TIME_MS).length) / ENDINGS);
  return [
    ...figures,
    compared(
      figure(
        `${id}/in-time`,
        `${what}: finished within ${IN_TIME_MS / 1000} s`,
        '%',
        latency,
        inTime,
      ),
      inTime,
      'Go version',
      inTime.map(() => go.inTimePercent),
    ),
    figure(
      'tracking/go/calls',
      'Go version: calls for each transfer and interval',
      'calls',
      latency,
      [go.callsForOne],
    ),
  ];
}

/** Ten workers, each with one transfer until its end; a read and a write for each in each interval. */
async function goVersion(
  { world, pollMs }: Parts,
  transfers: readonly SeededTransfer[],
): Promise<{ readonly inTimePercent: number; readonly callsForOne: number }> {
  const WORKERS = 10;
  const INTERVALS = 4;
  const bare = startChild<BareClientControls>(
    world.cleanUp,
    new URL('./support/bare-client.process.js', import.meta.url),
    'the Go version',
  );
  await bare.access({
    scicatUrl: await world.scicat.url(),
    globusUrl: await world.globus.url(),
    userToken: '',
    serviceToken: await world.scicat.mintToken(ACCOUNTS.baseline.username),
    // Only the client that submitted a task is shown it.
    globusToken: await world.globus.token('proxy'),
  });
  const following = bare.follow({
    transfers,
    workers: WORKERS,
    intervalMs: pollMs,
    forMs: INTERVALS * pollMs,
  });
  await delay(pollMs / 2);
  const every = transfers.length / ENDINGS;
  const ending = transfers.filter((_, index) => index % every === 0);
  const endedAt = await world.globus.succeed(ending.map(({ taskId }) => taskId));
  const { calls } = await following;
  const finishedAt = await world.scicat.finishedAt(ending.map(({ jobId }) => jobId));
  const inTime = finishedAt.filter((at) => at !== undefined && at - endedAt <= IN_TIME_MS);
  return {
    inTimePercent: (100 * inTime.length) / ending.length,
    callsForOne: calls / WORKERS / INTERVALS,
  };
}

/** @returns for each transfer, milliseconds from its end at Globus to its end in SciCat */
async function finish(
  world: BenchWorld,
  ending: readonly SeededTransfer[],
): Promise<readonly number[]> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  const endedAt = await world.globus.succeed(ending.map(({ taskId }) => taskId));
  const jobIds = ending.map(({ jobId }) => jobId);
  for (;;) {
    const finishedAt = await world.scicat.finishedAt(jobIds);
    if (finishedAt.every((at) => at !== undefined)) return finishedAt.map((at) => at - endedAt);
    if (performance.now() > deadline) {
      const late = finishedAt.filter((at) => at === undefined).length;
      throw new Error(`${late} of ${ending.length} transfers were not finished in SciCat.`);
    }
    await delay(50);
  }
}

/** What one end costs, and a look at it. */
async function callsOfEndings(
  { world, latency, proxy, size }: Parts,
  transfers: readonly SeededTransfer[],
): Promise<readonly Figure[]> {
  await takeCalls(world);
  await finish(world, transfers);
  const { scicat } = await takeAllCalls(world, latency);
  const id = `tracking/${size.name}/finished`;
  const figures = [
    figure(`${id}/scicat`, 'one transfer that ends well: calls to SciCat', 'calls', latency, [
      scicat.length / transfers.length,
    ]),
  ];
  for (const [operation, count] of Object.entries(countByOperation(scicat))) {
    figures.push(
      figure(`${id}/scicat/${operation}`, `  of them: ${operation}`, 'calls', latency, [
        count / transfers.length,
      ]),
    );
  }
  const token = await world.scicat.mintToken(ACCOUNTS.scientist.username);
  const client = new ProxyClient(proxy.url, token);
  for (const { jobId } of transfers) await client.get(jobId);
  client.close();
  const asked = await takeAllCalls(world, latency);
  figures.push(
    figure('tracking/get/calls', 'GET of a finished transfer: calls', 'calls', latency, [
      (asked.scicat.length + looksLeftOut(asked.globus)) / transfers.length,
    ]),
  );
  return figures;
}

function looksLeftOut(calls: readonly { readonly operation: string }[]): number {
  return calls.filter(({ operation }) => operation !== 'list tasks').length;
}

function words({ inFlight, waiting }: Size): string {
  return waiting === 0 ? `${inFlight} in flight` : `${inFlight} in flight, ${waiting} waiting`;
}

/** What follows from the sizes beside each other. */
function comparisons(figures: readonly Figure[], latency: Latency): readonly Figure[] {
  const cpu = (size: string): number =>
    figures.find(({ id }) => id === `tracking/${size}/idle/cpu`)?.proxy.median ?? NaN;
  const beside = (id: string, what: string, own: number, name: string, baseline: number): Figure =>
    compared(figure(id, what, 'ms', latency, [own]), [own], name, [baseline]);
  return [
    beside(
      'tracking/waiting/cpu',
      'processor time for one look with 9000 waiting',
      cpu('10000'),
      'with none waiting',
      cpu('1000'),
    ),
    beside(
      'tracking/each/cpu',
      'processor time for one look and transfer, 1000 in flight',
      cpu('1000') / 1000,
      '100 in flight',
      cpu('100') / 100,
    ),
  ];
}
