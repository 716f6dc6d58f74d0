import { UpstreamError } from '../errors/upstream.errors.js';
import type { Clock } from '../time/clock.port.js';
import type { Spool } from '../transfers/application/ports/spool.port.js';
import type { TransferEvents } from '../transfers/application/ports/transfer-events.port.js';
import type { TransferJobs } from '../transfers/application/ports/transfer-jobs.port.js';
import { isOurs, showsEnded, type TransferJobDocument } from '../transfers/domain/job-document.js';
import { readJob } from '../transfers/domain/job-view.js';
import { type Transfer, withEndRequest } from '../transfers/domain/transfer.js';
import { isFinal } from '../transfers/domain/transfer-state.js';
import type { JobWriter } from './job-writer.js';
import type { OpenTransfer, OpenTransfers } from './open-transfers.js';

/** What the sweep works with. */
export interface SweepParts {
  readonly transfers: OpenTransfers;
  readonly writer: JobWriter;
  readonly jobs: TransferJobs;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly events: TransferEvents;
  readonly signal: AbortSignal;
}

const PAGE = 500;
/** A job may be listed before the request that made it has heard of it. */
const LEAVE_ALONE_MS = 2 * 60_000;
/** The Go version may still run, and touches its jobs at every poll. */
const GO_VERSION_SILENT_MS = 15 * 60_000;
/** A disowned key is looked for at these times after the request was answered. */
const DISOWNED_LOOKS_MS = [5_000, 20_000, 60_000, 180_000, 300_000];
/** A list whose job is unknown: a job of that key may be stored late, or SciCat restored. */
const KEEP_SPOOLED_MS = 7 * 24 * 60 * 60_000;

/** What a sweep found. */
export interface SweepResult {
  readonly open: number;
  readonly adopted: number;
}

/**
 * Brings what this process follows and what SciCat shows as open together again: at start, and
 * every few minutes. So restarts, lost writes and jobs that turn up late all heal.
 */
export class Sweep {
  /** Jobs that were reported as unusable; each is reported once. */
  private readonly ignored = new Set<string>();
  private readonly disowned = new Set<string>();

  constructor(private readonly parts: SweepParts) {}

