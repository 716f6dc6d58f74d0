import { CleanUp, reasonOf } from './clean-up.js';

/** What a program is given to live with. */
export interface ProgramContext {
  /** Aborts when the program is to end; the reason is an error that says why. */
  readonly signal: AbortSignal;
  /** What is in here is taken away before the program ends, however it ends. */
  readonly cleanUp: CleanUp;
}

/** Somebody wants the program to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(
    signal: string,
    /** By custom 128 and the signal's number. */
    readonly exitCode: number,
  ) {
    super(`Interrupted by ${signal}.`);
  }
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Runs a program's body and ends the process with the exit code that it returns: 1 if it throws, and
 * the customary one if a signal ended it. A second signal ends the process at once.
 */
export async function runProgram(
  body: (context: ProgramContext) => Promise<number>,
): Promise<void> {
  const ending = new AbortController();
  const cleanUp = new CleanUp();
  process.once('exit', () => {
    cleanUp.abandon();
  });
  for (const [signal, exitCode] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      if (ending.signal.aborted) process.exit(exitCode);
      ending.abort(new Interrupted(signal, exitCode));
    });
  }
  // The reader of a pipe went away, as `head` does: there is nobody to print for.
  process.stdout.on('error', () => {
    ending.abort(new Interrupted('the closed output', 141));
  });

  process.exitCode = await codeOf(body({ signal: ending.signal, cleanUp }), ending.signal);
  const problems = await cleanUp.run();
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0 && process.exitCode === 0) process.exitCode = 1;
}

async function codeOf(running: Promise<number>, ending: AbortSignal): Promise<number> {
  try {
    return await running;
  } catch (error) {
    // Whatever broke while the program was being ended broke because of that.
    const cause: unknown = ending.aborted ? ending.reason : error;
    process.stderr.write(`\n${reasonOf(cause)}\n`);
    return cause instanceof Interrupted ? cause.exitCode : 1;
  }
}
