import type { OpenJobs } from '../../ports/transfer-jobs.port.js';
import type { TransferJobDocument } from '../../domain/job-reading.js';
import { errorInWords } from '../../errors/error-facts.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { loadForCommand } from '../common/command-config.js';
import type { CommonOptions, ExitCode } from '../common/program.js';
import type { Terminal } from '../common/terminal.js';
import { connectUpstreams, type ConnectUpstreams, type Upstreams } from '../common/upstreams.js';
import { openTransfers, type OpenTransferView } from './open-transfer.js';
import { transfersText } from './transfers-text.js';

/** The options of the command. */
export interface TransfersOptions extends CommonOptions {
  /** Seconds between polls; undefined to poll once. */
  readonly watch?: number;
  readonly json?: true;
}

/** The result of one poll; with `--json`, printed in this form. */
type Poll = { readonly readAt: string } & (
  { readonly transfers: readonly OpenTransferView[] } | { readonly error: string }
);

const PAGE_SIZE = 500;
/** Moves the cursor to the top left and clears the screen. */
const CLEAR_SCREEN = '\u001b[H\u001b[2J';

/** Prints the open transfers, once or until Ctrl-C. Changes nothing. */
export async function transfers(
  terminal: Terminal,
  options: TransfersOptions,
  connect: ConnectUpstreams = connectUpstreams,
): Promise<ExitCode> {
  const config = loadForCommand(terminal, options);
  if (config === undefined) return 1;
  const upstreams = connect(config);
  const { interrupted } = terminal;
  try {
    for (;;) {
      const poll = await pollScicat(upstreams, interrupted);
      if (options.watch === undefined) {
        if (!('error' in poll)) terminal.out(textOf(poll, options, terminal));
        else if (!interrupted.aborted) terminal.err(`${poll.error}\n`);
        return 'error' in poll ? 1 : 0;
      }
      if (interrupted.aborted) return 0;
      // Keeps polling while SciCat is down.
      terminal.out(textOf(poll, options, terminal));
      try {
        await upstreams.clock.sleep(options.watch * 1000, interrupted);
      } catch {
        return 0;
      }
    }
  } finally {
    upstreams.close();
  }
}

async function pollScicat({ scicat, clock }: Upstreams, signal: AbortSignal): Promise<Poll> {
  const jobs: TransferJobDocument[] = [];
  let error: string | undefined;
  try {
    let page: OpenJobs | undefined;
    do {
      page = await scicat.jobs.listOpen(page?.last, PAGE_SIZE, signal);
      for (const job of page.jobs) jobs.push(job);
    } while (page.last !== undefined);
  } catch (cause) {
    if (!(cause instanceof ProxyError) && !signal.aborted) throw cause;
    error = errorInWords(cause);
  }
  const now = clock.now();
  const readAt = new Date(now).toISOString();
  return error === undefined ? { readAt, transfers: openTransfers(jobs, now) } : { readAt, error };
}

function textOf(
  poll: Poll,
  { json, watch }: TransfersOptions,
  { colours, redraws }: Terminal,
): string {
  if (json === true) return `${JSON.stringify(poll)}\n`;
  const text = 'error' in poll ? `${poll.error}\n` : transfersText(poll.transfers, colours);
  if (watch === undefined) return text;
  return redraws
    ? `${CLEAR_SCREEN}${poll.readAt}, every ${watch} s until Ctrl-C\n\n${text}`
    : `${poll.readAt}\n${text}\n`;
}
