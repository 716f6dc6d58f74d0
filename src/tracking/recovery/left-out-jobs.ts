import type { TrackingDeps } from '../core/tracking-deps.js';

/** Jobs that an alarm names. */
const SHOWN_JOBS = 5;
/** Jobs with an alarm of their own; the log names all. */
const MOST_ALARMS = 50;

/** Open jobs whose transfers are not continued: each is logged once, and an operator is told. */
export class LeftOutJobs {
  /** Jobs that no sweep tries again. */
  private readonly ignored = new Set<string>();
  /** Jobs that could not be taken up when they were last looked at. */
  private readonly failing = new Set<string>();
  private readonly alarmed = new Set<string>();
  /** Jobs of which nothing tells whether they have ended; see {@link setAside}. */
  private readonly unclear = new Set<string>();

  constructor(private readonly deps: Pick<TrackingDeps, 'alarms' | 'events'>) {}

  /** Whether a sweep need not read the job. */
  isIgnored(jobId: string): boolean {
    return this.ignored.has(jobId);
  }

  /** Reports a job that can't be taken up. Each sweep tries it again. */
  failed(jobId: string, reason: string): void {
    const { alarms, events } = this.deps;
    if (!this.failing.has(jobId)) events.emit({ kind: 'job-ignored', jobId, reason });
    this.failing.add(jobId);
    if (this.alarmed.size >= MOST_ALARMS && !this.alarmed.has(jobId)) return;
    this.alarmed.add(jobId);
    alarms.raise(
      `job:${jobId}`,
      `Transfer job ${jobId} in SciCat can't be resumed, and its transfer is not continued. The log says why.`,
    );
  }

  /** Reports a job that no sweep can take up, unless this program changes. */
  unusable(jobId: string, reason: string): void {
    this.ignored.add(jobId);
    this.failed(jobId, reason);
  }

  /** The job can be taken up, or need not be. */
  recovered(jobId: string): void {
    this.failing.delete(jobId);
    if (this.alarmed.delete(jobId)) this.deps.alarms.clear(`job:${jobId}`);
  }

  /** Leaves a job to itself. Nobody has to act. */
  ignore(jobId: string, reason: string): void {
    if (this.ignored.has(jobId)) return;
    this.recovered(jobId);
    this.ignored.add(jobId);
    this.deps.events.emit({ kind: 'job-ignored', jobId, reason });
  }

  /**
   * Leaves a job alone of which nothing tells whether its transfer has ended: carried out, it might be so
   * twice, or against its cancellation. An operator is told, until the job is no longer open.
   */
  setAside(jobId: string): void {
    this.unclear.add(jobId);
    this.ignore(
      jobId,
      "an account other than the service's own wrote it last, Globus has no task for it, and the service does not remember whether it had ended",
    );
    this.tellUnclear();
  }

  /** Only these jobs are open now: an alarm about any other is over. */
  onlyOpen(listed: ReadonlySet<string>): void {
    for (const id of [...this.failing]) if (!listed.has(id)) this.recovered(id);
    for (const id of this.unclear) if (!listed.has(id)) this.unclear.delete(id);
    this.tellUnclear();
  }

  private tellUnclear(): void {
    const { alarms } = this.deps;
    if (this.unclear.size === 0) {
      alarms.clear('scicat-rewritten');
      return;
    }
    const some = [...this.unclear].slice(0, SHOWN_JOBS).join(', ');
    const more =
      this.unclear.size > SHOWN_JOBS ? ` and ${this.unclear.size - SHOWN_JOBS} more` : '';
    alarms.raise(
      'scicat-rewritten',
      `Another account has written into open jobs, and nothing shows whether they had ended before: ${some}${more}. They are left alone. Cancel them and request the transfers again, and make sure that only the service may update its jobs.`,
    );
  }
}
