import { setTimeout as delay } from 'node:timers/promises';
import type { BareClientControls } from './support/bare-client.process.js';
import { countByOperation } from './support/call-log.js';
import { startChild } from './support/child.js';
import { callsByPoll } from './support/cycles.js';
import { compared, type Figure, figure } from './support/figures.js';
import { ACCOUNTS } from './support/names.js';
import { type BenchProxy, profiled, startProxy } from './support/proxy.js';
import { ProxyClient } from './support/proxy-client.js';
import { type Bench, type BenchRun, NO_LATENCY, POLL_SECONDS } from './support/run.js';
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
  endWorld,
  type Latency,
  setLatency,
  takeAllCalls,
  takeCalls,
} from './support/world.js';

/** Where only counts matter. */
const SHORT_POLL_SECONDS = 1;
/** So many that what each takes of memory can be told from what the process takes. */
const MANY = 1_000;
/** How many end at once. */
const ENDINGS = 100;
/** How often, so that enough are left that do not end. */
const ENDING_ROUNDS = 3;
/** `task.progressWritesPerSecond`, as it is by default. */
const WRITES_PER_SECOND = 20;
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
  if (run.short) return counts(run, latency, templates);
  const figures: Figure[] = [];
  figures.push(await liveBytesOfNone(run));
  const emptyBytes = (figures[0]?.proxy.median ?? 0) * BYTES_PER_MB;
  for (const size of SIZES) {
    figures.push(...(await follow(run, latency, templates, size, emptyBytes)));
  }
  return [...figures, ...comparisons(figures, latency)];
};

/** Counts bear it that the sizes are measured at the same time. */
async function counts(
  run: BenchRun,
  latency: Latency,
  templates: JobTemplates,
): Promise<readonly Figure[]> {
  const sizes = SIZES.filter(({ name }) => SHORT_SIZES.includes(name));
  const each = sizes.map((size) => follow(run, latency, templates, size, 0));
  return (await Promise.all(each)).flat();
}

async function liveBytesOfNone(run: BenchRun): Promise<Figure> {
  const world = run.startWorld();
  const proxy = await startProxy(world, { pollInterval: POLL_SECONDS });
  await delay(POLL_SECONDS * 1000);
  const bytes = await proxy.controls.liveBytes();
  await endWorld(world);
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
  /** How many polls of Globus are measured, and their interval. */
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
    cycles: run.short ? 3 : 7,
    pollMs: pollInterval * 1000,
  };
  await untilNothingIsWritten(parts);
  const figures = [...(await idle(parts)), ...(run.short ? [] : await memory(parts, emptyBytes))];
  if (size.name === '10') {
    figures.push(...(await callsOfEndings(parts, transfers)));
  } else {
    figures.push(...(await progressing(parts)));
  }
  if (run.short) {
    await endWorld(world);
    return figures;
  }
  const delays = size.name === '10' ? [] : await endings(parts, transfers);
  if (delays.length > 0) figures.push(...endingFigures(parts, delays));
  figures.push(await peak(parts));
  await proxy.stop();
  if (size.name === GO_SIZE) figures.push(...(await besideGo(parts, transfers, delays)));
  await endWorld(world);
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
  const what = `${words(size)}, nothing changes`;
  await profiled(run, proxy, `tracking-idle-${size.name}`, () => delay(3 * parts.pollMs));
  await takeCalls(world);
  return [
    figure(`${id}/globus`, `${what}: calls to Globus per poll`, 'calls', latency, looks),
    figure(
      `${id}/writes`,
      `${what}: writes to SciCat in ${parts.cycles} polls`,
      'writes',
      latency,
      [writes],
    ),
    figure(`${id}/cpu`, `${what}: CPU time per poll`, 'ms', latency, cpuMs),
  ];
}

