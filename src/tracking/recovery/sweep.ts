import type { TrackingDeps } from '../core/tracking-deps.js';
import { errorInWords } from '../../errors/error-facts.js';
import { UnreadableItemError, UpstreamError } from '../../errors/upstream.errors.js';
import {
  isOurs,
  isOurWord,
  showsEnded,
  type TransferJobDocument,
  readJob,
} from '../../domain/job-reading.js';
import { field } from '../../domain/untyped.js';
import type { OpenJobs } from '../../ports/transfer-jobs.port.js';
import { type Transfer, withEndRequest } from '../../domain/transfer.js';
import { isFinal } from '../../domain/transfer-state.js';
import type { TrackedTransfer } from '../core/tracked-transfers.js';
import { FileListSweep } from './file-list-sweep.js';
import { LeftOutJobs } from './left-out-jobs.js';
import { UnwrittenJobs } from './unwritten-jobs.js';
import type { Doubts } from './doubts.js';

/** Jobs per listing; each listing costs a round trip. */
const PAGE = 1000;
/** Jobs adopted before yielding, so that health probes are answered meanwhile. */
const ADOPTED_AT_ONCE = 200;
/** A job may be listed before the request that created it gets its answer. */
const LEAVE_ALONE_MS = 2 * 60_000;
/** The Go version may still be running; it touches its jobs at every poll. */
const GO_VERSION_SILENT_MS = 15 * 60_000;
/** When a disowned key is searched, counted from the answer to its request. */
const DISOWNED_SEARCHES_MS = [5_000, 20_000, 60_000, 180_000];
const DISOWNED_LAST_SEARCH_MS = 300_000;
/**
 * Jobs whose end other accounts have written, at most: each costs a call to Globus. An operator may write
 * into some, and a former account that is not configured has written all.
 */
const MAX_REWRITTEN = 10_000;
/** Three times as long as such a search takes, and longer than any request does. */
const KEEP_UNNAMED_LIST_MS = 3 * DISOWNED_LAST_SEARCH_MS;

/** Without end: the search stops when SciCat has answered late enough. */
function* disownedSearches(): Generator<number> {
  yield* DISOWNED_SEARCHES_MS;
  for (let at = DISOWNED_LAST_SEARCH_MS; ; at += DISOWNED_LAST_SEARCH_MS) yield at;
}

/** How many jobs are open, and how many of them a sweep adopted. */
export interface SweepResult {
  readonly open: number;
  readonly adopted: number;
}

/**
 * Reconciles the tracked transfers with the jobs that SciCat shows as open, at start and every few
 * minutes. This heals restarts, lost writes and jobs that turn up late.
 */
export class Sweep {
  /** Keys of requests that were answered with an error, whose jobs are still searched. */
  private readonly disowned = new Set<string>();
  private readonly unwritten: UnwrittenJobs;
  private readonly leftOut: LeftOutJobs;
  private readonly fileLists: FileListSweep;

  constructor(
    private readonly deps: TrackingDeps,
    /** Called when a tracked job is no longer in SciCat. */
    private readonly onGone: (tracked: TrackedTransfer) => void,
    private readonly doubts: Pick<Doubts, 'add'>,
  ) {
    this.unwritten = new UnwrittenJobs(deps);
    this.leftOut = new LeftOutJobs(deps);
    this.fileLists = new FileListSweep(deps, KEEP_UNNAMED_LIST_MS);
  }

  /**
   * Adopts every open job of our own, and those whose end another account than ours has written: it may be
   * forged.
   *
   * @throws UpstreamError when the list could not be read completely
   */
  async recover(): Promise<SweepResult> {
    const { jobs, history, signal } = this.deps;
    await history.load();
    const [result] = await Promise.all([
      this.adoptAll((after) => jobs.listOpen(after, PAGE, signal)),
      this.adoptAll((after) => jobs.listRewritten(after, PAGE, signal), MAX_REWRITTEN),
    ]);
    if (result.open === 0) await this.believeEmptyList();
    return result;
  }

