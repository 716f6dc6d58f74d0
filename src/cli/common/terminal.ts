import { knownSecrets } from '../../secrets/known-secrets.js';

/** A command's surroundings: those of the process, or replacements in tests. */
export interface Terminal {
  /** Writes to standard output, without adding a line break. */
  out(text: string): void;
  /** Writes to standard error, without adding a line break. */
  err(text: string): void;
  /** Reads all of standard input. */
  readIn(): Promise<string>;
  /** Whether output may have colors: it goes to a terminal, and `NO_COLOR` is not set. */
  readonly colours: boolean;
  /** Whether output can be erased: it goes to a terminal. */
  readonly redraws: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly workingFolder: string;
  /** Aborts on Ctrl-C. */
  readonly interrupted: AbortSignal;
}

export function processTerminal(): Terminal {
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader has exited (`| head`).
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  return {
    // Whatever a command prints: it may quote an upstream.
    out: (text) => void process.stdout.write(knownSecrets.hide(text)),
    err: (text) => void process.stderr.write(knownSecrets.hide(text)),
    readIn: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
      return Buffer.concat(chunks).toString('utf8');
    },
    colours: process.stdout.isTTY && !process.env['NO_COLOR'],
    redraws: process.stdout.isTTY,
    env: process.env,
    platform: process.platform,
    workingFolder: process.cwd(),
    interrupted: interrupt.signal,
  };
}
