import { setTimeout as delay } from 'node:timers/promises';
import type { BareJsonControls } from './support/bare-json.process.js';
import { startChild } from './support/child.js';
import { compared, type Figure, figure } from './support/figures.js';
import { fileListBody } from './support/file-lists.js';
import { type BenchProxy, profiled, startProxy } from './support/proxy.js';
import { ProxyClient } from './support/proxy-client.js';
import type { Remote } from './support/remote.js';
import { type Bench, type BenchRun, NO_LATENCY } from './support/run.js';
import { percentile } from './support/statistics.js';
import { Subjects } from './support/subjects.js';
import type { BenchWorld } from './support/world.js';

const SIZES = [1_000, 10_000, 100_000, 400_000] as const;
/** From here on it is also tried how a list is handed over again from the spool. */
const REPEATED_FROM = 100_000;
const MANY_SLOTS = 1_000;
const OTHERS_EVERY_MS = 20;
const BYTES_PER_MB = 1e6;

/** The cost of a long list, for its sender and for others at the same time. */
export const listsBench: Bench = async (run) => {
  // Counts are the same as with short lists.
  if (run.short) return [];
  const world = run.startWorld();
  const subjects = await Subjects.start(world);
  const json = startChild<BareJsonControls>(
    world.cleanUp,
    new URL('./support/bare-json.process.js', import.meta.url),
    'the bare JSON process',
  );
  const figures: Figure[] = [];
  for (const size of SIZES) {
    const proxy = await startProxy(world, { maxConcurrency: MANY_SLOTS, pollInterval: 1 });
    figures.push(...(await listOf(size, { run, world, subjects, json, proxy })));
    await proxy.stop();
  }
  return figures;
};

interface Parts {
  readonly run: BenchRun;
  readonly world: BenchWorld;
  readonly subjects: Subjects;
  readonly json: Remote<BareJsonControls>;
  readonly proxy: BenchProxy;
}

/** What happened while a list was on its way. */
interface Passage {
  readonly answerMs: number;
  readonly stallMs: number;
  readonly peakBytes: number;
  readonly othersP99Ms: number;
}

async function listOf(size: number, parts: Parts): Promise<readonly Figure[]> {
  const { run, subjects, json, proxy, world } = parts;
  const body = fileListBody(size);
  const text = body.toString();
  const client = new ProxyClient(proxy.url, subjects.userToken);
  const { jobId } = await client.post(subjects.series, await subjects.datasets(1));
  const quiet = await meanwhile(client, jobId, () => delay(1000));
  const restBytes = (await proxy.controls.memory()).residentBytes;
  const bareMs: number[] = [];
  const passages: Passage[] = [];
  for (let round = 1; round <= run.repetitions; round += 1) {
    run.progress(`lists, ${size} files: ${round}/${run.repetitions}`);
    bareMs.push(await json.parseAndStringify(text));
    const number = await subjects.datasets(1);
    passages.push(
      await passage(proxy, client, jobId, () => client.post(subjects.series, number, body)),
    );
    await expectItems(world, size);
  }
  const repeated =
    size < REPEATED_FROM ? undefined : await handOverAgain(parts, client, jobId, body);
  if (size === SIZES.at(-1)) {
    const number = await subjects.datasets(1);
    await profiled(run, proxy, `list-${size}`, () => client.post(subjects.series, number, body));
  }
  client.close();
  return figuresOf({ size, body, bareMs, passages, repeated, quiet: quiet.p99Ms, restBytes });
}

