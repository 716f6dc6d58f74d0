import type { TransferJobDocument } from '../../domain/job-reading.js';
import { errorInWords } from '../../errors/error-facts.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { loadForCommand } from '../common/command-config.js';
import type { CommonOptions, ExitCode } from '../common/program.js';
import type { Terminal } from '../common/terminal.js';
import { connectUpstreams, type ConnectUpstreams, type Upstreams } from '../common/upstreams.js';
import { openTransfers } from './open-transfer.js';
import { transfersText } from './transfers-text.js';

/** What the command line says. */
export interface TransfersOptions extends CommonOptions {
  /** Seconds between two polls; undefined: one poll. */
  readonly watch?: number;
  readonly json?: true;
}

const PAGE_SIZE = 500;
/** Cursor to the top left, and everything on the screen erased. */
const CLEAR_SCREEN = '\u001b[H\u001b[2J';

/** Prints the open transfers, once or repeatedly. Changes nothing. */
export async function transfers(
  terminal: Terminal,
  options: TransfersOptions,
  connect: ConnectUpstreams = connectUpstreams,
): Promise<ExitCode> {
  const config = loadForCommand(terminal, options);
  if (config === undefined) return 1;
  const upstreams = connect(config);
  try {
    return options.watch === undefined
      ? await once(terminal, options, upstreams)
      : await watch(terminal, options, upstreams, options.watch);
  } finally {
    upstreams.close();
  }
}

async function once(
  terminal: Terminal,
  options: TransfersOptions,
  upstreams: Upstreams,
): Promise<ExitCode> {
  const result = await poll(upstreams, terminal.interrupted);
  switch (result.kind) {
    case 'read':
      terminal.out(textOf(result, options, terminal));
      return 0;
    case 'failed':
      if (!terminal.interrupted.aborted) terminal.err(`${result.message}\n`);
      return 1;
  }
}

/** Goes on until Ctrl-C, also while SciCat is down. */
async function watch(
  terminal: Terminal,
  options: TransfersOptions,
  upstreams: Upstreams,
  seconds: number,
): Promise<ExitCode> {
  const { interrupted } = terminal;
  for (;;) {
    const result = await poll(upstreams, interrupted);
    if (interrupted.aborted) return 0;
    terminal.out(textOf(result, options, terminal));
    try {
      await upstreams.clock.sleep(seconds * 1000, interrupted);
    } catch {
      return 0;
    }
  }
}

/** What one poll of SciCat gave. */
type PollResult = { readonly at: number } & (
  | { readonly kind: 'read'; readonly jobs: readonly TransferJobDocument[] }
  | { readonly kind: 'failed'; readonly message: string }
);

async function poll({ scicat, clock }: Upstreams, signal: AbortSignal): Promise<PollResult> {
  const jobs: TransferJobDocument[] = [];
  try {
    let page: readonly TransferJobDocument[];
    do {
      page = await scicat.jobs.listOpen(jobs.at(-1)?.id, PAGE_SIZE, signal);
      jobs.push(...page);
    } while (page.length === PAGE_SIZE);
    return { kind: 'read', at: clock.now(), jobs };
  } catch (error) {
    if (!(error instanceof ProxyError) && !signal.aborted) throw error;
    return { kind: 'failed', at: clock.now(), message: errorInWords(error) };
  }
}

function textOf(result: PollResult, options: TransfersOptions, terminal: Terminal): string {
  const readAt = new Date(result.at).toISOString();
  if (options.json === true) {
    const line =
      result.kind === 'read'
        ? { readAt, transfers: openTransfers(result.jobs, result.at) }
        : { readAt, error: result.message };
    return `${JSON.stringify(line)}\n`;
  }
  const text =
    result.kind === 'read'
      ? transfersText(openTransfers(result.jobs, result.at), terminal.colours)
      : `${result.message}\n`;
  if (options.watch === undefined) return text;
  return terminal.redraws
    ? `${CLEAR_SCREEN}${readAt}, every ${options.watch} s until Ctrl-C\n\n${text}`
    : `${readAt}\n${text}\n`;
}
