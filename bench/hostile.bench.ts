import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AttackerControls, AttackResult } from './support/attacker.process.js';
import {
  ATTACK_NAMES,
  ATTACKED,
  type AttackName,
  ATTACKS,
  LISTED_JOBS,
} from './support/attacks.js';
import { startChild } from './support/child.js';
import { missedPolls } from './support/cycles.js';
import { compared, type Figure, figure } from './support/figures.js';
import { HONEST, type HonestResult, HonestUser } from './support/honest-user.js';
import { ACCOUNTS } from './support/names.js';
import { type BenchProxy, startProxy } from './support/proxy.js';
import { ProxyClient } from './support/proxy-client.js';
import { ATTACKED_POLL_SECONDS, type Bench, type BenchRun, NO_LATENCY } from './support/run.js';
import { type JobTemplates, makeTemplates, seedFinished, seedLongRecords } from './support/seed.js';
import { percentile } from './support/statistics.js';
import { type BenchWorld, endWorld, type Latency, setLatency } from './support/world.js';

const POLL_MS = ATTACKED_POLL_SECONDS * 1000;
const ATTACK_MS = 10_000;
const SHORT_ATTACK_MS = 2_000;
const WARM_UP_MS = 1_500;
/** An end that is not shown by then never is. */
const SHOWN_WITHIN_MS = 30_000;
const BYTES_PER_MB = 1e6;
const MIB = 1024 * 1024;
const LONG_RECORDS = 11;
/** More than transfers are there after the restart, so that one more is begun at once. */
const SLOTS = 30;
const LONG_RECORD_BYTES = 7e6;

/** What honest users notice of an attack, and what it takes of the proxy. */
export const hostileBench: Bench = async (run) => {
  const latency = run.short ? NO_LATENCY : (run.latencies[0] ?? NO_LATENCY);
  run.progress('hostile: making the jobs to be copied');
  const templates = await makeTemplates(run.startWorld());
  const figures: Figure[] = [];
  const quiet = run.short ? undefined : await under(undefined, { run, latency, templates });
  if (quiet !== undefined) figures.push(...figuresOf('quiet', 'no attack', latency, quiet, quiet));
  for (const name of ATTACK_NAMES) {
    const suffered = await under(name, { run, latency, templates });
    if (suffered.attack === undefined || attempts(suffered.attack) === 0) {
      throw new Error(`The attack "${name}" did not reach the proxy.`);
    }
    figures.push(...figuresOf(name, ATTACKS[name], latency, suffered, quiet));
  }
  return figures;
};

interface Parts {
  readonly run: BenchRun;
  readonly latency: Latency;
  readonly templates: JobTemplates;
}

/** What happened during an attack. */
interface Suffered {
  readonly honest: HonestResult;
  readonly missedPolls: number;
  /** From the end of a transfer at Globus until SciCat shows it. */
  readonly endingMs: number;
  readonly peakBytes: number;
  readonly startMs: number;
  readonly attack: AttackResult | undefined;
}

/** Each attack is on a proxy of its own, so that none finds what another has left behind. */
async function under(
  name: AttackName | undefined,
  { run, latency, templates }: Parts,
): Promise<Suffered> {
  run.progress(`hostile, ${name ?? 'quiet'}`);
  const world = run.startWorld();
  const attacker = startChild<AttackerControls>(
    world.cleanUp,
    new URL('./support/attacker.process.js', import.meta.url),
    'the attacker',
  );
  await world.scicat.addDatasets(HONEST.series, 1, HONEST.count);
  await world.scicat.addDatasets(ATTACKED.series, 1, ATTACKED.count);
  await prepare(name, world, templates);
  const proxy = await startProxy(world, {
    pollInterval: ATTACKED_POLL_SECONDS,
    maxConcurrency: SLOTS,
  });
  await setLatency(world, latency);
  const token = await world.scicat.mintToken(ACCOUNTS.scientist.username);
  const taskId = await runningTask(world, proxy, token);
  // The compiler has done its work, and the transfer is being polled.
  await quietly(new HonestUser(proxy.url, token, 2));

  if (run.profileFolder !== undefined) await proxy.controls.startProfile();
  await world.globus.takeCalls();
  const began = performance.now();
  if (name !== undefined) {
    const access = {
      url: proxy.url,
      token: await world.scicat.mintToken(ACCOUNTS.attacker.username),
    };
    await attacker.begin(name, access);
  }
  const honest = new HonestUser(proxy.url, token, HONEST.count / 2);
  const attackMs = run.short ? SHORT_ATTACK_MS : ATTACK_MS;
  await delay(attackMs / 2);
  const endedAt = await world.globus.succeed([taskId.taskId]);
  await delay(attackMs / 2);
  const calls = await world.globus.takeCalls();
  const elapsedMs = performance.now() - began;
  const honestResult = await honest.stop();
  const endingMs = await shownAfter(world, taskId.jobId, endedAt);
  if (run.profileFolder !== undefined) {
    const file = join(run.profileFolder, `hostile-${name ?? 'quiet'}.cpuprofile`);
    await proxy.controls.endProfile(file);
  }
  const attack = name === undefined ? undefined : await attacker.end();
  // One that has been ended by the attack has no bound.
  const memory = await proxy.controls.memory().catch(() => ({ peakResidentBytes: Infinity }));
  for (const error of new Set(honestResult.errors))
    run.progress(`hostile, ${name ?? ''}: ${error}`);
  await endWorld(world);
  return {
    honest: honestResult,
    missedPolls: missedPolls(calls, POLL_MS, elapsedMs),
    endingMs,
    peakBytes: memory.peakResidentBytes,
    startMs: proxy.startMs,
    attack,
  };
}

