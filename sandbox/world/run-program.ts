import { CleanUp, reasonOf } from './clean-up.js';

/** What a program's body needs. */
export interface ProgramContext {
  /** Aborts when the program must end; the reason is an error that says why. */
  readonly signal: AbortSignal;
  /** Runs before the program ends, however it ends. */
  readonly cleanUp: CleanUp;
}

class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(
    signal: string,
    /** By convention 128 plus the signal's number. */
    readonly exitCode: number,
  ) {
    super(`Interrupted by ${signal}.`);
  }
}

/** npm forwards the Ctrl-C that the terminal has already sent to all processes: not a second one. */
const SAME_SIGNAL_SECONDS = 1;

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** The parts of `process` that {@link runProgram} uses. */
export interface ProgramHost {
  exitCode?: number | string | null | undefined;
  on(event: keyof typeof SIGNALS | 'exit', listener: () => void): unknown;
  /** Seconds. */
  uptime(): number;
  /** Ends the process immediately, after the listeners of `exit`. */
  exit(code: number): void;
  readonly stdout: { on(event: 'error', listener: () => void): unknown };
  readonly stderr: { write(text: string): unknown };
}

/**
 * Runs a program with the options from its command line.
 *
 * @param parse returns undefined for `--help`; throws an error for a wrong command line
 */
export async function runCommand<Options>(
  help: string,
  parse: (args: string[]) => Options | undefined,
  body: (options: Options, context: ProgramContext) => Promise<number>,
): Promise<void> {
  try {
    const options = parse(process.argv.slice(2));
    if (options === undefined) process.stdout.write(help);
    else await runProgram((context) => body(options, context));
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n\n${help}`);
    process.exitCode = 2;
  }
}

/**
 * Runs a program's body and sets the exit code that it returns: 1 if it throws, and the conventional
 * one if a signal ended it. A second signal, at least a second later, ends the process immediately.
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
  host.on('exit', () => cleanUp.abandon());
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
  // The reader of our pipe has ended, as `head` does.
  host.stdout.on('error', () => {
    ending.abort(new Interrupted('the closed output', 141));
  });

  let exitCode: number;
  try {
    exitCode = await body({ signal: ending.signal, cleanUp });
  } catch (error) {
    // Errors while the program is being ended are a consequence of that.
    const cause: unknown = ending.signal.aborted ? ending.signal.reason : error;
    host.stderr.write(`\n${reasonOf(cause)}\n`);
    exitCode = cause instanceof Interrupted ? cause.exitCode : 1;
  }
  const problems = await cleanUp.run();
  for (const problem of problems) host.stderr.write(`${problem}\n`);
  host.exitCode = exitCode === 0 && problems.length > 0 ? 1 : exitCode;
}
