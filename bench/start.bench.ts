import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { end } from './support/child.js';
import { compared, type Figure, figure } from './support/figures.js';
import {
  configText,
  freePort,
  proxyEnvironment,
  PROXY_PROGRAM,
  startProgram,
} from './support/proxy.js';
import { type Bench, type BenchRun, inWords, NO_LATENCY } from './support/run.js';
import { makeTemplates, seed } from './support/seed.js';
import { type BenchWorld, endWorld, setLatency } from './support/world.js';

const EMPTY_APP = fileURLToPath(new URL('./empty-app/main.js', import.meta.url));
const IN_FLIGHT = 1_000;
const OPEN = [0, 10_000] as const;
/** Starts that take long are repeated so often at most. */
const LONG_STARTS = 3;
/** How long a process is left alone before its memory is looked at. */
const REST_MS = 2_000;
const BYTES_PER_MB = 1e6;

/** How long a start takes, and what a process takes that has nothing to do. */
export const startBench: Bench = async (run) => {
  if (run.short) return [];
  const figures: Figure[] = [];
  for (const open of OPEN) {
    const world = run.startWorld();
    if (open > 0) {
      const templates = await makeTemplates(run.startWorld());
      await seed(world, templates, { inFlight: IN_FLIGHT, waiting: open - IN_FLIGHT });
    }
    for (const latency of run.latencies) {
      await setLatency(world, latency);
      const ownMs: number[] = [];
      const emptyMs: number[] = [];
      const rounds = open === 0 ? run.repetitions : Math.min(run.repetitions, LONG_STARTS);
      for (let round = 1; round <= rounds; round += 1) {
        run.progress(`start, ${open} open, at ${inWords(latency)}: ${round}/${rounds}`);
        emptyMs.push(await startMs(world, emptyApp));
        ownMs.push(await startMs(world, proxyItself));
      }
      const what = `start until ready, ${open} open`;
      figures.push(
        compared(
          figure(`start/${open}/ready`, what, 'ms', latency, ownMs),
          ownMs,
          'empty Nest application',
          emptyMs,
        ),
      );
    }
    if (open === 0) figures.push(await atRest(run, world));
    await endWorld(world);
  }
  return figures;
};

async function atRest(run: BenchRun, world: BenchWorld): Promise<Figure> {
  await setLatency(world, NO_LATENCY);
  const own: number[] = [];
  const empty: number[] = [];
  for (let round = 1; round <= Math.min(run.repetitions, LONG_STARTS); round += 1) {
    run.progress(`start, memory at rest: ${round}`);
    empty.push(await restMb(world, emptyApp));
    own.push(await restMb(world, proxyItself));
  }
  return compared(
    figure('start/rest', 'resident memory, nothing open', 'MB', NO_LATENCY, own),
    own,
    'empty Nest application',
    empty,
  );
}

type Program = (world: BenchWorld, port: number) => Promise<readonly string[]>;

/** Without the benchmark's hook in it. */
const proxyItself: Program = async (world, port) => {
  const config = join(world.folder, 'start.yaml');
  writeFileSync(config, await configText(world, port, { maxConcurrency: IN_FLIGHT }));
  return [PROXY_PROGRAM, '--config', config];
};

const emptyApp: Program = (_world, port) => Promise.resolve([EMPTY_APP, String(port)]);

async function startMs(world: BenchWorld, program: Program): Promise<number> {
  const started = await start(world, program);
  await end(started.child);
  return started.startMs;
}

async function restMb(world: BenchWorld, program: Program): Promise<number> {
  const { child } = await start(world, program);
  await delay(REST_MS);
  const bytes = residentBytesOf(child.pid ?? 0);
  await end(child);
  return bytes / BYTES_PER_MB;
}

async function start(world: BenchWorld, program: Program): ReturnType<typeof startProgram> {
  const port = await freePort();
  return startProgram(world, await program(world, port), port, proxyEnvironment());
}

/** @returns NaN where the system does not say it */
function residentBytesOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
  } catch {
    return NaN;
  }
}