  /** @param most number of jobs after which the rest is left alone */
  private async adoptAll(
    list: (after: string | undefined) => Promise<OpenJobs>,
    most = Number.POSITIVE_INFINITY,
  ): Promise<SweepResult> {
    let open = 0;
    let adopted = 0;
    let page = await list(undefined);
    while (page.last !== undefined) {
      const { last } = page;
      open += page.jobs.length + page.unreadable.length;
      for (const { id, reason } of page.unreadable) this.leftOut.failed(id, reason);
      // SciCat prepares the next page while this one is adopted.
      const [count, next] = await Promise.all([
        this.adoptPage(page.jobs),
        open < most ? list(last) : { jobs: [], unreadable: [], last: undefined },
      ]);
      adopted += count;
      page = next;
    }
    return { open, adopted };
  }

  /** @returns how many of the page's jobs were adopted */
  private async adoptPage(page: readonly TransferJobDocument[]): Promise<number> {
    const { clock, signal } = this.deps;
    let adopted = 0;
    for (const [index, job] of page.entries()) {
      // Also before the first of many, so that the request for the next page is sent.
      if (page.length > ADOPTED_AT_ONCE && index % ADOPTED_AT_ONCE === 0) {
        await clock.sleep(0, signal);
      }
      if (this.adoptUnlessBad(job, 0) !== undefined) adopted += 1;
    }
    return adopted;
  }

  /** A job that trips this service up must not keep it from taking up all others. */
  private adoptUnlessBad(
    job: TransferJobDocument,
    leaveAloneMs: number,
  ): TrackedTransfer | undefined {
    try {
      const tracked = this.adoptIfDue(job, leaveAloneMs);
      if (!this.leftOut.isIgnored(job.id)) this.leftOut.recovered(job.id);
      return tracked;
    } catch (error) {
      this.leftOut.failed(job.id, `resuming it failed: ${errorInWords(error)}`);
      return undefined;
    }
  }

  /**
   * Adopts open jobs that are not tracked, and finds tracked ones that are gone.
   *
   * @throws UpstreamError when the list could not be read completely, or reading single jobs failed
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
      if (after === undefined) break;
    }
    this.leftOut.onlyOpen(listed);
    let adopted = 0;
    const failures = new Failures();
    for (const id of listed) {
      if (transfers.get(id) !== undefined || this.leftOut.isIgnored(id)) continue;
      if (await failures.tolerate(this.takeUp(id))) adopted += 1;
    }
    for (const id of trackedIds) {
      if (!listed.has(id)) await failures.tolerate(this.checkGone(id));
    }
    // SciCat shows empty lists to an account without rights: nothing follows from those alone.
    if (listed.size > 0) await failures.tolerate(this.fileLists.run('all', this.disowned));
    failures.throwIfAny();
    if (listed.size === 0 && (await this.believeEmptyList())) {
      await failures.tolerate(this.fileLists.run('unnamed', this.disowned));
      failures.throwIfAny();
    }
    return { open: listed.size, adopted };
  }

  /** Adopts one open job. @returns undefined when it can't be used, or has ended */
  adopt(job: TransferJobDocument): TrackedTransfer | undefined {
    const { jobs, transfers, writer, history, events } = this.deps;
    if (!isOurs(job, jobs.ownAccounts())) return undefined;
    const ourWord = isOurWord(job, jobs.ownWriters());
    const read = readJob(job, ourWord);
    switch (read.kind) {
      case 'ended':
        return undefined;
      case 'lost':
        this.leftOut.ignore(
          job.id,
          'it was created by the Go version of the service, with no Globus task',
        );
        return undefined;
      case 'unusable':
        this.leftOut.unusable(job.id, `its record can't be used: ${read.reason}`);
        return undefined;
      case 'open': {
        const present = transfers.get(job.id);
        if (present !== undefined) return present;
        const remembered = history.endOf(job.id);
        if (remembered?.ended !== undefined) {
          this.showEndAgain(job, { ...read.transfer, status: remembered.ended });
          return undefined;
        }
        const tracked = transfers.add(read.transfer, { holdsSlot: false, doubted: !ourWord });
        if (ourWord && wasWritten(job)) writer.markSynced(tracked);
        void history.note(job.id);
        const writtenBy = ourWord ? {} : { writtenBy: job.updatedBy };
        events.emit({ kind: 'adopted', transfer: read.transfer, ...writtenBy });
        if (!ourWord) this.doubts.add(tracked, job);
        const { requested } = remembered ?? {};
        if (requested !== undefined) {
          const { transfer } = tracked;
          transfers.update(tracked, (one) => withEndRequest(one, requested));
          if (tracked.transfer !== transfer && ourWord) writer.changed(tracked, 'needed');
        }
        return tracked;
      }
    }
  }

