import type { JobDocument } from '../../sandbox/scicat/jobs.js';
import { sealRecord } from '../../src/domain/transfer-record.js';
import { aRecord, CLIENT_ID, SERVICE_USER } from '../support/builders.js';
import { check } from './checks.js';
import { Dice } from './dice.js';
import { Life } from './life.js';
import { HOUR, MINUTE, type Plan, planOf, SECOND } from './plan.js';
import { Users } from './users.js';
import { FORGER, hasEnded, ourWordOf, pidOf, USERS, World } from './world.js';

/** Result of a run. */
export interface RunResult {
  readonly plan: Plan;
  /** Everything that happened, a line each, with the seconds since the start. */
  readonly trace: readonly string[];
  readonly violations: readonly string[];
}

/** What goes wrong with tasks, and how often next to each other. */
const CONDITIONS = [
  'trouble',
  'trouble for good',
  'fails',
  'cancelled in the web app',
  'cancelled by an admin',
  'suspended',
  'paused',
  'forgotten',
] as const;

/** After the last trouble, how long everything may take to come to its end. */
const CONVERGES_WITHIN_MS = 60 * HOUR;
/** How long must nothing be left to do, for late things to show. */
const QUIET_MS = 20 * MINUTE;

/** Runs one simulation; the same seed and number give the same run, line by line. */
export async function simulate(seed: number, transfers: number): Promise<RunResult> {
  const run = new Run(planOf(seed, transfers));
  await run.carryOut();
  return { plan: run.world.plan, trace: run.world.trace, violations: run.world.ledger.violations };
}

class Run {
  readonly world: World;
  private readonly users: Users;
  private life: Life;
  private starting = false;

  constructor(plan: Plan) {
    this.world = new World(plan);
    this.users = new Users(this.world, () => this.life);
    this.life = new Life(this.world);
  }

  async carryOut(): Promise<void> {
    const { world, users } = this;
    const { plan, clock } = world;
    this.forgeJob();
    this.planTroubles();
    users.plan();
    this.life.start();
    await clock.advance(plan.faultsUntil);
    this.healAll();
    const until = world.elapsed + CONVERGES_WITHIN_MS;
    let quietSince: number | undefined;
    while (world.elapsed < until) {
      await clock.advance(MINUTE);
      if (!this.isQuiet()) quietSince = undefined;
      else quietSince ??= world.elapsed;
      if (quietSince !== undefined && world.elapsed - quietSince >= QUIET_MS) break;
    }
    check(world, this.life);
    this.life.crash();
  }

  /** No user has requests left, and only jobs that can't be ended are open. */
  private isQuiet(): boolean {
    const { world } = this;
    if (this.users.busy || !this.life.tracker.ready) return false;
    return !world.scicat.jobs().some((job) => {
      const status = job.jobResultObject?.['status'];
      return (
        job.createdBy === SERVICE_USER &&
        job.type === 'globus_transfer_job' &&
        (status === undefined || status === 'transferring' || !hasEnded(ourWordOf(world, job))) &&
        world.scicat.datasets.has(pidOf(job))
      );
    });
  }

