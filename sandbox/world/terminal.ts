type Style = 'bold' | 'dim' | 'green' | 'red';

const CODES: Readonly<Record<Style, string>> = { bold: '1', dim: '2', green: '32', red: '31' };

export interface Terminal {
  /** Colours work, and a line can be overwritten. */
  readonly live: boolean;
  /** In columns. */
  readonly width: number;
  write(text: string): void;
}

export function standardOutput(): Terminal {
  const { stdout } = process;
  return {
    live: stdout.isTTY,
    // Some terminals don't know their width and report 0.
    width: stdout.isTTY && stdout.columns > 0 ? stdout.columns : 80,
    write: (text) => void stdout.write(text),
  };
}

/** Prints headings and aligned lines. */
export class Printer {
  private readonly colours: boolean;

  constructor(
    private readonly terminal: Terminal,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    // https://no-color.org
    this.colours = terminal.live && (environment['NO_COLOR'] ?? '') === '';
  }

  heading(text: string): void {
    this.terminal.write(`\n${this.style('bold', text)}\n`);
  }

  /** A name and its value. */
  line(name: string, text: string): void {
    this.terminal.write(`  ${this.style('dim', name.padEnd(NAME_WIDTH))}${text}\n`);
  }

  /** Unindented, for copying. */
  plain(text: string): void {
    this.terminal.write(`${text}\n`);
  }

  style(style: Style, text: string): string {
    return this.colours ? `\u001B[${CODES[style]}m${text}\u001B[0m` : text;
  }
}

const NAME_WIDTH = 17;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Such as `12.3 MB`, in powers of 1,000. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.95 would be shown as 1000.0.
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit] ?? ''}`;
}

/** Such as `1 file`, `2 files`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
