import type { JobHistory, RememberedEnd } from '../../src/ports/job-history.port.js';

/** A memory that does not outlive the test. */
export class FakeJobHistory implements JobHistory {
  known: string | undefined;
  /** Since when every end is remembered. */
  since = 0;
  readonly ends = new Map<string, RememberedEnd>();

  knownJob(): Promise<string | undefined> {
    return Promise.resolve(this.known);
  }

  note(jobId: string): Promise<void> {
    this.known ??= jobId;
    return Promise.resolve();
  }

  forget(): Promise<void> {
    this.known = undefined;
    return Promise.resolve();
  }

  load(): Promise<void> {
    return Promise.resolve();
  }

  endOf(jobId: string): RememberedEnd | undefined {
    return this.ends.get(jobId);
  }

  completeSince(): number {
    return this.since;
  }

  noteEnd(jobId: string, end: RememberedEnd): Promise<void> {
    this.ends.set(jobId, { ...this.ends.get(jobId), ...end });
    return Promise.resolve();
  }
}
