import type { TrackingDeps } from '../core/tracking-deps.js';
import { UpstreamError } from '../../errors/upstream.errors.js';
import { isOurs, showsEnded, type TransferJobDocument, readJob } from '../../domain/job-reading.js';
import { type Transfer, withEndRequest } from '../../domain/transfer.js';
import { isFinal } from '../../domain/transfer-state.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';

interface Deps extends TrackingDeps {
  /** A tracked job is no longer in SciCat. */
  readonly onGone: (tracked: TrackedTransfer) => void;
}

/** Jobs in one list: each list costs a round trip. */
const PAGE = 1000;
/** So many jobs are taken up before others get their turn: probes want an answer meanwhile. */
const ADOPTED_AT_ONCE = 200;
/** A job may be listed before the request that made it has heard of it. */
const LEAVE_ALONE_MS = 2 * 60_000;
/** The Go version may still run, and touches its jobs at every poll. */
const GO_VERSION_SILENT_MS = 15 * 60_000;
/** A disowned key is searched at these times after the request was answered. */
const DISOWNED_SEARCHES_MS = [5_000, 20_000, 60_000, 180_000];
const DISOWNED_LAST_SEARCH_MS = 300_000;
/** A list whose job is unknown: a job of that key may be stored late, or SciCat restored. */
const KEEP_SPOOLED_MS = 7 * 24 * 60 * 60_000;

/** Until SciCat has answered a search that was late enough. */
function* disownedSearches(): Generator<number> {
  yield* DISOWNED_SEARCHES_MS;
  for (let at = DISOWNED_LAST_SEARCH_MS; ; at += DISOWNED_LAST_SEARCH_MS) yield at;
}

/** What a sweep found. */
export interface SweepResult {
  readonly open: number;
  readonly adopted: number;
}

/**
 * Brings what this process tracks and what SciCat shows as open together again: at start, and
 * every few minutes. So restarts, lost writes and jobs that turn up late all heal.
 */
export class Sweep {
  /** Jobs that were reported as unusable; each is reported once. */
  private readonly ignored = new Set<string>();
  private readonly disowned = new Set<string>();

  constructor(private readonly deps: Deps) {}

  /**
   * Takes up every open job of our own.
   *
   * @throws UpstreamError when the list could not be read to its end
   */
  async recover(): Promise<SweepResult> {
    const { jobs, signal } = this.deps;
    let open = 0;
    let adopted = 0;
    let page = await jobs.listOpen(undefined, PAGE, signal);
    for (;;) {
      open += page.length;
      const last = page.length < PAGE ? undefined : page.at(-1);
      const adopting = this.adoptPage(page);
      if (last === undefined) {
        adopted += await adopting;
        break;
      }
      // SciCat makes the next page while this one is taken up.
      const [next, taken] = await Promise.all([jobs.listOpen(last.id, PAGE, signal), adopting]);
      page = next;
      adopted += taken;
    }
    if (open === 0) await this.believeEmptyList();
    return { open, adopted };
  }

  /** @returns how many of the page's jobs were taken up */
  private async adoptPage(page: readonly TransferJobDocument[]): Promise<number> {
    const { clock, signal } = this.deps;
    let adopted = 0;
    for (const [index, job] of page.entries()) {
      // Before the first one of many, too, so that the request for the next page is on its way.
      if (page.length > ADOPTED_AT_ONCE && index % ADOPTED_AT_ONCE === 0) {
        await clock.sleep(0, signal);
      }
      if (this.adoptIfDue(job, 0) !== undefined) adopted += 1;
    }
    return adopted;
  }

