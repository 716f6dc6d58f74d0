import { CleanUp, reasonOf } from './clean-up.js';

/** What a program is given to live with. */
export interface ProgramContext {
  /** Aborts when the program is to end; the reason is an error that says why. */
  readonly signal: AbortSignal;
  /** What is in here is taken away before the program ends, however it ends. */
  readonly cleanUp: CleanUp;
}

/** Somebody wants the program to end. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(
    signal: string,
    /** By custom 128 and the signal's number. */
    readonly exitCode: number,
  ) {
    super(`Interrupted by ${signal}.`);
  }
}

/** npm hands on the Ctrl-C that the terminal has already sent to everybody: that is no second one. */
const SAME_SIGNAL_SECONDS = 1;

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** What of `process` a program lives in. */
export interface ProgramHost {
  exitCode?: number | string | null | undefined;
  on(event: keyof typeof SIGNALS | 'exit', listener: () => void): unknown;
  /** Seconds. */
  uptime(): number;
  /** Ends the process at once, after the listeners of `exit`. */
  exit(code: number): void;
  readonly stdout: { on(event: 'error', listener: () => void): unknown };
  readonly stderr: { write(text: string): unknown };
}

/**
 * Runs a program's body and ends the process with the exit code that it returns: 1 if it throws, and
 * the customary one if a signal ended it. A second signal, a second later, ends the process at once.
 *
 * @param host for tests
 */
export async function runProgram(
  body: (context: ProgramContext) => Promise<number>,
  host: ProgramHost = process,
): Promise<void> {
  const ending = new AbortController();
  let endingSince = 0;
  const cleanUp = new CleanUp();
  host.on('exit', () => {
    cleanUp.abandon();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    host.on(signal, () => {
      if (ending.signal.aborted) {
        if (host.uptime() - endingSince > SAME_SIGNAL_SECONDS) host.exit(SIGNALS[signal]);
        return;
      }
      endingSince = host.uptime();
      ending.abort(new Interrupted(signal, SIGNALS[signal]));
    });
  }
  // The reader of a pipe went away, as `head` does: there is nobody to print for.
  host.stdout.on('error', () => {
    ending.abort(new Interrupted('the closed output', 141));
  });

  let exitCode: number;
  try {
    exitCode = await body({ signal: ending.signal, cleanUp });
  } catch (error) {
    // Whatever broke while the program was being ended broke because of that.
    const cause: unknown = ending.signal.aborted ? ending.signal.reason : error;
    host.stderr.write(`\n${reasonOf(cause)}\n`);
    exitCode = cause instanceof Interrupted ? cause.exitCode : 1;
  }
  const problems = await cleanUp.run();
  for (const problem of problems) host.stderr.write(`${problem}\n`);
  host.exitCode = exitCode === 0 && problems.length > 0 ? 1 : exitCode;
}
