import { troubleAt, type Collection, type VirtualSettings } from './collections.js';
import type { Trouble } from './event-codes.js';
import { noProgress, type Progress, type SkippedError, type Step, type Work } from './task.js';
import type { TransferItem, TransferRequest } from './transfer-document.js';

/** A copy without files, whose size and duration follow from the collections' settings. */
export class VirtualWork implements Work {
  readonly real = false;
  private counted: Count;
  private durationMs: number;
  private skipped: readonly SkippedError[] = [];
  private workedMs = 0;
  private workingSince: number | undefined;

  constructor(
    private readonly source: Collection,
    private readonly destination: Collection,
    private readonly request: TransferRequest,
  ) {
    this.counted = count(request.items, this.numbers);
    this.durationMs = this.duration();
  }

  private get numbers(): VirtualSettings {
    return this.source.folder === undefined ? this.source.virtual : this.destination.virtual;
  }

  private duration(): number {
    const rates = [this.source.virtual.bytesPerSecond, this.destination.virtual.bytesPerSecond];
    return this.numbers.startupMs + Math.ceil((this.counted.bytes / Math.min(...rates)) * 1000);
  }

  step(now: number): Step {
    if (this.workingSince === undefined) {
      const troubles = this.troubles(now);
      const code = troubles[0]?.code;
      if (troubles[0] !== undefined) {
        // Fact: with this option an exceeded quota ends the task instead of being retried.
        const fatal = this.request.failOnQuotaErrors && code === 'QUOTA_EXCEEDED';
        return {
          outcome: fatal ? { kind: 'fatal', trouble: troubles[0] } : { kind: 'stuck' },
          troubles: fatal ? [] : troubles,
          progressed: false,
        };
      }
      this.workingSince = now;
    }
    const endsAt = this.workingSince + this.durationMs - this.workedMs;
    if (now < endsAt) {
      return { outcome: { kind: 'again', at: endsAt }, troubles: [], progressed: false };
    }
    return { outcome: { kind: 'done' }, troubles: [], progressed: true };
  }

  rest(now: number): void {
    this.workedMs = this.worked(now);
    this.workingSince = undefined;
  }

  complete(now: number): void {
    this.workedMs = this.durationMs;
    this.workingSince ??= now;
  }

  progress(now: number): Progress {
    const { files, directories, symlinks, bytes } = this.counted;
    const worked = this.worked(now);
    if (worked === 0 && this.workingSince === undefined) {
      return { ...noProgress(this.request.items.length), retrying: this.request.items.length };
    }
    const copying = this.durationMs - this.numbers.startupMs;
    const done = worked >= this.durationMs;
    const part = done
      ? 1
      : copying === 0
        ? 0
        : Math.max(0, worked - this.numbers.startupMs) / copying;
    const bytesTransferred = Math.floor(bytes * part);
    const total = files + directories + symlinks + this.skipped.length;
    return {
      files,
      directories,
      symlinks,
      filesTransferred: Math.floor(files * part),
      filesSkipped: 0,
      bytesTransferred,
      bytesChecksummed: this.request.verifyChecksum ? bytesTransferred : 0,
      total,
      succeeded: Math.floor((total - this.skipped.length) * part),
      retrying: 0,
      skippedErrors: this.skipped,
      // What is in a virtual folder has no names.
      transferred: done
        ? this.request.items.filter(
            ({ recursive, kind }) => recursive !== true && kind !== 'symlink',
          )
        : [],
    };
  }

  private worked(now: number): number {
    const running = this.workingSince === undefined ? 0 : Math.max(0, now - this.workingSince);
    return Math.min(this.durationMs, this.workedMs + running);
  }

  private troubles(now: number): readonly Trouble[] {
    const rules = this.source.troubles.length + this.destination.troubles.length;
    if (rules === 0) return [];
    const skipped: SkippedError[] = [];
    const troubles: Trouble[] = [];
    for (const item of this.request.items) {
      const reading = troubleAt(this.source, 'read', item.source);
      const trouble = reading ?? troubleAt(this.destination, 'write', item.destination);
      if (trouble === undefined) continue;
      if (reading !== undefined && this.request.skipSourceErrors && isSkippable(reading)) {
        skipped.push({
          ...reading,
          at: now,
          source: item.source,
          destination: item.destination,
          isDirectory: item.recursive === true,
          isSymlink: item.kind === 'symlink',
          isUnresolved: true,
        });
      } else troubles.push(trouble);
    }
    if (skipped.length > 0) {
      const left = new Set(skipped.map(({ source }) => source));
      const items = this.request.items.filter(({ source }) => !left.has(source));
      this.counted = count(items, this.numbers);
      this.durationMs = this.duration();
    }
    this.skipped = skipped;
    return troubles;
  }
}

/** Fact: `skip_source_errors` skips these three, on the source only. */
export function isSkippable(trouble: Trouble): boolean {
  return ['FILE_NOT_FOUND', 'PERMISSION_DENIED', 'AMBIGUOUS_PATH'].includes(trouble.code);
}

interface Count {
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly bytes: number;
}

function count(items: readonly TransferItem[], numbers: VirtualSettings): Count {
  const total = { files: 0, directories: 0, symlinks: 0, bytes: 0 };
  for (const item of items) {
    if (item.kind === 'symlink') {
      total.symlinks += 1;
      continue;
    }
    const files = item.recursive === true ? numbers.filesPerDirectory : 1;
    const size = numbers.sizeOf?.(item.source);
    total.files += size?.files ?? files;
    total.directories += size?.directories ?? (item.recursive === true ? 1 : 0);
    total.bytes += size?.bytes ?? files * numbers.bytesPerFile;
  }
  return total;
}
