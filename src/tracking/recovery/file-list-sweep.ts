import { isOurWord, showsEnded, type TransferJobDocument } from '../../domain/job-reading.js';
import { UnreadableItemError } from '../../errors/upstream.errors.js';
import { REWRITTEN_WITHIN_DAYS } from '../../ports/transfer-jobs.port.js';
import type { TrackingDeps } from '../core/tracking-deps.js';

const DAY_MS = 24 * 60 * 60_000;
/**
 * How long a list is kept whose job is known, but not found: another name of the account or a version
 * that can read the job may be back by then.
 */
const KEEP_NAMED_LIST_MS = 7 * DAY_MS;
/** Each look is a call to SciCat. */
const LOOKS_PER_SWEEP = 200;

/**
 * Removes file lists of transfers that ended or never began. The jobs of lists that are known to be
 * named by one may be hidden from the service for a while, so those are kept for days.
 */
export class FileListSweep {
  /** Lists for which no job was found, with the monotonic time of that look. */
  private jobless: ReadonlyMap<string, number> = new Map();

  constructor(
    private readonly deps: Pick<
      TrackingDeps,
      'fileLists' | 'transfers' | 'jobs' | 'history' | 'clock' | 'signal'
    >,
    /**
     * A list that no job is known to name is removed if two looks this many milliseconds apart find none:
     * longer than any request takes.
     */
    private readonly keepUnnamedMs: number,
  ) {}

  /**
   * @param which `unnamed`: only lists that no job is known to name
   * @param except keys of lists that are left alone
   * @throws UpstreamError
   */
  async run(which: 'all' | 'unnamed', except: ReadonlySet<string>): Promise<void> {
    const { fileLists, clock, transfers } = this.deps;
    const tracked = new Set([...transfers.all()].map(({ transfer }) => transfer.key));
    const jobless = new Map<string, number>();
    let looks = 0;
    for (const { key, storedAt, named } of await fileLists.entries()) {
      if (except.has(key)) continue;
      if (tracked.has(key)) {
        if (!named) await fileLists.markNamed(key).catch(() => undefined);
        continue;
      }
      if (named && (which === 'unnamed' || clock.now() - storedAt < KEEP_NAMED_LIST_MS)) continue;
      const now = clock.monotonicMs();
      const lookedAt = this.jobless.get(key);
      const isDue = named || lookedAt === undefined || now - lookedAt >= this.keepUnnamedMs;
      if (!isDue || looks === LOOKS_PER_SWEEP) {
        if (lookedAt !== undefined) jobless.set(key, lookedAt);
        continue;
      }
      looks += 1;
      if (await this.hasOpenJob(key, storedAt)) continue;
      if (named || lookedAt !== undefined) await fileLists.remove(key);
      else jobless.set(key, now);
    }
    this.jobless = jobless;
  }

  private async hasOpenJob(key: string, listStoredAt: number): Promise<boolean> {
    const { jobs, signal } = this.deps;
    try {
      const found = await jobs.findByKey(key, signal);
      const job = found && (await jobs.read(found.id, signal));
      return job !== undefined && !this.hasEnded(job, listStoredAt);
    } catch (error) {
      if (error instanceof UnreadableItemError) return true;
      throw error;
    }
  }

  /** Whether a job that is not tracked has certainly ended, not just by the word of another account. */
  private hasEnded(job: TransferJobDocument, listStoredAt: number): boolean {
    const { jobs, history, clock } = this.deps;
    if (history.endOf(job.id)?.ended !== undefined) return true;
    const isOld = clock.now() - listStoredAt > REWRITTEN_WITHIN_DAYS * DAY_MS;
    return showsEnded(job) && (isOld || isOurWord(job, jobs.ownWriters()));
  }
}
