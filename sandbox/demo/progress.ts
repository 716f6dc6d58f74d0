import type { Amount } from '../world/folder-entries.js';
import { formatBytes, type Terminal } from '../world/terminal.js';

/** How far a transfer has come. */
export interface ProgressLook extends Amount {
  /** The proxy's own words. */
  readonly message: string;
  /** Since the transfer was asked for. */
  readonly elapsedMs: number;
}

const BAR_WIDTH = 30;
/** Between two lines where a line can't be written over. */
const LINE_MS = 1_000;

/** One line: bar, percentage, bytes, files, time and what is going on. */
export function progressLine(look: ProgressLook, total: Amount): string {
  // Empty files have no bytes: where there is nothing else, files are what is counted.
  const done = total.bytes > 0 ? look.bytes / total.bytes : look.files / Math.max(1, total.files);
  const share = Math.min(1, done);
  const filled = Math.floor(share * BAR_WIDTH);
  const bar = '#'.repeat(filled) + '-'.repeat(BAR_WIDTH - filled);
  return [
    `[${bar}] ${String(Math.floor(share * 100)).padStart(3)} %`,
    `${formatBytes(look.bytes).padStart(8)} of ${formatBytes(total.bytes)}`,
    `${String(look.files).padStart(String(total.files).length)} of ${total.files} files`,
    `${(look.elapsedMs / 1000).toFixed(1).padStart(4)} s`,
    look.message,
  ].join('  ');
}

/** Shows a transfer's progress: a bar that moves on a terminal, a line per second elsewhere. */
export class ProgressDisplay {
  private shown = '';
  private shownAtMs = -Infinity;
  private open = false;

  constructor(
    private readonly terminal: Terminal,
    private readonly total: Amount,
  ) {}

  show(look: ProgressLook): void {
    if (this.terminal.live) {
      const line = `  ${progressLine(look, this.total)}`;
      // A line that wraps can't be written over.
      this.terminal.write(`\r${line.slice(0, this.terminal.width - 1)}\u001B[K`);
      this.open = true;
      return;
    }
    // The time alone is no news.
    const news = `${look.bytes} ${look.files} ${look.message}`;
    if (news === this.shown || look.elapsedMs - this.shownAtMs < LINE_MS) return;
    this.print(look, news);
  }

  /** Shows the last poll, whatever was shown before. */
  end(look: ProgressLook): void {
    if (this.terminal.live) this.show(look);
    else this.print(look, '');
    this.close();
  }

  /** Leaves the line of the bar, so that other text can follow. */
  close(): void {
    if (this.open) this.terminal.write('\n');
    this.open = false;
  }

  private print(look: ProgressLook, news: string): void {
    this.shown = news;
    this.shownAtMs = look.elapsedMs;
    this.terminal.write(`  ${progressLine(look, this.total)}\n`);
  }
}
