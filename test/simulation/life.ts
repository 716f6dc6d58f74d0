import { globusServices } from '../../src/globus/globus-services.js';
import type { ScicatDatasets } from '../../src/scicat/scicat-datasets.client.js';
import type { ScicatIdentities } from '../../src/scicat/scicat-identities.client.js';
import { scicatServices } from '../../src/scicat/scicat-services.js';
import type { Clock } from '../../src/ports/clock.port.js';
import { Alarms } from '../../src/tracking/core/alarms.js';
import { Tracker } from '../../src/tracking/tracker.js';
import { CancelTransfer } from '../../src/transfers/application/cancel-transfer.js';
import { LookUpTransfers } from '../../src/transfers/application/look-up-transfers.js';
import type {
  FileListStore,
  StoredEntry,
  StoreUsage,
} from '../../src/ports/file-list-store.port.js';
import type { StoredFileList } from '../../src/file-lists/stored-format.js';
import type { TransferEvent } from '../../src/ports/transfer-events.port.js';
import { RequestTransfer } from '../../src/transfers/application/request-transfer.js';
import type { FileList } from '../../src/file-lists/file-list.js';
import { FacilityAuthorization } from '../../src/facilities/facility-authorization.js';
import type { FacilityHold } from '../../src/domain/facility-hold.js';
import type { FacilityHoldStore, StoredHolds } from '../../src/ports/facility-hold-store.port.js';
import { HeldFacilities } from '../../src/tracking/queue/held-facilities.js';
import { SpoolUnavailableError } from '../../src/errors/request.errors.js';
import { MINUTE } from './plan.js';
import { SimulatedNetwork } from './simulated-network.js';
import { listInMemory } from '../support/fake-file-list-store.js';
import type { World } from './world.js';
import { filesOf } from '../support/file-lists.js';

/** From a stop to the end of the process, in milliseconds: what the service promises. */
const STOPS_WITHIN_MS = 20_000;

/**
 * One life of the process, wired as the modules wire it. When it has died nothing in it ever goes
 * on: its clock does not wake it, its network does not answer it, its disk does not write for it.
 */
export class Life {
  alive = true;
  /** It was told to stop. */
  stopping = false;
  private looked = false;
  diedAt = Number.POSITIVE_INFINITY;
  readonly number: number;
  readonly tracker: Tracker;
  readonly requests: RequestTransfer;
  readonly cancels: CancelTransfer;
  readonly lookUps: LookUpTransfers;
  readonly identities: ScicatIdentities;
  readonly datasets: ScicatDatasets;
  readonly alarms: Alarms;
  readonly holds: HeldFacilities;

  constructor(private readonly world: World) {
    const { ledger, config, dice } = world;
    ledger.lives.push({ from: world.elapsed, to: Number.POSITIVE_INFINITY });
    this.number = ledger.lives.length;
    const clock = new ClockOfLife(world, this);
    const transport = new SimulatedNetwork(world, this);
    const random = dice.next;
    const events = {
      emit: (event: TransferEvent) => {
        this.sawEvent(event);
      },
    };
    const network = { transport, clock, random };
    const scicat = scicatServices(() => config.current(), network);
    const { jobs, archiveJobs } = scicat;
    this.datasets = scicat.datasets;
    this.identities = scicat.identities;
    this.alarms = new Alarms(events);
    const store = new HoldStoreOfLife(world, this);
    this.holds = new HeldFacilities(
      { store, events, alarms: this.alarms, clock },
      world.storedHolds,
    );
    const spool = new SpoolOfLife(world, this);
    this.tracker = new Tracker({
      jobs,
      archiveJobs,
      datasets: this.datasets,
      globus: globusServices(config.current(), network).transfers,
      fileLists: spool,
      history: world.history,
      events,
      alarms: this.alarms,
      holds: this.holds,
      config,
      clock,
      random,
    });
    const common = { jobs, tracking: this.tracker, events, clock, config };
    this.requests = new RequestTransfer({
      ...common,
      fileLists: spool,
      facilities: new FacilityAuthorization(() => config.current().facilities),
      newUuid: () => dice.uuid(),
    });
    this.cancels = new CancelTransfer(common);
    this.lookUps = new LookUpTransfers(common);
  }

  /** The process starts, and its timer wakes the tracker from now on. */
  start(): void {
    const { world } = this;
    const everyMs = world.plan.task.pollIntervalSeconds * 1000;
    const wake = (): void => {
      if (!this.alive) return;
      this.tracker.wake();
      // Once faults have ended there is less to see, and the run should end.
      world.clock.schedule(world.troubled ? everyMs : Math.max(everyMs, MINUTE), wake);
    };
    world.clock.schedule(everyMs, wake);
    this.tracker.start();
    world.note(`process ${this.number} starts`);
  }

  /** The process is gone, from one moment to the next. */
  crash(): void {
    if (!this.alive) return;
    this.alive = false;
    this.diedAt = this.world.elapsed;
    const life = this.world.ledger.lives[this.number - 1];
    if (life !== undefined) life.to = this.world.elapsed;
    this.world.note(`process ${this.number} dies`);
  }

  /** The process is told to stop, and ends, after 20 seconds at the latest. */
  async stop(): Promise<void> {
    const { world } = this;
    this.stopping = true;
    world.note(`process ${this.number} is told to stop`);
    const ended = await Promise.race([
      this.tracker.stop(15_000).then(() => true),
      new Promise<boolean>((resolve) => {
        world.clock.schedule(STOPS_WITHIN_MS, () => {
          resolve(false);
        });
      }),
    ]);
    if (!this.alive) return;
    if (!ended) world.violated(`process ${this.number} did not stop within 20 s`);
    this.crash();
  }