  private planTroubles(): void {
    const { world } = this;
    const { plan, clock, dice } = world;
    for (const { at, kind } of plan.restarts) {
      clock.schedule(at, () => {
        if (kind === 'stop') void this.stop();
        else this.crash();
      });
    }
    for (const { at, byMs } of plan.clockJumps) {
      clock.schedule(at, () => {
        world.note(`the wall clock jumps by ${Math.round(byMs / SECOND)} s`);
        world.wallErrorMs += byMs;
      });
    }
    for (const { at, facility, lasts, endsByItself } of plan.holds) {
      clock.schedule(at, () => {
        this.hold(facility, endsByItself ? lasts : undefined);
      });
      if (endsByItself) continue;
      clock.schedule(at + lasts, () => {
        this.release(facility);
      });
    }
    world.onChange = () => {
      if (!world.troubled || !dice.chance(plan.crashAtCall)) return;
      clock.schedule(dice.between(0, 40), () => {
        this.crash();
      });
    };
    world.onTask = (taskId) => {
      if (world.troubled && dice.chance(plan.taskTrouble)) this.troubleSoon(taskId);
    };
    this.plan(0.3, 'SciCat revokes the tokens of the service', () => {
      world.scicat.revokeTokens(SERVICE_USER);
    });
    this.plan(0.3, 'Globus revokes the tokens of the service', () => {
      world.globus.revokeTokens(CLIENT_ID);
      world.globus.revokeConsents(CLIENT_ID);
    });
    const { failingCreateActions, failingUpdateActions } = world.scicat.switches;
    for (const type of ['globus_transfer_job', 'archive']) {
      this.plan(0.15, `create actions of ${type} fail`, () => failingCreateActions.add(type));
      this.plan(0.15, `create actions of ${type} work`, () => failingCreateActions.delete(type));
      this.plan(0.15, `update actions of ${type} fail`, () => failingUpdateActions.add(type));
      this.plan(0.15, `update actions of ${type} work`, () => failingUpdateActions.delete(type));
    }
    if (plan.deletedDatasets > 0) {
      for (const pid of world.scicat.datasets.keys()) {
        this.plan(plan.deletedDatasets, `${pid} is deleted`, () => world.scicat.deleteDataset(pid));
      }
    }
    this.planRevocations();
    for (let count = 0; count < plan.rewrites; count += 1) {
      clock.schedule(dice.between(MINUTE, plan.faultsUntil), () => {
        this.rewrite();
      });
    }
  }

  /** Datasets that exist by then are given to another group. */
  private planRevocations(): void {
    const { world } = this;
    const { plan, clock, scicat, ledger } = world;
    // With dice of their own: everything else stays as it was.
    const grants = new Dice(plan.seed ^ 0x7e70);
    for (let count = 0; count < plan.transfers * plan.revokedRights; count += 1) {
      clock.schedule(grants.between(0, plan.faultsUntil), () => {
        const [first, ...others] = [...scicat.datasets.keys()].filter(
          (pid) => !ledger.revokedAt.has(pid),
        );
        if (first === undefined) return;
        const pid = grants.pick([first, ...others]);
        world.note(`${pid} is given to another group`);
        scicat.changeDataset(pid, { ownerGroup: 'p999' });
        ledger.revokedAt.set(pid, world.elapsed);
      });
    }
  }

  private plan(probability: number, what: string, act: () => unknown): void {
    const { clock, dice, plan } = this.world;
    if (!dice.chance(probability)) return;
    clock.schedule(dice.between(0, plan.faultsUntil), () => {
      this.world.note(what);
      act();
    });
  }

  private troubleSoon(taskId: string): void {
    const { world } = this;
    const { dice, clock, globus } = world;
    const condition = dice.pick(CONDITIONS);
    const { deadlineHours, task: settings } = world.plan;
    const endsByItself = deadlineHours !== undefined || settings.stallTimeoutSeconds > 0;
    const inAnHour = world.trueNow + HOUR;
    clock.schedule(dice.between(0, 2 * MINUTE), () => {
      globus.advance(world.trueNow);
      const task = globus.task(taskId);
      if (task === undefined || task.phase.kind === 'ended' || !world.troubled) return;
      world.note(`task ${taskId}: ${condition}`);
      switch (condition) {
        case 'trouble': {
          const code = dice.pick([
            'PERMISSION_DENIED',
            'ENDPOINT_TOO_BUSY',
            'FILE_NOT_FOUND',
          ] as const);
          globus.troubleTask(taskId, code, world.trueNow + dice.between(0, HOUR));
          return;
        }
        case 'trouble for good':
          // Without any deadline of ours Globus tries for days, which shows nothing more.
          globus.troubleTask(taskId, 'QUOTA_EXCEEDED', endsByItself ? Infinity : inAnHour);
          return;
        case 'fails':
          globus.failTask(taskId, 'FILE_NOT_FOUND');
          return;
        case 'cancelled in the web app':
          globus.cancelAs('owner in the web app', taskId);
          return;
        case 'cancelled by an admin':
          globus.cancelAs('admin', taskId);
          return;
        case 'suspended':
          globus.suspendTask(taskId);
          clock.schedule(dice.between(0, HOUR), () => {
            if (globus.task(taskId)?.phase.kind === 'inactive') globus.resumeTask(taskId);
          });
          return;
        case 'paused': {
          const { id } = dice.pick([task.source, task.destination]);
          globus.pause(id);
          clock.schedule(dice.between(0, HOUR), () => {
            globus.unpause(id);
          });
          return;
        }
        case 'forgotten':
          world.ledger.forgotten.add(taskId);
          globus.forgetTask(taskId);
          return;
      }
    });
  }