  /**
   * Takes up every open job of our own.
   *
   * @throws UpstreamError when the list could not be read to its end
   */
  async recover(): Promise<SweepResult> {
    let open = 0;
    let adopted = 0;
    let after: string | undefined;
    for (;;) {
      const page = await this.parts.jobs.listOpen(after, PAGE, this.parts.signal);
      for (const job of page) {
        open += 1;
        if (this.adoptIfDue(job, 0) !== undefined) adopted += 1;
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = last.id;
    }
    return { open, adopted };
  }

  /**
   * Looks for open jobs that are not followed, and for followed ones that are gone.
   *
   * @throws UpstreamError when the list could not be read to its end
   */
  async run(): Promise<SweepResult> {
    const { jobs, transfers, signal } = this.parts;
    const followed = [...transfers.all()].map(({ jobId }) => jobId);
    const listed = new Set<string>();
    let after: string | undefined;
    for (;;) {
      const ids = await jobs.listOpenIds(after, PAGE, signal);
      for (const id of ids) listed.add(id);
      after = ids.at(-1);
      if (after === undefined || ids.length < PAGE) break;
    }
    let adopted = 0;
    for (const id of listed) {
      if (transfers.get(id) !== undefined || this.ignored.has(id)) continue;
      // One job that can't be read must not keep the others from being taken up.
      if (await this.unlessRefused(this.takeUp(id))) adopted += 1;
    }
    for (const id of followed) {
      if (!listed.has(id)) await this.unlessRefused(this.checkGone(id));
    }
    // An account without rights is shown empty lists: nothing follows from those.
    if (listed.size > 0) await this.sweepSpool();
    return { open: listed.size, adopted };
  }

  /**
   * Takes up one open job.
   *
   * @returns undefined when it can't be used
   */
  adopt(job: TransferJobDocument): OpenTransfer | undefined {
    const { jobs, transfers, writer, events } = this.parts;
    if (!isOurs(job, jobs.ownAccounts())) return undefined;
    const read = readJob(job);
    switch (read.kind) {
      case 'ended':
        return undefined;
      case 'lost':
        this.ignore(job.id, 'it is a job of the Go version and names no Globus task');
        return undefined;
      case 'unusable':
        this.ignore(job.id, `its record can't be used: ${read.reason}`);
        return undefined;
      case 'open': {
        const present = transfers.get(job.id);
        if (present !== undefined) return present;
        const open = transfers.add(read.transfer, { holdsSlot: false });
        if (job.result !== null && Object.keys(job.result ?? {}).length > 0) writer.inStep(open);
        events.emit({ kind: 'adopted', transfer: read.transfer });
        return open;
      }
    }
  }

  /** See {@link TransferTracking.disown}. Ends by itself after some minutes; never rejects. */
  async disown(key: string): Promise<void> {
    const { clock, signal, jobs, transfers, writer } = this.parts;
    this.disowned.add(key);
    const started = clock.monotonicMs();
    try {
      for (const lookAt of DISOWNED_LOOKS_MS) {
        await clock.sleep(started + lookAt - clock.monotonicMs(), signal);
        const job = await jobs.findByKey(key, signal).catch(() => undefined);
        if (job === undefined || showsEnded(job)) continue;
        const open = this.adopt(job);
        if (open === undefined) return;
        transfers.update(open, (transfer) => this.notAccepted(transfer));
        writer.changed(open, 'needed');
        return;
      }
    } catch {
      // The service stops; after the restart the job is carried out like any other.
    } finally {
      this.disowned.delete(key);
    }
  }

  private notAccepted(transfer: Transfer): Transfer {
    const { status } = transfer;
    const asked = withEndRequest(transfer, {
      reason: 'user',
      by: 'the service, because the request had been answered with an error',
      at: new Date(this.parts.clock.now()).toISOString(),
      remove: false,
    });
    // This process made the key and never submitted anything under it.
    return status.state === 'waiting'
      ? { ...asked, status: { ...status, handover: 'none' } }
      : asked;
  }

  private async takeUp(jobId: string): Promise<boolean> {
    const { jobs, transfers, writer, signal } = this.parts;
    const job = await jobs.read(jobId, signal);
    if (job === undefined || showsEnded(job)) return false;
    const ended = transfers.lately(jobId);
    if (ended !== undefined) {
      // SciCat lost the end that it had confirmed: say it again.
      writer.changed(transfers.add(ended, { holdsSlot: false }), 'final');
      return false;
    }
    return this.adoptIfDue(job, LEAVE_ALONE_MS) !== undefined;
  }

  /** @returns undefined when SciCat refused; other errors end the sweep, to be repeated whole */
  private async unlessRefused<T>(step: Promise<T>): Promise<T | undefined> {
    try {
      return await step;
    } catch (error) {
      if (error instanceof UpstreamError && error.code === 'UPSTREAM_REJECTED') return undefined;
      throw error;
    }
  }

  /** Ages are by two clocks, ours and SciCat's: a job from the future is no reason to wait. */
  private adoptIfDue(job: TransferJobDocument, leaveAloneMs: number): OpenTransfer | undefined {
    const now = this.parts.clock.now();
    if (job.globusTransfer === undefined) {
      const touchedMs = now - Math.max(job.updatedAt, job.createdAt);
      return touchedMs >= GO_VERSION_SILENT_MS ? this.adopt(job) : undefined;
    }
    const ageMs = now - job.createdAt;
    const tooYoung = ageMs >= 0 && ageMs < leaveAloneMs;
    return tooYoung || this.isDisowned(job) ? undefined : this.adopt(job);
  }

  private isDisowned(job: TransferJobDocument): boolean {
    if (this.disowned.size === 0) return false;
    const read = readJob(job);
    return read.kind === 'open' && this.disowned.has(read.transfer.key);
  }

  /** A followed transfer that SciCat does not list as open: lagging, ended elsewhere, or gone. */
  private async checkGone(jobId: string): Promise<void> {
    const { jobs, transfers, writer, events, signal } = this.parts;
    const open = transfers.get(jobId);
    if (open === undefined) return;
    const job = await jobs.read(jobId, signal);
    if (job === undefined) {
      events.emit({ kind: 'job-gone', jobId });
      this.onGone(open);
      return;
    }
    // Somebody else wrote an end into it; only Globus's end counts.
    if (showsEnded(job) && !isFinal(open.transfer.status.state)) writer.outOfStep(open);
  }

  /** Told when a followed job is gone; set by the tracker, which knows what to end then. */
  onGone: (open: OpenTransfer) => void = () => undefined;

  /** Lists of transfers that have ended or never began, after days. */
  private async sweepSpool(): Promise<void> {
    const { spool, jobs, clock, signal, transfers } = this.parts;
    const keep = new Set([...transfers.all()].map(({ transfer }) => transfer.key));
    for (const { key, storedAt } of await spool.entries()) {
      if (keep.has(key) || clock.now() - storedAt < KEEP_SPOOLED_MS) continue;
      const found = await jobs.findByKey(key, signal);
      if (found !== undefined) {
        const job = await jobs.read(found.id, signal);
        if (job !== undefined && !showsEnded(job)) continue;
      }
      await spool.remove(key);
    }
  }

  private ignore(jobId: string, reason: string): void {
    if (this.ignored.has(jobId)) return;
    this.ignored.add(jobId);
    this.parts.events.emit({ kind: 'job-ignored', jobId, reason });
  }
}