  /**
   * Finds open jobs that are not tracked, and tracked ones that are gone.
   *
   * @throws UpstreamError when the list could not be read to its end
   */
  async run(): Promise<SweepResult> {
    const { jobs, transfers, signal } = this.deps;
    const trackedIds = [...transfers.all()].map(({ jobId }) => jobId);
    const listed = new Set<string>();
    let after: string | undefined;
    for (;;) {
      const ids = await jobs.listOpenIds(after, PAGE, signal);
      for (const id of ids) listed.add(id);
      after = ids.at(-1);
      if (after === undefined || ids.length < PAGE) break;
    }
    let adopted = 0;
    const troubles = new Troubles();
    for (const id of listed) {
      if (transfers.get(id) !== undefined || this.ignored.has(id)) continue;
      if (await troubles.unless(this.takeUp(id))) adopted += 1;
    }
    for (const id of trackedIds) {
      if (!listed.has(id)) await troubles.unless(this.checkGone(id));
    }
    // An account without rights is shown empty lists: nothing follows from those.
    if (listed.size > 0) await troubles.unless(this.sweepSpool());
    troubles.throwIfAny();
    if (listed.size === 0) await this.believeEmptyList();
    return { open: listed.size, adopted };
  }

  /**
   * Takes up one open job.
   *
   * @returns undefined when it can't be used
   */
  adopt(job: TransferJobDocument): TrackedTransfer | undefined {
    const { jobs, transfers, writer, history, events } = this.deps;
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
        const tracked = transfers.add(read.transfer, { holdsSlot: false });
        if (wasWritten(job)) writer.markSynced(tracked);
        void history.note(job.id);
        events.emit({ kind: 'adopted', transfer: read.transfer });
        return tracked;
      }
    }
  }

  /** See {@link TransferTracking.disown}. Ends by itself after some minutes; never rejects. */
  async disown(key: string): Promise<void> {
    const { clock, signal, transfers, writer } = this.deps;
    this.disowned.add(key);
    const started = clock.monotonicMs();
    try {
      for (const searchAt of disownedSearches()) {
        await clock.sleep(started + searchAt - clock.monotonicMs(), signal);
        const found = await this.searchDisowned(key);
        if (found === 'gone') return;
        if (found === 'unanswered') continue;
        if (found === 'not-there') {
          // While SciCat is down it is unknown; only its answer ends the search.
          if (searchAt >= DISOWNED_LAST_SEARCH_MS) return;
          continue;
        }
        const known = transfers.get(found.id) !== undefined;
        const tracked = this.adopt(found);
        if (tracked === undefined) return;
        transfers.update(tracked, (transfer) => this.notAccepted(transfer, known));
        writer.changed(tracked, 'needed');
        return;
      }
    } catch {
      // The service stops; after the restart the job is carried out like any other.
    } finally {
      this.disowned.delete(key);
    }
  }

  private async searchDisowned(
    key: string,
  ): Promise<TransferJobDocument | 'not-there' | 'gone' | 'unanswered'> {
    const { jobs, signal } = this.deps;
    try {
      const job = await jobs.findByKey(key, signal);
      if (job === undefined) return 'not-there';
      return showsEnded(job) ? 'gone' : job;
    } catch {
      return 'unanswered';
    }
  }

  /** @param known it had been taken up before, so Globus may have been asked to start it */
  private notAccepted(transfer: Transfer, known: boolean): Transfer {
    const { status } = transfer;
    const asked = withEndRequest(transfer, {
      reason: 'user',
      by: 'the service, because the request had been answered with an error',
      at: new Date(this.deps.clock.now()).toISOString(),
      remove: false,
    });
    // This process made the key and never submitted anything under it.
    return status.state === 'waiting' && !known
      ? { ...asked, status: { ...status, submission: 'not-sent' } }
      : asked;
  }

  private async takeUp(jobId: string): Promise<boolean> {
    const { jobs, transfers, writer, signal } = this.deps;
    const job = await jobs.read(jobId, signal);
    if (job === undefined || showsEnded(job)) return false;
    const ended = transfers.recentlyEnded(jobId);
    if (ended !== undefined) {
      // SciCat lost the end that it had confirmed: say it again.
      writer.changed(transfers.add(ended, { holdsSlot: false }), 'final');
      return false;
    }
    return this.adoptIfDue(job, LEAVE_ALONE_MS) !== undefined;
  }

  /**
   * An account that has lost its rights is shown an empty list, as if nothing were open. It means
   * what it says when there never was a job of ours, or when one of them can be read or is certainly
   * gone.
   *
   * @throws ServiceAccountError when SciCat does not let the account read the job that is known
   */
  private async believeEmptyList(): Promise<void> {
    const { jobs, history, signal } = this.deps;
    const known = await history.knownJob();
    if (known !== undefined && (await jobs.read(known, signal)) === undefined)
      await history.forget();
  }

  /** Ages are by two clocks, ours and SciCat's: a job from the future is no reason to wait. */
  private adoptIfDue(job: TransferJobDocument, leaveAloneMs: number): TrackedTransfer | undefined {
    const now = this.deps.clock.now();
    if (job.globusTransfer === undefined) {
      const touchedMs = now - Math.max(job.updatedAt, job.createdAt);
      return touchedMs >= GO_VERSION_SILENT_MS ? this.adopt(job) : undefined;
    }
    const ageMs = now - job.createdAt;
    // A clock that is a little behind is no reason to take up what a request has just made.
    const tooYoung = Math.abs(ageMs) < leaveAloneMs;
    if (tooYoung || this.isDisowned(job)) return undefined;
    const tracked = this.adopt(job);
    // Its owner was shown nothing yet but that it was submitted, and it may have to wait.
    if (tracked !== undefined && !wasWritten(job)) this.deps.writer.changed(tracked, 'needed');
    return tracked;
  }

  private isDisowned(job: TransferJobDocument): boolean {
    if (this.disowned.size === 0) return false;
    const read = readJob(job);
    return read.kind === 'open' && this.disowned.has(read.transfer.key);
  }

  /** A tracked transfer that SciCat does not list as open: lagging, ended elsewhere, or gone. */
  private async checkGone(jobId: string): Promise<void> {
    const { jobs, transfers, writer, signal, onGone } = this.deps;
    const tracked = transfers.get(jobId);
    if (tracked === undefined || tracked.jobGone) return;
    const job = await jobs.read(jobId, signal);
    if (job === undefined) {
      onGone(tracked);
      return;
    }
    // Somebody else wrote an end into it; only Globus's end counts.
    if (showsEnded(job) && !isFinal(tracked.transfer.status.state)) writer.markUnsynced(tracked);
  }

  /** Lists of transfers that have ended or never began, after days. */
  private async sweepSpool(): Promise<void> {
    const { fileLists, jobs, clock, signal, transfers } = this.deps;
    const keep = new Set([...transfers.all()].map(({ transfer }) => transfer.key));
    for (const { key, storedAt } of await fileLists.entries()) {
      if (keep.has(key) || clock.now() - storedAt < KEEP_SPOOLED_MS) continue;
      const found = await jobs.findByKey(key, signal);
      if (found !== undefined) {
        const job = await jobs.read(found.id, signal);
        if (job !== undefined && !showsEnded(job)) continue;
      }
      await fileLists.remove(key);
    }
  }

  private ignore(jobId: string, reason: string): void {
    if (this.ignored.has(jobId)) return;
    this.ignored.add(jobId);
    this.deps.events.emit({ kind: 'job-ignored', jobId, reason });
  }
}

function wasWritten({ result }: TransferJobDocument): boolean {
  return result !== null && Object.keys(result ?? {}).length > 0;
}

/** This many failures in a row mean that SciCat is down, and not that a job is odd. */
const TROUBLES_IN_A_ROW = 5;

/**
 * Errors of single jobs in a sweep: one job that can't be read must not keep the others from being
 * looked at. The sweep is repeated soon all the same, unless SciCat has understood and said no.
 */
class Troubles {
  private first: unknown;
  private inARow = 0;

  /** @returns undefined when the step failed */
  async unless<T>(step: Promise<T>): Promise<T | undefined> {
    try {
      const result = await step;
      this.inARow = 0;
      return result;
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.code === 'SERVICE_ACCOUNT') throw error;
      if (error.code === 'UPSTREAM_REJECTED') return undefined;
      this.first ??= error;
      this.inARow += 1;
      if (this.inARow >= TROUBLES_IN_A_ROW) throw error;
      return undefined;
    }
  }

  throwIfAny(): void {
    if (this.first !== undefined) throw this.first as Error;
  }
}
