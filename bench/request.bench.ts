import type { CallPattern } from './support/call-patterns.js';
import { countByOperation } from './support/call-log.js';
import { compared, type Figure, figure } from './support/figures.js';
import { fileListBody } from './support/file-lists.js';
import type { LoadResult } from './support/load.js';
import { type BenchProxy, profiled, startProxy } from './support/proxy.js';
import { ProxyClient } from './support/proxy-client.js';
import { roundTrips } from './support/round-trips.js';
import { type Bench, type BenchRun, inWords, isZero, NO_LATENCY } from './support/run.js';
import { percentile } from './support/statistics.js';
import { type Load, Subjects } from './support/subjects.js';
import {
  type BenchWorld,
  endWorld,
  type Latency,
  setLatency,
  takeAllCalls,
} from './support/world.js';

/** More than are asked for in a whole run, so that none has to wait. */
const MANY_SLOTS = 100_000;
const LISTED_FILES = 100;
/** So many that the compiler has done its work on both sides. */
const WARM_UP = 400;
const PARALLEL = 50;

/** What is asked for. */
interface Shape {
  readonly name: 'folder' | 'list' | 'waiting';
  readonly files?: number;
  readonly body?: Buffer;
  readonly floor: CallPattern;
}

const FOLDER: Shape = { name: 'folder', floor: 'floor' };
const LIST: Shape = {
  name: 'list',
  files: LISTED_FILES,
  body: fileListBody(LISTED_FILES),
  floor: 'floor',
};
const WAITING: Shape = { name: 'waiting', floor: 'waiting floor' };

/** What is asked of one proxy, one after the other. */
interface Series {
  readonly shapes: readonly Shape[];
  readonly maxConcurrency: number;
}

const SERIES: readonly Series[] = [
  { shapes: [FOLDER, LIST], maxConcurrency: MANY_SLOTS },
  { shapes: [WAITING], maxConcurrency: 1 },
];

/** How a `POST /transfer` fares: alone and among others, with and without latency, in calls. */
export const requestBench: Bench = async (run) => {
  const figures: Figure[] = [];
  for (const { shapes, maxConcurrency } of SERIES) {
    const world = run.startWorld();
    const subjects = await Subjects.start(world);
    const proxy = await startProxy(world, { maxConcurrency });
    // Takes the only slot, where there is but one.
    await subjects.proxy(proxy, { count: 1, concurrency: 1 });
    for (const shape of shapes) {
      figures.push(...(await calls(run, world, subjects, proxy, shape)));
      if (run.short) continue;
      run.progress(`request, ${shape.name}: warming up`);
      await warmUp(subjects, proxy, shape);
      for (const latency of run.latencies) {
        await setLatency(world, latency);
        figures.push(
          ...(isZero(latency)
            ? await processorTime(run, subjects, proxy, shape)
            : await latencies(run, latency, subjects, proxy, shape)),
        );
      }
      await setLatency(world, NO_LATENCY);
    }
    await endWorld(world);
  }
  return figures;
};

async function warmUp(subjects: Subjects, proxy: BenchProxy, shape: Shape): Promise<void> {
  const load = { count: WARM_UP, concurrency: 10 };
  await subjects.proxy(proxy, load, shape.body);
  for (const pattern of [shape.floor, 'same calls', 'go version'] as const) {
    await subjects.bare(bareLoad(shape, pattern, load));
  }
}

/** What the services are asked for, request by request. */
async function calls(
  run: BenchRun,
  world: BenchWorld,
  subjects: Subjects,
  proxy: BenchProxy,
  shape: Shape,
): Promise<readonly Figure[]> {
  const COUNT = 20;
  run.progress(`request, ${shape.name}: counting calls`);
  // The first ones of a process get tokens, too.
  await subjects.proxy(proxy, { count: 2, concurrency: 1 }, shape.body);
  await takeAllCalls(world, NO_LATENCY);
  await subjects.proxy(proxy, { count: COUNT, concurrency: 1 }, shape.body);
  const asked = await takeAllCalls(world, NO_LATENCY);
  const id = `request/${shape.name}/calls`;
  const what = `POST, ${shape.name}: calls per request`;
  const own = [...asked.scicat, ...asked.globus].length / COUNT;
  const figures = [
    compared(figure(id, what, 'calls', NO_LATENCY, [own]), [own], 'Go version', [6]),
  ];
  for (const service of ['scicat', 'globus'] as const) {
    for (const [operation, count] of Object.entries(countByOperation(asked[service]))) {
      figures.push(
        figure(
          `${id}/${service}/${operation}`,
          `  of them to ${service === 'scicat' ? 'SciCat' : 'Globus'}: ${operation}`,
          'calls',
          NO_LATENCY,
          [count / COUNT],
        ),
      );
    }
  }
  figures.push(await chain(run, world, subjects, proxy, shape));
  if (shape.name === 'folder') figures.push(await callsOfLookUp(world, subjects, proxy));
  return figures;
}

