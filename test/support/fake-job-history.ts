import type { JobHistory } from '../../src/ports/job-history.port.js';

/** A memory that does not outlive the test. */
export class FakeJobHistory implements JobHistory {
  known: string | undefined;

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
}