  private healAll(): void {
    const { world } = this;
    world.note('from here on nothing goes wrong');
    for (const facility of world.facilityNames) this.release(facility);
    world.scicat.switches.failingCreateActions.clear();
    world.scicat.switches.failingUpdateActions.clear();
  }

  /** An operator holds a facility, if there is a process to ask. */
  private hold(facility: string, lasts: number | undefined): void {
    const { world, life } = this;
    if (!life.alive || life.stopping) return;
    world.note(`an operator holds ${facility}`);
    this.holdEnds(facility);
    const since = world.trueNow + world.wallErrorMs;
    const until = lasts === undefined ? undefined : since + lasts;
    const to = lasts === undefined ? Infinity : world.elapsed + lasts;
    const hold = { facility, message: 'a simulated hold', since, until, by: 'olivia' };
    void life.holds.place(hold, 'a request of olivia').then(() => {
      world.note(`${facility} is held`);
      world.ledger.holds.push({ facility, from: world.elapsed, to });
    });
  }

  /** An operator releases a facility, as soon as there is a process to ask. */
  private release(facility: string): void {
    const { world, life } = this;
    const { clock } = world;
    this.holdEnds(facility);
    let released = false;
    clock.schedule(10 * SECOND, () => {
      if (!released) this.release(facility);
    });
    if (!life.alive || life.stopping) return;
    void life.holds.release(facility, 'olivia', 'a request of olivia').then(() => {
      released = true;
      // Of a hold that was asked for before, and answered since.
      this.holdEnds(facility);
      world.note(`${facility} is released`);
    });
  }

  /** From here on it is open whether the facility is held. */
  private holdEnds(facility: string): void {
    for (const period of this.world.ledger.holds) {
      if (period.facility === facility) period.to = Math.min(period.to, this.world.elapsed);
    }
  }

  private crash(): void {
    const { world } = this;
    if (!this.life.alive) return;
    this.life.crash();
    if (world.plan.spoolLoss) {
      for (const key of [...world.disk.keys()]) {
        if (world.dice.chance(0.3)) world.disk.delete(key);
      }
    }
    this.startAgain();
  }

  private async stop(): Promise<void> {
    const { life } = this;
    if (!life.alive || life.stopping) return;
    await life.stop();
    // Killed while it stopped, it has a successor already.
    if (this.life === life) this.startAgain();
  }

  private startAgain(): void {
    if (this.starting) return;
    this.starting = true;
    const { clock, dice } = this.world;
    clock.schedule(dice.pick([SECOND, 10 * SECOND, 5 * MINUTE]) * dice.next(), () => {
      this.starting = false;
      this.life = new Life(this.world);
      this.life.start();
    });
  }

