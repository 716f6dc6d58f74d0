import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CleanUp } from '../../sandbox/world/clean-up.js';
import type { LoggedCall } from './call-log.js';
import { startChild } from './child.js';
import type { GlobusControls } from './globus.process.js';
import type { Remote } from './remote.js';
import type { ScicatControls } from './scicat.process.js';

/** How long the services behind the proxy take for each answer. */
export interface Latency {
  readonly scicatMs: number;
  readonly globusMs: number;
}

/** Emulated services in processes of their own, and a folder for what the proxy writes. */
export interface BenchWorld {
  readonly cleanUp: CleanUp;
  readonly folder: string;
  readonly scicat: Remote<ScicatControls>;
  readonly globus: Remote<GlobusControls>;
}

/** What the proxy asked its services for in some time. */
export interface UpstreamCalls {
  readonly scicat: readonly LoggedCall[];
  readonly globus: readonly LoggedCall[];
}

/** How long nothing must be asked for, beside the latencies, before all counts as asked for. */
const QUIET_MS = 250;

/**
 * Starts the emulated services.
 *
 * @param all removes the world with everything else, if not before
 */
export function startBenchWorld(all: CleanUp): BenchWorld {
  const cleanUp = new CleanUp();
  all.add({
    name: 'a world',
    remove: () => end(cleanUp),
    abandon: () => {
      cleanUp.abandon();
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'scicat-globus-proxy-bench-'));
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  cleanUp.add({
    name: `the folder ${folder}`,
    remove: () => {
      remove();
      return Promise.resolve();
    },
    abandon: remove,
  });
  return {
    cleanUp,
    folder,
    scicat: startChild<ScicatControls>(
      cleanUp,
      new URL('./scicat.process.js', import.meta.url),
      'the emulated SciCat',
    ),
    globus: startChild<GlobusControls>(
      cleanUp,
      new URL('./globus.process.js', import.meta.url),
      'the emulated Globus',
    ),
  };
}

/** Ends a world and what was started in it, so that it takes nothing from the next one. */
export async function endWorld(world: BenchWorld): Promise<void> {
  await end(world.cleanUp);
}

/** @throws Error if something could not be removed */
async function end(cleanUp: CleanUp): Promise<void> {
  const problems = await cleanUp.run();
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

export async function setLatency(world: BenchWorld, latency: Latency): Promise<void> {
  await world.scicat.setLatency(latency.scicatMs);
  await world.globus.setLatency(latency.globusMs);
}

/** Waits until the proxy asks for nothing more, and takes what it has asked for. */
export async function takeAllCalls(world: BenchWorld, latency: Latency): Promise<UpstreamCalls> {
  let before = -1;
  for (;;) {
    const count = (await world.scicat.countCalls()) + (await world.globus.countCalls());
    if (count === before) break;
    before = count;
    await delay(QUIET_MS + 2 * Math.max(latency.scicatMs, latency.globusMs));
  }
  return takeCalls(world);
}

/** Takes what was asked for so far. */
export async function takeCalls(world: BenchWorld): Promise<UpstreamCalls> {
  return { scicat: await world.scicat.takeCalls(), globus: await world.globus.takeCalls() };
}
