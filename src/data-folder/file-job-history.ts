import { appendFile, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { field, stringField } from '../domain/untyped.js';
import type { EndRequest } from '../domain/transfer.js';
import type { EndStatus, JobHistory, RememberedEnd } from '../ports/job-history.port.js';

/** Ends are remembered for longer than a job is checked for having been rewritten. */
const REMEMBER_MS = 35 * 24 * 60 * 60_000;
/** At most; with the texts below, that is about 10 MB, and usually 3 MB. */
const MAX_ENDS = 20_000;
/** Longest text of one end, in characters: enough to say again why a transfer ended. */
const MAX_TEXT = 300;
/** A larger file was not written by this class, and is put aside. */
const MAX_FILE_BYTES = 128 * 1024 * 1024;

interface Entry extends RememberedEnd {
  /** When it was last remembered, in ms since the epoch. */
  readonly at: number;
}

/**
 * Files in the data folder: the id of one job, and the ends of recent transfers, a line of JSON each. Disk
 * failures are ignored: without the id, the service only can't tell what an empty list of jobs means, and
 * without the ends, only not whether a job that another account has rewritten had ended.
 */
export class FileJobHistory implements JobHistory {
  private readonly path: string;
  private readonly endsPath: string;
  private noted = false;
  /** By job id, oldest first. */
  private readonly ends = new Map<string, Entry>();
  private since: number;
  private lines = 0;
  private pending: string[] = [];
  private writing: Promise<void> | undefined;

  /** @param dataDir absolute path; the folder must exist */
  constructor(
    dataDir: string,
    private readonly now: () => number = Date.now,
    private readonly maxEnds = MAX_ENDS,
  ) {
    this.path = join(dataDir, 'known-job');
    this.endsPath = join(dataDir, 'ended-transfers');
    this.since = now();
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

  async load(): Promise<void> {
    if (this.lines > 0) return;
    try {
      const { size } = await stat(this.endsPath);
      if (size > MAX_FILE_BYTES) await rename(this.endsPath, `${this.endsPath}.too-large`);
      else this.readLines(await readFile(this.endsPath, 'utf8'));
    } catch {
      // There is none yet, or it can't be read: nothing is remembered from before now.
    }
    this.forgetOldEnds();
    await this.rewrite();
  }

  endOf(jobId: string): RememberedEnd | undefined {
    return this.ends.get(jobId);
  }

  completeSince(): number {
    return this.since;
  }

  noteEnd(jobId: string, end: RememberedEnd): Promise<void> {
    const before = this.ends.get(jobId);
    const entry = shortened({ ...before, ...end, at: this.now() });
    // As the newest.
    this.ends.delete(jobId);
    this.ends.set(jobId, entry);
    this.forgetOldEnds();
    this.pending.push(lineOf(jobId, entry));
    this.writing ??= this.writePending();
    return this.writing;
  }

  /** Lines that come while others are written are written together, once those are on the disk. */
  private async writePending(): Promise<void> {
    try {
      while (this.pending.length > 0) {
        const lines = this.pending.splice(0);
        try {
          await appendFile(this.endsPath, lines.join(''), { mode: 0o600, flush: true });
          this.lines += lines.length;
          if (this.lines > 2 * this.maxEnds) await this.rewrite();
        } catch {
          // Still remembered while this process lives.
        }
      }
    } finally {
      this.writing = undefined;
    }
  }

  private readLines(text: string): void {
    let since: number | undefined;
    for (const line of text.split('\n')) {
      const value = parsed(line);
      const start = field(value, 'since');
      if (typeof start === 'number') since = start;
      const jobId = stringField(value, 'jobId');
      const entry = readEntry(value);
      if (jobId === undefined || entry === undefined) continue;
      this.ends.delete(jobId);
      this.ends.set(jobId, entry);
    }
    // Without its first line, the file tells nothing of what it may lack.
    if (since !== undefined) this.since = Math.min(since, this.since);
  }

  private forgetOldEnds(): void {
    const oldest = this.now() - REMEMBER_MS;
    for (const [jobId, { at }] of this.ends) {
      if (at >= oldest && this.ends.size <= this.maxEnds) return;
      this.ends.delete(jobId);
      this.since = Math.max(this.since, at);
    }
  }

  /** Without what is no longer needed. */
  private async rewrite(): Promise<void> {
    const whole = [`${JSON.stringify({ since: this.since })}\n`];
    for (const [jobId, entry] of this.ends) whole.push(lineOf(jobId, entry));
    try {
      const written = `${this.endsPath}.new`;
      await writeFile(written, whole.join(''), { mode: 0o600, flush: true });
      await rename(written, this.endsPath);
      this.lines = whole.length;
    } catch {
      // The longer file is as good.
    }
  }
}

function lineOf(jobId: string, entry: Entry): string {
  return `${JSON.stringify({ jobId, ...entry })}\n`;
}

function shortened(entry: Entry): Entry {
  const { requested, ended } = entry;
  return {
    ...entry,
    ...(requested === undefined ? {} : { requested: { ...requested, by: clip(requested.by) } }),
    ...(ended === undefined ? {} : { ended: shortEnd(ended) }),
  };
}

function shortEnd(ended: EndStatus): EndStatus {
  switch (ended.state) {
    case 'failed':
      return { ...ended, error: clip(ended.error) };
    case 'cancelled':
      return { ...ended, by: clip(ended.by) };
    case 'finished':
      return ended.shortfall === undefined
        ? ended
        : { ...ended, shortfall: { ...ended.shortfall, error: clip(ended.shortfall.error) } };
  }
}

function clip(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`;
}

/** The process may have died while it wrote the last line. */
function parsed(line: string): unknown {
  try {
    return line === '' ? undefined : JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** An entry as this class has written it; the data folder is the service's own. */
function readEntry(value: unknown): Entry | undefined {
  const at = field(value, 'at');
  const requested = field(value, 'requested');
  const ended = field(value, 'ended');
  if (typeof at !== 'number') return undefined;
  return {
    at,
    ...(stringField(requested, 'by') === undefined ? {} : { requested: requested as EndRequest }),
    ...(stringField(ended, 'state') === undefined ? {} : { ended: ended as EndStatus }),
  };
}
