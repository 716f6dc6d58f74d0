import type { CrashPoint, UpstreamCall } from './crash-gate.js';
import { CrashWorld, type Request, type Told } from './crash-world.js';
import type { Life } from './lives.js';
import { brokenPromises, hasEnded, outcomeOf } from './verdict.js';

/** What a crash at one point led to. */
export interface CrashRow {
  readonly life: string;
  readonly call: UpstreamCall;
  readonly when: CrashPoint['when'];
  readonly told: Told;
  readonly outcome: string;
  /** Empty, or something is to be mended. */
  readonly broken: readonly string[];
}

/**
 * Repeated calls (polls, progress): the first of them represents the others,
 * whose number differs from run to run.
 */
const REPEATED = /submission_id$|task_list \(by ids\)$|\(002 transferring\)$/;
const SETTLED_WITHIN_MS = 20_000;

/** Lives lives, in worlds that are kept as long as all goes well in them. */
export class CrashMatrix {
  private readonly idle: CrashWorld[] = [];

  /** The calls of a life that nothing disturbs, in the order of their arrival. */
  async callsOf(life: Life): Promise<readonly UpstreamCall[]> {
    const { calls, row } = await this.live(life, undefined);
    if (row.broken.length > 0) {
      throw new Error(`Even without a crash (${life.title}): ${row.broken.join('\n')}`);
    }
    return calls.filter(({ name, occurrence }) => occurrence === 1 || !REPEATED.test(name));
  }

  /**
   * Lives a life with a crash at one point.
   *
   * @throws Error when the point was not reached
   */
  async crashAt(life: Life, point: CrashPoint): Promise<CrashRow> {
    for (let attempt = 1; ; attempt += 1) {
      const { sprung, row } = await this.live(life, point);
      if (sprung) return row;
      // Once in a while two changes become one write; and a process that has recovered may hold a
      // token already that a new one would ask for.
      if (attempt === 3) {
        const { name, occurrence } = point.call;
        throw new Error(`There was no ${name} number ${occurrence} (${life.title}).`);
      }
      await this.close();
    }
  }

  /** Ends the worlds that are left. */
  async close(): Promise<void> {
    for (const world of this.idle.splice(0)) await world.close();
  }

  private async live(life: Life, point: CrashPoint | undefined): Promise<LifeLived> {
    const world = this.idle.pop() ?? (await CrashWorld.start());
    try {
      const lived = await liveIn(world, life, point);
      if (lived.row.broken.length === 0) this.idle.push(world);
      else await world.close();
      return lived;
    } catch (error) {
      await world.close();
      throw error;
    }
  }
}

interface LifeLived {
  readonly calls: readonly UpstreamCall[];
  readonly sprung: boolean;
  readonly row: CrashRow;
}

async function liveIn(
  world: CrashWorld,
  life: Life,
  point: CrashPoint | undefined,
): Promise<LifeLived> {
  await world.beginLife();
  await life.prepare?.(world);
  await world.quiet();
  world.gate.count();
  if (life.firstCrash !== undefined) {
    world.killAt(life.firstCrash);
    await life.act(world);
    await world.proxyGone();
    world.gate.count();
  }
  if (point !== undefined) world.killAt(point);
  if (life.firstCrash === undefined) await life.act(world);
  else await world.startProxy();
  await settled(world);
  await world.quiet();
  const calls = [...world.gate.calls];
  const { sprung } = world.gate;
  const told = lastTold(world.requests);
  world.gate.stopCounting();
  if (sprung) {
    await world.proxyGone();
    await world.startProxy();
    await life.insist?.(world);
    await settled(world);
  }
  const broken = await brokenPromises(world);
  const outcome = world.requests.map((request) => outcomeOf(world, request)).at(-1) ?? '';
  const { call, when } = point ?? { call: { name: '', occurrence: 0 }, when: 'before' };
  return {
    calls,
    sprung,
    row: {
      life: life.title,
      call,
      when,
      told,
      outcome,
      broken: broken.length === 0 ? [] : [...broken, world.words()],
    },
  };
}

/** Does the same with each of them, a few at a time; the results are in the order of the items. */
export async function inPool<Item, Result>(
  size: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [position, item] of queue) results[position] = await work(item);
  };
  await Promise.all(Array.from({ length: size }, worker));
  return results;
}

/** Waits until everything has ended, or the process was killed; at most some time. */
async function settled(world: CrashWorld): Promise<void> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  while (!world.gate.sprung && performance.now() < deadline) {
    const jobs = world.requests.flatMap(({ parameters }) => world.transferJobs(parameters.pid));
    const left = jobs.length > 0 ? await world.spooled() : 0;
    if (jobs.every(hasEnded) && world.runningTasks() === 0 && left === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function lastTold(requests: readonly Request[]): Told {
  const last = requests.at(-1);
  return last?.end?.told ?? last?.told ?? 'connection broken';
}