  /**
   * Corrects a job whose transfer has ended, as the service itself remembers: an ended transfer is never
   * resumed, whatever its job says since, and whoever wrote it.
   */
  private showEndAgain(job: TransferJobDocument, ended: Transfer): void {
    if (field(job.result, 'status') === ended.status.state) return;
    const { transfers, writer } = this.deps;
    writer.changed(transfers.add(ended, { holdsSlot: false }), 'final');
  }

  /**
   * Searches for a job whose request was answered with an error, and cancels it if found. Ends by
   * itself once SciCat has answered after some minutes, and then removes the request's file list; never
   * rejects.
   */
  async disown(key: string): Promise<void> {
    const { clock, signal, transfers, writer, fileLists, history } = this.deps;
    this.disowned.add(key);
    const started = clock.monotonicMs();
    try {
      for (const searchAt of disownedSearches()) {
        await clock.sleep(started + searchAt - clock.monotonicMs(), signal);
        const found = await this.searchDisowned(key);
        // Only an answer from SciCat ends the search.
        if (found === 'unanswered') continue;
        if (found === 'not-there' && searchAt < DISOWNED_LAST_SEARCH_MS) continue;
        if (found === 'ended' || found === 'not-there') {
          // If this fails, a sweep removes the list.
          await fileLists.remove(key).catch(() => undefined);
          return;
        }
        const known = transfers.get(found.id) !== undefined;
        const tracked = this.adopt(found);
        if (tracked === undefined) return;
        const { endRequested } = transfers.update(tracked, (transfer) =>
          this.notAccepted(transfer, known),
        );
        if (endRequested !== undefined) {
          void history.noteEnd(tracked.jobId, { requested: endRequested });
        }
        writer.changed(tracked, 'needed');
        return;
      }
    } catch {
      // The service is stopping; after a restart the job is carried out like any other.
    } finally {
      this.disowned.delete(key);
    }
  }

  /** See {@link LeftOutJobs.setAside}. */
  setAside({ jobId }: Pick<TrackedTransfer, 'jobId'>): void {
    this.leftOut.setAside(jobId);
  }

  private async searchDisowned(
    key: string,
  ): Promise<TransferJobDocument | 'not-there' | 'ended' | 'unanswered'> {
    const { jobs, signal } = this.deps;
    try {
      const job = await jobs.findByKey(key, signal);
      if (job === undefined) return 'not-there';
      return showsEnded(job) ? 'ended' : job;
    } catch {
      return 'unanswered';
    }
  }

  /** @param known it had been adopted before, so it may have been submitted */
  private notAccepted(transfer: Transfer, known: boolean): Transfer {
    const { status } = transfer;
    const ending = withEndRequest(transfer, {
      reason: 'user',
      by: 'the service, because the request was answered with an error',
      at: new Date(this.deps.clock.now()).toISOString(),
      remove: false,
    });
    // This process created the key and never submitted anything under it.
    return status.state === 'waiting' && !known
      ? { ...ending, status: { ...status, submission: 'not-sent' } }
      : ending;
  }

  private async takeUp(jobId: string): Promise<boolean> {
    const { jobs, transfers, writer, signal } = this.deps;
    let job: TransferJobDocument | undefined;
    try {
      job = await jobs.read(jobId, signal);
    } catch (error) {
      if (!(error instanceof UnreadableItemError)) throw error;
      this.leftOut.failed(jobId, error.message);
      return false;
    }
    if (job === undefined || showsEnded(job)) return false;
    const ended = transfers.recentlyEnded(jobId);
    if (ended !== undefined) {
      // SciCat lost an end that it had confirmed: write it again.
      writer.changed(transfers.add(ended, { holdsSlot: false }), 'final');
      return false;
    }
    return this.adoptUnlessBad(job, LEAVE_ALONE_MS) !== undefined;
  }