/** How many of the calls come one after the other before the answer. */
async function chain(
  run: BenchRun,
  world: BenchWorld,
  subjects: Subjects,
  proxy: BenchProxy,
  shape: Shape,
): Promise<Figure> {
  const COUNT = 5;
  // So long that calls which are sent at the same time can't be taken for two in a row.
  const MS = 150;
  const latency: Latency = { scicatMs: MS, globusMs: MS };
  run.progress(`request, ${shape.name}: counting round trips`);
  await setLatency(world, latency);
  const client = new ProxyClient(proxy.url, subjects.userToken);
  const trips: number[] = [];
  for (let number = 0; number < COUNT; number += 1) {
    const dataset = await subjects.datasets(1);
    await client.post(subjects.series, dataset, shape.body);
    const answeredAt = Date.now();
    const { scicat, globus } = await takeAllCalls(world, latency);
    const calls = [...scicat, ...globus].map(({ at }) => ({ from: at - MS, to: at }));
    trips.push(roundTrips(calls.filter(({ to }) => to <= answeredAt)));
  }
  client.close();
  await setLatency(world, NO_LATENCY);
  return figure(
    `request/${shape.name}/round-trips`,
    `POST, ${shape.name}: round trips before the answer`,
    'calls',
    latency,
    trips,
  );
}

async function callsOfLookUp(
  world: BenchWorld,
  subjects: Subjects,
  proxy: BenchProxy,
): Promise<Figure> {
  const COUNT = 20;
  const client = new ProxyClient(proxy.url, subjects.userToken);
  const { jobId } = await client.post(subjects.series, await subjects.datasets(1));
  await takeAllCalls(world, NO_LATENCY);
  for (let number = 0; number < COUNT; number += 1) await client.get(jobId);
  const asked = await takeAllCalls(world, NO_LATENCY);
  client.close();
  return figure('request/get/calls', 'GET of an open transfer: calls', 'calls', NO_LATENCY, [
    [...asked.scicat, ...asked.globus].length / COUNT,
  ]);
}

/** How long it takes, beside the floor and the Go version. */
async function latencies(
  run: BenchRun,
  latency: Latency,
  subjects: Subjects,
  proxy: BenchProxy,
  shape: Shape,
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [order, load] of Object.entries({
    sequential: { count: 10, concurrency: 1 },
    parallel: { count: 4 * PARALLEL, concurrency: PARALLEL },
  })) {
    const rounds: { floor: LoadResult; proxy: LoadResult; go: LoadResult }[] = [];
    for (let round = 1; round <= run.repetitions; round += 1) {
      run.progress(
        `request, ${shape.name}, ${order} at ${inWords(latency)}: ${round}/${run.repetitions}`,
      );
      const floor = await subjects.bare(bareLoad(shape, shape.floor, load));
      const own = await subjects.proxy(proxy, load, shape.body);
      const go = await subjects.bare(
        bareLoad(shape, 'go version', { ...load, count: Math.ceil(load.count / 3) }),
      );
      rounds.push({ floor, proxy: own, go });
    }
    for (const share of [0.5, 0.99]) {
      const of = (who: 'floor' | 'proxy' | 'go'): readonly number[] =>
        rounds.map((round) => percentile(round[who].latenciesMs, share));
      const id = `request/${shape.name}/${order}/p${share * 100}`;
      const what = `POST, ${shape.name}, ${order === 'parallel' ? `${PARALLEL} in parallel` : order}: p${share * 100}`;
      const own = figure(id, what, 'ms', latency, of('proxy'));
      figures.push(compared(own, of('proxy'), 'floor', of('floor')));
      if (shape.name !== 'waiting') {
        figures.push(compared({ ...own, id: `${id}/go` }, of('proxy'), 'Go version', of('go')));
      }
    }
  }
  return figures;
}

/** Requests per second and processor time, where nothing has to be waited for. */
async function processorTime(
  run: BenchRun,
  subjects: Subjects,
  proxy: BenchProxy,
  shape: Shape,
): Promise<readonly Figure[]> {
  if (shape.name === 'waiting') return [];
  const load = { count: 200, concurrency: PARALLEL };
  const own = { cpu: [] as number[], rate: [] as number[] };
  const bare = { cpu: [] as number[], rate: [] as number[] };
  for (let round = 1; round <= run.repetitions; round += 1) {
    run.progress(`request, ${shape.name}, processor time: ${round}/${run.repetitions}`);
    const same = await subjects.bare(bareLoad(shape, 'same calls', load));
    bare.cpu.push(same.cpuMs / load.count);
    bare.rate.push((load.count / same.elapsedMs) * 1000);
    const mine = await subjects.proxy(proxy, load, shape.body);
    own.cpu.push(mine.cpuMs / load.count);
    own.rate.push((load.count / mine.elapsedMs) * 1000);
  }
  await profiled(run, proxy, `request-${shape.name}`, () =>
    subjects.proxy(proxy, load, shape.body),
  );
  const id = `request/${shape.name}`;
  const what = `POST, ${shape.name}`;
  return [
    compared(
      figure(`${id}/cpu`, `${what}: CPU time per request`, 'ms', NO_LATENCY, own.cpu),
      own.cpu,
      'bare script, same calls',
      bare.cpu,
    ),
    compared(
      figure(`${id}/rate`, `${what}: requests per second`, 'req/s', NO_LATENCY, own.rate),
      own.rate,
      'bare script, same calls',
      bare.rate,
    ),
  ];
}

function bareLoad(
  shape: Shape,
  pattern: CallPattern,
  load: Pick<Load, 'count' | 'concurrency'>,
): Load {
  return { ...load, pattern, ...(shape.files === undefined ? {} : { files: shape.files }) };
}