/** All transfers get on, between any two looks. */
async function progressing(parts: Parts): Promise<readonly Figure[]> {
  const { run, world, latency, size } = parts;
  run.progress(`tracking, ${size.name} open: all progressing`);
  await world.globus.setRunningAtATime(size.inFlight);
  await untilWritesAreSteady(parts);
  const { cpuMs, looks, writes, elapsedMs } = await watch(parts);
  const id = `tracking/${size.name}/progressing`;
  const what = `${words(size)}, all progressing`;
  return [
    figure(`${id}/globus`, `${what}: calls to Globus per poll`, 'calls', latency, looks),
    figure(
      `${id}/budget`,
      `${what}: share of the budget of ${WRITES_PER_SECOND} writes per second`,
      '%',
      latency,
      [shareOfBudget(writes, elapsedMs)],
    ),
    figure(`${id}/cpu`, `${what}: CPU time per poll`, 'ms', latency, cpuMs),
  ];
}

/**
 * That all have begun is news, and written at once; only then is it the progress that is measured.
 * A proxy that keeps writing more than its budget is measured nonetheless.
 */
async function untilWritesAreSteady({ world, pollMs }: Parts): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS / 2;
  const few = 1.5 * WRITES_PER_SECOND * (pollMs / 1000);
  await delay(1.5 * pollMs);
  let writes = Infinity;
  while (writes > few && performance.now() < deadline) {
    await takeCalls(world);
    await delay(pollMs);
    writes = (await takeCalls(world)).scicat.length;
  }
}

/** Measures some polls of Globus, cycle by cycle. */
async function watch({ world, proxy, cycles, pollMs }: Parts): Promise<{
  readonly cpuMs: readonly number[];
  readonly looks: readonly number[];
  readonly writes: number;
  readonly elapsedMs: number;
}> {
  await takeCalls(world);
  const cpuMs: number[] = [];
  const started = performance.now();
  let before = await proxy.controls.cpuMs();
  // One more poll at each end, which may be incomplete.
  for (let cycle = 0; cycle < cycles + 2; cycle += 1) {
    await delay(started + (cycle + 1) * pollMs - performance.now());
    const now = await proxy.controls.cpuMs();
    cpuMs.push(now - before);
    before = now;
  }
  const elapsedMs = performance.now() - started;
  const calls = await takeCalls(world);
  return {
    cpuMs,
    looks: callsByPoll(calls.globus, pollMs),
    writes: calls.scicat.filter(({ operation }) => operation === 'write job').length,
    elapsedMs,
  };
}

/** In percent. What was not used of one second's budget may be used in the next. */
function shareOfBudget(writes: number, elapsedMs: number): number {
  return (100 * writes) / (WRITES_PER_SECOND * (elapsedMs / 1000 + 1));
}

async function memory(
  { proxy, size, latency }: Parts,
  emptyBytes: number,
): Promise<readonly Figure[]> {
  const { residentBytes } = await proxy.controls.memory();
  const liveBytes = await proxy.controls.liveBytes();
  const open = size.inFlight + size.waiting;
  const id = `tracking/${size.name}`;
  const resident = figure(`${id}/resident`, `${words(size)}: resident memory`, 'MB', latency, [
    residentBytes / BYTES_PER_MB,
  ]);
  // With few of them it is all that the process has needed for itself since its start.
  if (open < MANY) return [resident];
  return [
    resident,
    figure(`${id}/growth`, `${words(size)}: memory per transfer`, 'kB', latency, [
      (liveBytes - emptyBytes) / open / BYTES_PER_KB,
    ]),
  ];
}

async function peak({ proxy, size, latency }: Parts): Promise<Figure> {
  const { peakResidentBytes } = await proxy.controls.memory();
  const what = `${words(size)}: peak memory of the process`;
  return figure(`tracking/${size.name}/peak`, what, 'MB', latency, [
    peakResidentBytes / BYTES_PER_MB,
  ]);
}

/**
 * Some of the transfers end well at the same moment, again and again.
 *
 * @returns for each time, milliseconds until each of them was finished in SciCat
 */
async function endings(
  { run, world, size }: Parts,
  transfers: readonly SeededTransfer[],
): Promise<readonly (readonly number[])[]> {
  const rounds = Math.min(run.repetitions, transfers.length > ENDINGS ? ENDING_ROUNDS : 1);
  const delays: (readonly number[])[] = [];
  for (let round = 0; round < rounds; round += 1) {
    run.progress(`tracking, ${size.name} open: ${ENDINGS} end, ${round + 1}/${rounds}`);
    delays.push(await finish(world, endingIn(round, transfers)));
  }
  return delays;
}