/** What has to be there before the attack. */
async function prepare(
  name: AttackName | undefined,
  world: BenchWorld,
  templates: JobTemplates,
): Promise<void> {
  switch (name) {
    case 'metadata':
      await world.scicat.changeDataset(ATTACKED.series, 1, {
        scientificMetadata: { image: 'x'.repeat(16 * MIB - 10_000) },
      });
      return;
    case 'token-folder':
      await world.scicat.changeDataset(ATTACKED.series, 1, {
        sourceFolder: `/${'eyJhbGciO'.repeat(120_000 / 9)}`,
      });
      return;
    case 'job-lists':
      await seedFinished(world, templates, LISTED_JOBS);
      return;
    case 'restart':
      await seedLongRecords(world, templates, LONG_RECORDS, LONG_RECORD_BYTES);
      return;
    default:
  }
}

/** A transfer that Globus has begun. */
async function runningTask(
  world: BenchWorld,
  proxy: BenchProxy,
  token: string,
): Promise<{ readonly jobId: string; readonly taskId: string }> {
  const client = new ProxyClient(proxy.url, token);
  const { jobId } = await client.post(HONEST.series, 1);
  client.close();
  const deadline = performance.now() + SHOWN_WITHIN_MS;
  while (performance.now() < deadline) {
    const taskId = (await world.scicat.job(jobId))?.jobResultObject?.['globusTaskId'];
    if (typeof taskId === 'string' && taskId !== '') return { jobId, taskId };
    await delay(50);
  }
  throw new Error(`Globus did not begin the transfer of job ${jobId}.`);
}

async function quietly(user: HonestUser): Promise<void> {
  await delay(WARM_UP_MS);
  const { errors } = await user.stop();
  if (errors.length > 0) throw new Error(`Before the attack: ${errors.join('\n')}`);
}

/** @returns Infinity for never */
async function shownAfter(world: BenchWorld, jobId: string, endedAt: number): Promise<number> {
  const deadline = performance.now() + SHOWN_WITHIN_MS;
  while (performance.now() < deadline) {
    const [shownAt] = await world.scicat.finishedAt([jobId]);
    if (shownAt !== undefined) return shownAt - endedAt;
    await delay(50);
  }
  return Infinity;
}

function attempts({ answers, closed }: AttackResult): number {
  return Object.values(answers).reduce((sum, count) => sum + count, closed);
}

function figuresOf(
  name: string,
  what: string,
  latency: Latency,
  suffered: Suffered,
  quiet: Suffered | undefined,
): readonly Figure[] {
  const { honest, attack } = suffered;
  const id = `hostile/${name}`;
  const own = (part: string, words: string, unit: Figure['unit'], value: number) =>
    figure(`${id}/${part}`, `${what}: ${words}`, unit, latency, [value]);
  const beside = (
    part: string,
    words: string,
    unit: Figure['unit'],
    valueOf: (of: Suffered) => number,
  ): readonly Figure[] => {
    if (quiet === undefined) return [];
    const mine = own(part, words, unit, valueOf(suffered));
    if (quiet === suffered) return [mine];
    return [compared(mine, [valueOf(suffered)], 'no attack', [valueOf(quiet)])];
  };
  return [
    own('errors', "errors among others' requests", 'errors', honest.errors.length),
    own('polls', 'polls of Globus that are missing', 'polls', suffered.missedPolls),
    ...beside('p99', "p99 of others' requests", 'ms', (of) =>
      percentile(of.honest.latenciesMs, 0.99),
    ),
    ...beside('ending', 'time until an end is shown', 'ms', (of) => of.endingMs),
    ...beside('peak', 'peak memory of the process', 'MB', (of) => of.peakBytes / BYTES_PER_MB),
    ...beside('start', 'time until ready', 'ms', (of) => of.startMs),
    own('others', "others' requests", 'calls', honest.latenciesMs.length),
    ...Object.entries(attack?.answers ?? {}).map(([status, count]) =>
      own(`answers/${status}`, `answers to the attacker with ${status}`, 'calls', count),
    ),
    ...(attack === undefined
      ? []
      : [own('closed', 'connections of the attacker that were closed', 'calls', attack.closed)]),
  ];
}
