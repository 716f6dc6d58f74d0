import type { Amount } from '../world/folder-entries.js';
import { formatBytes, type Terminal } from '../world/terminal.js';

export interface TransferProgress extends Amount {
  /** To copy. Bytes are 0 if unknown. */
  readonly total: Amount;
  /** From the proxy. */
  readonly message: string;
  /** Since the transfer was requested. */
  readonly elapsedMs: number;
}

const BAR_WIDTH = 30;
/** Between two lines where lines can't be overwritten. */
const LINE_MS = 1_000;

export function progressLine(progress: TransferProgress): string {
  const { total } = progress;
  // Where no size is known, and with nothing but empty files, the files count.
  const done =
    total.bytes > 0 ? progress.bytes / total.bytes : progress.files / Math.max(1, total.files);
  const share = Math.min(1, done);
  const filled = Math.floor(share * BAR_WIDTH);
  const bar = '#'.repeat(filled) + '-'.repeat(BAR_WIDTH - filled);
  return [
    `[${bar}] ${String(Math.floor(share * 100)).padStart(3)} %`,
    `${formatBytes(progress.bytes).padStart(8)}${total.bytes > 0 ? ` of ${formatBytes(total.bytes)}` : ''}`,
    `${String(progress.files).padStart(String(total.files).length)} of ${total.files} files`,
    `${(progress.elapsedMs / 1000).toFixed(1).padStart(4)} s`,
    progress.message,
  ].join('  ');
}

/** Shows a transfer's progress: a moving bar on a terminal, a line per second elsewhere. */
export class ProgressDisplay {
  private shown = '';
  private shownAtMs = -Infinity;
  private open = false;

  constructor(private readonly terminal: Terminal) {}

  show(progress: TransferProgress): void {
    if (this.terminal.live) {
      const line = `  ${progressLine(progress)}`;
      // A line that wraps can't be overwritten.
      this.terminal.write(`\r${line.slice(0, this.terminal.width - 1)}\u001B[K`);
      this.open = true;
      return;
    }
    // Not for a change of the time alone.
    const state = `${progress.bytes} ${progress.files} ${progress.message}`;
    if (state === this.shown || progress.elapsedMs - this.shownAtMs < LINE_MS) return;
    this.print(progress, state);
  }

  /** Shows the final state. */
  end(progress: TransferProgress): void {
    if (this.terminal.live) this.show(progress);
    else this.print(progress, '');
    this.close();
  }

  /** Ends the line of the bar. */
  close(): void {
    if (this.open) this.terminal.write('\n');
    this.open = false;
  }

  private print(progress: TransferProgress, state: string): void {
    this.shown = state;
    this.shownAtMs = progress.elapsedMs;
    this.terminal.write(`  ${progressLine(progress)}\n`);
  }
}