  /** A user who may create transfer jobs forges one of ours, with a valid record. */
  private forgeJob(): void {
    const { world } = this;
    const record = aRecord({ datasetPid: '20.500/forged', globusClientId: CLIENT_ID });
    world.scicat.addDataset({
      pid: '20.500/forged',
      ownerGroup: 'p123',
      sourceFolder: '/data/forged',
    });
    const id = world.dice.uuid();
    const at = new Date(world.trueNow).toISOString();
    world.scicat.putJob({
      _id: id,
      id,
      type: 'globus_transfer_job',
      ownerUser: FORGER,
      ownerGroup: 'p123',
      accessGroups: [],
      isPublished: false,
      statusCode: 'jobSubmitted',
      statusMessage: 'Job submitted.',
      jobParams: {
        datasetList: [{ pid: record.datasetPid, files: [] }],
        globusTransfer: { key: record.key, sealed: sealRecord(record) },
      },
      jobResultObject: {},
      configVersion: '1',
      createdBy: FORGER,
      updatedBy: FORGER,
      createdAt: at,
      updatedAt: at,
      __v: 0,
    });
    this.plan(0.3, 'the forger cancels', () => {
      this.users.cancel(FORGER, id, world.dice.chance(0.5), 1);
    });
  }

  /** SciCat's job types can let others write jobs: one rewrites a job, open or ended, in any way. */
  private rewrite(): void {
    const { world } = this;
    const { dice, scicat, ledger } = world;
    const [first, ...others] = scicat
      .jobs()
      .filter(
        ({ createdBy, type }) => createdBy === SERVICE_USER && type === 'globus_transfer_job',
      );
    if (first === undefined) return;
    const job = dice.pick([first, ...others]);
    const [what, result] = this.forgedResult(job);
    world.note(
      `${FORGER} rewrites ${job.id.slice(0, 8)} (${String(job.jobResultObject?.['status'])}): ${what}`,
    );
    ledger.rewrites.push({ jobId: job.id, at: world.elapsed, life: this.life.number });
    scicat.putJob({
      ...job,
      statusCode: dice.pick(['001', '002', '003', 'whatever']),
      statusMessage: `rewritten: ${what}`,
      jobResultObject: result,
      updatedBy: FORGER,
      updatedAt: new Date(world.trueNow).toISOString(),
    });
    if (dice.chance(0.5)) {
      world.clock.schedule(dice.pick([0, SECOND, 30 * SECOND]), () => {
        this.crash();
      });
    }
    if (dice.chance(0.2)) {
      world.clock.schedule(MINUTE, () => {
        this.users.cancel(dice.pick(USERS), job.id, dice.chance(0.5), 3);
      });
    }
  }

  private forgedResult(job: JobDocument): readonly [what: string, JobDocument['jobResultObject']] {
    const { world } = this;
    const { dice, ledger } = world;
    const written = job.jobResultObject ?? {};
    const what = dice.pick([
      ...['message only', 'emptied', 'null', 'reopened', 'finalizing', 'unknown task'],
      ...['foreign task', 'earlier', 'finished', 'failed', 'cancelled', 'cancellation'],
    ] as const);
    switch (what) {
      case 'message only':
        return [what, job.jobResultObject];
      case 'emptied':
        return [what, {}];
      case 'null':
        return [what, null];
      case 'reopened':
        return [what, { status: 'transferring', phase: 'waiting', globusTaskId: '', error: '' }];
      case 'finalizing':
        return [
          what,
          { ...written, status: 'transferring', phase: 'finalizing', globusTaskId: dice.uuid() },
        ];
      case 'unknown task':
        return [
          what,
          { ...written, status: 'transferring', phase: 'transferring', globusTaskId: dice.uuid() },
        ];
      case 'foreign task': {
        world.strangersTask ??= world.addForeignTask();
        const globusTaskId = world.strangersTask ?? '';
        return [what, { ...written, status: 'transferring', phase: 'transferring', globusTaskId }];
      }
      case 'earlier': {
        const writes = ledger.jobs.get(job.id)?.writes ?? [];
        const one = writes[dice.whole(0, Math.max(0, writes.length - 1))];
        return [what, one?.job.jobResultObject ?? {}];
      }
      case 'finished':
      case 'failed':
      case 'cancelled':
        return [what, { ...written, status: what, phase: what }];
      case 'cancellation':
        return [
          what,
          {
            ...written,
            status: 'transferring',
            endRequested: { reason: 'user', by: FORGER, at: '', remove: true },
          },
        ];
    }
  }
}