  /**
   * Verifies an empty list, which SciCat also shows to an account that has lost its rights. It is true
   * when there never was a job of ours, or when a known one can be read or is certainly gone.
   *
   * @returns whether a known job has shown that the account has its rights
   * @throws ServiceAccountError when SciCat does not let the account read the known job
   */
  private async believeEmptyList(): Promise<boolean> {
    const { jobs, history, signal } = this.deps;
    const known = await history.knownJob();
    if (known === undefined) return false;
    try {
      if ((await jobs.read(known, signal)) === undefined) await history.forget();
    } catch (error) {
      // It is there, and the account may read it.
      if (!(error instanceof UnreadableItemError)) throw error;
    }
    return true;
  }

  /** Adopts a job unless it is too young. Its age compares our clock with SciCat's. */
  private adoptIfDue(job: TransferJobDocument, leaveAloneMs: number): TrackedTransfer | undefined {
    const now = this.deps.clock.now();
    if (job.globusTransfer === undefined) {
      const touchedMs = now - Math.max(job.updatedAt, job.createdAt);
      return touchedMs >= GO_VERSION_SILENT_MS ? this.adopt(job) : undefined;
    }
    const ageMs = now - job.createdAt;
    // SciCat's clock may be slightly ahead: a job slightly in the future is young, too.
    const tooYoung = Math.abs(ageMs) < leaveAloneMs;
    if (tooYoung || this.isDisowned(job)) return undefined;
    const tracked = this.adopt(job);
    // Its job still says only that it was submitted, and it may have to wait.
    if (tracked?.doubted === false && !wasWritten(job)) this.unwritten.write(tracked);
    return tracked;
  }

  private isDisowned(job: TransferJobDocument): boolean {
    if (this.disowned.size === 0) return false;
    const read = readJob(job, isOurWord(job, this.deps.jobs.ownWriters()));
    return read.kind === 'open' && this.disowned.has(read.transfer.key);
  }

  /** Checks a tracked job that SciCat does not list as open: it may be removed, or overwritten. */
  private async checkGone(jobId: string): Promise<void> {
    const { jobs, transfers, writer, signal } = this.deps;
    const tracked = transfers.get(jobId);
    if (tracked === undefined || tracked.jobGone) return;
    const job = await jobs.read(jobId, signal);
    if (job === undefined) {
      this.onGone(tracked);
      return;
    }
    // Another program wrote an end into the job; only Globus's end counts.
    if (showsEnded(job) && !isFinal(tracked.transfer.status.state) && !tracked.doubted) {
      writer.markUnsynced(tracked);
    }
  }
}

function wasWritten({ result }: TransferJobDocument): boolean {
  return result !== null && Object.keys(result ?? {}).length > 0;
}

/** Consecutive failures after which SciCat counts as down. */
const FAILURES_IN_A_ROW = 5;

/**
 * Errors of single jobs in a sweep. One job that can't be read must not keep the others from being
 * checked, but the sweep is retried soon, unless SciCat rejected the request.
 */
class Failures {
  private first: unknown;
  private inARow = 0;

  /** @returns undefined when the step failed */
  async tolerate<T>(step: Promise<T>): Promise<T | undefined> {
    try {
      const result = await step;
      this.inARow = 0;
      return result;
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.code === 'SERVICE_ACCOUNT') throw error;
      // Of this job alone, and no reason to try again soon.
      if (error.code === 'UPSTREAM_REJECTED' || error instanceof UnreadableItemError) {
        return undefined;
      }
      this.first ??= error;
      this.inARow += 1;
      if (this.inARow >= FAILURES_IN_A_ROW) throw error;
      return undefined;
    }
  }

  throwIfAny(): void {
    if (this.first !== undefined) throw this.first as Error;
  }
}
