/** What a command talks to: the process's streams in the program, memory in tests. */
export interface Terminal {
  /** Writes to standard output, as it is. */
  out(text: string): void;
  /** Writes to standard error, as it is. */
  err(text: string): void;
  /** All of standard input. */
  readIn(): Promise<string>;
  /** Whether output may hold colours: it goes to a terminal and `NO_COLOR` is not set. */
  readonly colours: boolean;
  /** Whether what was written can be erased: output goes to a terminal. */
  readonly redraws: boolean;
  /** The process's variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly workingFolder: string;
  /** Aborts at Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/** The terminal, or wherever the process's streams lead. */
export function processTerminal(): Terminal {
  const interrupt = new AbortController();
  process.once('SIGINT', () => {
    interrupt.abort();
  });
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader has gone (`| head`), and there is nothing left to report to.
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  return {
    out: (text) => {
      process.stdout.write(text);
    },
    err: (text) => {
      process.stderr.write(text);
    },
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
