import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobHistory } from '../ports/job-history.port.js';

/**
 * A file in the data folder with the id of one job. Disk failures are ignored: without the id, the
 * service only can't tell what an empty list of jobs means.
 */
export class FileJobHistory implements JobHistory {
  private readonly path: string;
  private noted = false;

  /** @param dataDir absolute path; the folder must exist */
  constructor(dataDir: string) {
    this.path = join(dataDir, 'known-job');
  }

  async knownJob(): Promise<string | undefined> {
    try {
      const jobId = (await readFile(this.path, 'utf8')).trim();
      return jobId === '' ? undefined : jobId;
    } catch {
      return undefined;
    }
  }

  async note(jobId: string): Promise<void> {
    if (this.noted) return;
    this.noted = true;
    try {
      if ((await this.knownJob()) === undefined) {
        await writeFile(this.path, `${jobId}\n`, { mode: 0o600 });
      }
    } catch {
      this.noted = false;
    }
  }

  async forget(): Promise<void> {
    this.noted = false;
    await rm(this.path, { force: true }).catch(() => undefined);
  }
}