/** Globus is busy at first, so that the list is read from the spool and submitted once more. */
async function handOverAgain(
  { run, world, subjects, proxy }: Parts,
  client: ProxyClient,
  jobId: string,
  body: Buffer,
): Promise<Passage> {
  run.progress('lists, once more from the spool');
  const number = await subjects.datasets(1);
  await world.globus.takeCalls();
  await world.globus.addFault({
    match: { method: 'POST', path: '/transfer$' },
    times: 1,
    effect: {
      type: 'status',
      status: 503,
      body: { code: 'ServiceUnavailable', message: 'Busy', request_id: '1', resource: '/transfer' },
    },
  });
  return passage(proxy, client, jobId, async () => {
    const answer = await client.post(subjects.series, number, body);
    // What the fault has answered is not among the calls.
    while (!(await world.globus.takeCalls()).some(({ operation }) => operation === 'submit')) {
      await delay(50);
    }
    return answer;
  });
}

async function passage(
  proxy: BenchProxy,
  client: ProxyClient,
  jobId: string,
  post: () => Promise<{ readonly ms: number }>,
): Promise<Passage> {
  await proxy.controls.forgetPeak();
  await proxy.controls.watchEventLoop();
  const { p99Ms, result } = await meanwhile(client, jobId, post);
  return {
    answerMs: result.ms,
    stallMs: await proxy.controls.longestStallMs(),
    peakBytes: (await proxy.controls.memory()).peakResidentBytes,
    othersP99Ms: p99Ms,
  };
}

/** Does something while another user looks up a transfer again and again. */
async function meanwhile<T>(
  client: ProxyClient,
  jobId: string,
  work: () => Promise<T>,
): Promise<{ readonly p99Ms: number; readonly result: T }> {
  const others: Promise<number>[] = [];
  const look = (): void => {
    others.push(client.get(jobId).then(({ ms }) => ms));
  };
  look();
  const timer = setInterval(look, OTHERS_EVERY_MS);
  try {
    const result = await work();
    return { p99Ms: percentile(await Promise.all(others), 0.99), result };
  } finally {
    clearInterval(timer);
  }
}

/** A list that was cut short would be quick. */
async function expectItems(world: BenchWorld, size: number): Promise<void> {
  const items = await world.globus.lastItemCount();
  if (items !== size) throw new Error(`Globus got ${items} files instead of ${size}.`);
}

function figuresOf(measured: {
  readonly size: number;
  readonly body: Buffer;
  readonly bareMs: readonly number[];
  readonly passages: readonly Passage[];
  readonly repeated: Passage | undefined;
  readonly quiet: number;
  readonly restBytes: number;
}): readonly Figure[] {
  const { size, body, bareMs, passages, repeated, quiet, restBytes } = measured;
  const id = `lists/${size}`;
  const what = `list of ${size} files (${(body.length / BYTES_PER_MB).toFixed(1)} MB)`;
  const each = (key: keyof Passage): readonly number[] => passages.map((one) => one[key]);
  const own = (name: string, words: string, unit: 'ms' | 'MB', values: readonly number[]) =>
    figure(`${id}/${name}`, `${what}: ${words}`, unit, NO_LATENCY, values);
  const peaks = [...each('peakBytes'), ...(repeated === undefined ? [] : [repeated.peakBytes])].map(
    (bytes) => bytes / BYTES_PER_MB,
  );
  const bodies = peaks.map(() => body.length / BYTES_PER_MB);
  const others = each('othersP99Ms');
  return [
    compared(
      own('answer', 'time until the answer', 'ms', each('answerMs')),
      each('answerMs'),
      'bare JSON.parse and JSON.stringify',
      bareMs,
    ),
    own('stall', 'longest stall of the event loop', 'ms', each('stallMs')),
    compared(own('peak', 'peak memory of the process', 'MB', peaks), peaks, 'the body', bodies),
    own('rest', 'memory before', 'MB', [restBytes / BYTES_PER_MB]),
    compared(
      own('others', 'p99 of GET by others', 'ms', others),
      others,
      'without a list',
      others.map(() => quiet),
    ),
    ...(repeated === undefined
      ? []
      : [
          own('again/stall', 'longest stall, submitted again', 'ms', [repeated.stallMs]),
          own('again/others', 'p99 of GET by others, submitted again', 'ms', [
            repeated.othersP99Ms,
          ]),
        ]),
  ];
}