  /** From its first look on the service knows every open job, or equal requests would be doubled. */
  private checkAllTakenUp(): void {
    const { world } = this;
    if (this.looked) return;
    this.looked = true;
    for (const job of world.scicat.jobs()) {
      const status = job.jobResultObject?.['status'];
      const open = status === undefined || status === 'transferring';
      const history = world.ledger.jobs.get(job.id);
      if (job.type !== 'globus_transfer_job' || !open || history === undefined) continue;
      const rewritten = world.ledger.rewrites.some(
        ({ jobId, life }) => jobId === job.id && life === this.number,
      );
      const storedBefore = history.created.life < this.number && !history.created.late;
      const written = history.writes.some(({ late, life }) => late && life < this.number);
      if (storedBefore && !written && !rewritten && this.tracker.find(job.id) === undefined) {
        world.violated(`process ${this.number} has not taken up the open job ${job.id}`);
      }
    }
  }

  private sawEvent(event: TransferEvent): void {
    const { world } = this;
    switch (event.kind) {
      case 'alarm':
        world.note(`alarm ${event.alarm}: ${event.reason}`);
        // An unexpected error is a bug in the service, whatever its consequences.
        if (event.alarm.startsWith('internal:'))
          world.violated(`${event.alarm}: ${String(event.error)}`);
        return;
      case 'changed': {
        const { jobId, status } = event.transfer;
        const why = status.state === 'waiting' ? `: ${status.reason}` : '';
        world.note(`${jobId.slice(0, 8)} ${event.from} -> ${status.state}${why}`);
        return;
      }
      case 'job-gone':
      case 'job-ignored':
      case 'job-parked':
        world.note(`${event.kind} ${event.jobId.slice(0, 8)}`);
        return;
      case 'swept':
        world.note(`swept: ${event.open} open, ${event.adopted} adopted ${event.error ?? ''}`);
        if (event.error === undefined) this.checkAllTakenUp();
        return;
      case 'adopted':
        world.note(`adopted ${event.transfer.jobId.slice(0, 8)}`);
        return;
      default:
        return;
    }
  }
}

/** The process's clocks: the wall clock jumps, the monotonic one begins with the process. */
class ClockOfLife implements Clock {
  private readonly bornAt: number;
  private readonly offset: number;

  constructor(
    private readonly world: World,
    private readonly life: Life,
  ) {
    this.bornAt = world.elapsed;
    this.offset = world.dice.whole(0, 1e9);
  }

  now(): number {
    return this.world.trueNow + this.world.wallErrorMs;
  }

  monotonicMs(): number {
    return this.world.elapsed - this.bornAt + this.offset;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { world, life } = this;
    return new Promise((resolve, reject) => {
      if (!life.alive) return;
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        takeBack();
        if (life.alive) reject(signal?.reason as Error);
      };
      const takeBack = world.clock.schedule(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        if (life.alive) resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  schedule(ms: number, callback: () => void): () => void {
    const { world, life } = this;
    return world.clock.schedule(ms, () => {
      if (life.alive) callback();
    });
  }
}

/** The file with the holds as a process sees it. */
class HoldStoreOfLife implements FacilityHoldStore {
  constructor(
    private readonly world: World,
    private readonly life: Life,
  ) {}

  read(): Promise<StoredHolds> {
    return Promise.resolve({ kind: 'read', holds: this.world.storedHolds });
  }

  /** The process may die before and after the file has been replaced. */
  write(holds: readonly FacilityHold[]): Promise<void> {
    const { world, life } = this;
    return new Promise((resolve) => {
      world.clock.schedule(3, () => {
        if (life.alive) world.storedHolds = holds;
      });
      world.clock.schedule(6, () => {
        if (life.alive) resolve();
      });
    });
  }
}

/** The spool as a process sees it; what is on the disk outlives the process. */
class SpoolOfLife implements FileListStore {
  constructor(
    private readonly world: World,
    private readonly life: Life,
  ) {}

  async put(key: string, files: FileList): Promise<void> {
    const { world } = this;
    await this.takesTime();
    if (world.troubled && world.dice.chance(world.plan.rates.errorBefore)) {
      throw new SpoolUnavailableError('The disk is full (simulated).');
    }
    world.disk.set(key, { files: filesOf(files), at: world.trueNow, named: false });
    await this.takesTime();
  }

  async markNamed(key: string): Promise<void> {
    await this.takesTime();
    const list = this.world.disk.get(key);
    if (list !== undefined) this.world.disk.set(key, { ...list, named: true });
  }

  usage(): StoreUsage {
    const refused = { quota: 0, 'user-quota': 0, disk: 0 };
    return { bytes: 0, maxBytes: 1, refused, trouble: undefined };
  }

  async open(key: string): Promise<StoredFileList | undefined> {
    await this.takesTime();
    const list = this.world.disk.get(key);
    return list === undefined ? undefined : listInMemory(list.files);
  }

  async remove(key: string): Promise<void> {
    await this.takesTime();
    this.world.disk.delete(key);
  }

  async entries(): Promise<readonly StoredEntry[]> {
    await this.takesTime();
    return [...this.world.disk].map(([key, { at, named }]) => ({ key, storedAt: at, named }));
  }

  private takesTime(): Promise<void> {
    const { world, life } = this;
    return new Promise((resolve) => {
      if (!life.alive) return;
      world.clock.schedule(world.dice.between(0, 5), () => {
        if (life.alive) resolve();
      });
    });
  }
}