/** Spread over all of them, whatever order they are followed in. */
function endingIn(round: number, transfers: readonly SeededTransfer[]): readonly SeededTransfer[] {
  const every = transfers.length / ENDINGS;
  return transfers.filter((_, index) => index % every === round);
}

function endingFigures(
  { size, latency }: Parts,
  delays: readonly (readonly number[])[],
): readonly Figure[] {
  const id = `tracking/${size.name}/endings`;
  const what = `${endingWords(size)}: time until finished in SciCat`;
  return [0.5, 0.99].map((share) =>
    figure(
      `${id}/p${share * 100}`,
      `${what}, p${share * 100}`,
      'ms',
      latency,
      delays.map((ms) => percentile(ms, share)),
    ),
  );
}

function endingWords(size: Size): string {
  return `${words(size)}, ${ENDINGS} end at once`;
}

/** The same with the Go version, once the proxy has been stopped. */
async function besideGo(
  parts: Parts,
  transfers: readonly SeededTransfer[],
  delays: readonly (readonly number[])[],
): Promise<readonly Figure[]> {
  const { run, latency, size } = parts;
  run.progress('tracking, as the Go version does it');
  const go = await goVersion(parts, transfers, delays.length);
  const inTime = delays.map(inTimePercent);
  return [
    compared(
      figure(
        `tracking/${size.name}/endings/in-time`,
        `${endingWords(size)}: finished within ${IN_TIME_MS / 1000} s`,
        '%',
        latency,
        inTime,
      ),
      inTime,
      'Go version',
      inTime.map(() => inTimePercent(go.delays)),
    ),
    figure(
      'tracking/go/calls',
      'Go version: calls for each transfer that it follows and each interval',
      'calls',
      latency,
      [go.callsForOne],
    ),
  ];
}

function inTimePercent(delays: readonly number[]): number {
  return (100 * delays.filter((ms) => ms <= IN_TIME_MS).length) / ENDINGS;
}

/** Ten workers, each with one transfer until its end; a read and a write for each in each interval. */
async function goVersion(
  { world, pollMs }: Parts,
  transfers: readonly SeededTransfer[],
  round: number,
): Promise<{ readonly delays: readonly number[]; readonly callsForOne: number }> {
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
  const ended = new Set(Array.from({ length: round }, (_, one) => endingIn(one, transfers)).flat());
  const following = bare.follow({
    transfers: transfers.filter((transfer) => !ended.has(transfer)),
    workers: WORKERS,
    intervalMs: pollMs,
    forMs: INTERVALS * pollMs,
  });
  await delay(pollMs / 2);
  const ending = endingIn(round, transfers);
  const endedAt = await world.globus.succeed(ending.map(({ taskId }) => taskId));
  const { calls } = await following;
  const finishedAt = await world.scicat.finishedAt(ending.map(({ jobId }) => jobId));
  return {
    delays: finishedAt.filter((at) => at !== undefined).map((at) => at - endedAt),
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

/** What ending a transfer costs, and polling it. */
async function callsOfEndings(
  { world, latency, proxy, size }: Parts,
  transfers: readonly SeededTransfer[],
): Promise<readonly Figure[]> {
  await takeCalls(world);
  await finish(world, transfers);
  const { scicat } = await takeAllCalls(world, latency);
  const id = `tracking/${size.name}/finished`;
  const figures = [
    figure(`${id}/scicat`, 'one successful transfer: calls to SciCat', 'calls', latency, [
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
      'CPU time per poll with 9000 waiting',
      cpu('10000'),
      'with none waiting',
      cpu('1000'),
    ),
    beside(
      'tracking/each/cpu',
      'CPU time per poll and transfer, 1000 in flight',
      cpu('1000') / 1000,
      '100 in flight',
      cpu('100') / 100,
    ),
  ];
}
