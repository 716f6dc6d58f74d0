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
import { type Bench, inWords, NO_LATENCY } from './support/run.js';
import { type JobTemplates, makeTemplates, seed } from './support/seed.js';
import { type BenchWorld, setLatency } from './support/world.js';

const EMPTY_APP = fileURLToPath(new URL('./empty-app/main.js', import.meta.url));
const IN_FLIGHT = 1_000;
const OPEN = [0, 10_000] as const;
/** How long a process is left alone before its memory is looked at. */
const REST_MS = 2_000;
const BYTES_PER_MB = 1e6;

/** How long a start takes, and what a process takes that has nothing to do. */
export const startBench: Bench = async (run) => {
  if (run.short) return [];
  const figures: Figure[] = [];
  let templates: JobTemplates | undefined;
  for (const open of OPEN) {
    const world = run.startWorld();
    if (open > 0) {
      templates ??= await makeTemplates(run.startWorld());
      await seed(world, templates, { inFlight: IN_FLIGHT, waiting: open - IN_FLIGHT });
    }
    for (const latency of run.latencies) {
      await setLatency(world, latency);
      const own: Start[] = [];
      const empty: Start[] = [];
      for (let round = 1; round <= run.repetitions; round += 1) {
        run.progress(`start, ${open} open, at ${inWords(latency)}: ${round}/${run.repetitions}`);
        empty.push(await startEmpty(world));
        own.push(await startOwn(world));
      }
      const ms = own.map(({ startMs }) => startMs);
      const what = `start until it is ready, ${open} open`;
      figures.push(
        compared(
          figure(`start/${open}/ready`, what, 'ms', latency, ms),
          ms,
          'empty Nest application',
          empty.map(({ startMs }) => startMs),
        ),
      );
      if (open > 0 || latency !== run.latencies.at(-1)) continue;
      const bytes = own.map(({ residentBytes }) => residentBytes / BYTES_PER_MB);
      figures.push(
        compared(
          figure('start/rest', 'resident memory, nothing open', 'MB', NO_LATENCY, bytes),
          bytes,
          'empty Nest application',
          empty.map(({ residentBytes }) => residentBytes / BYTES_PER_MB),
        ),
      );
    }
  }
  return figures;
};

interface Start {
  readonly startMs: number;
  readonly residentBytes: number;
}

/** Without the benchmark's hook in it. */
async function startOwn(world: BenchWorld): Promise<Start> {
  const port = await freePort();
  const config = join(world.folder, 'start.yaml');
  writeFileSync(config, await configText(world, port, { maxConcurrency: IN_FLIGHT }));
  return startOnce(world, [PROXY_PROGRAM, '--config', config], port);
}

async function startEmpty(world: BenchWorld): Promise<Start> {
  const port = await freePort();
  return startOnce(world, [EMPTY_APP, String(port)], port);
}

async function startOnce(world: BenchWorld, args: readonly string[], port: number): Promise<Start> {
  const { child, startMs } = await startProgram(world, args, port, proxyEnvironment());
  await delay(REST_MS);
  const residentBytes = residentBytesOf(child.pid ?? 0);
  await end(child);
  return { startMs, residentBytes };
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
