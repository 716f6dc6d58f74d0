import { errorInWords } from '../../errors/error-facts.js';
import { ProxyError } from '../../errors/proxy-error.js';
import type { TransferJobDocument } from '../../domain/job-reading.js';
import { loadForCommand } from '../command-config.js';
import type { TransfersOptions } from '../commands/transfers.command.js';
import type { ExitCode } from '../program.js';
import type { Terminal } from '../terminal.js';
import { connectUpstreams, type ConnectUpstreams, type Upstreams } from '../upstreams.js';
import { openTransfers } from './open-transfer.js';
import { transfersText } from './transfers-text.js';

const PAGE = 500;
/** Cursor to the top left, and all that was on the screen away. */
const CLEAR_SCREEN = '\u001b[H\u001b[2J';

/** Prints the open transfers, once or again and again. Reads only. */
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
  const look = await lookAt(upstreams, terminal.interrupted);
  switch (look.kind) {
    case 'seen':
      terminal.out(shown(look, options, terminal));
      return 0;
    case 'failed':
      if (!terminal.interrupted.aborted) terminal.err(`${look.message}\n`);
      return 1;
  }
}

/** Goes on until Ctrl-C, also while SciCat is away. */
async function watch(
  terminal: Terminal,
  options: TransfersOptions,
  upstreams: Upstreams,
  seconds: number,
): Promise<ExitCode> {
  const { interrupted } = terminal;
  for (;;) {
    const look = await lookAt(upstreams, interrupted);
    if (interrupted.aborted) return 0;
    terminal.out(shown(look, options, terminal));
    try {
      await upstreams.clock.sleep(seconds * 1000, interrupted);
    } catch {
      return 0;
    }
  }
}

/** One poll at SciCat. */
type Look = { readonly at: number } & (
  | { readonly kind: 'seen'; readonly jobs: readonly TransferJobDocument[] }
  | { readonly kind: 'failed'; readonly message: string }
);

async function lookAt({ scicat, clock }: Upstreams, signal: AbortSignal): Promise<Look> {
  const jobs: TransferJobDocument[] = [];
  try {
    let page: readonly TransferJobDocument[];
    do {
      page = await scicat.jobs.listOpen(jobs.at(-1)?.id, PAGE, signal);
      jobs.push(...page);
    } while (page.length === PAGE);
    return { kind: 'seen', at: clock.now(), jobs };
  } catch (error) {
    if (!(error instanceof ProxyError) && !signal.aborted) throw error;
    return { kind: 'failed', at: clock.now(), message: errorInWords(error) };
  }
}

function shown(look: Look, options: TransfersOptions, terminal: Terminal): string {
  const readAt = new Date(look.at).toISOString();
  if (options.json === true) {
    const line =
      look.kind === 'seen'
        ? { readAt, transfers: openTransfers(look.jobs, look.at) }
        : { readAt, error: look.message };
    return `${JSON.stringify(line)}\n`;
  }
  const text =
    look.kind === 'seen'
      ? transfersText(openTransfers(look.jobs, look.at), terminal.colours)
      : `${look.message}\n`;
  if (options.watch === undefined) return text;
  return terminal.redraws
    ? `${CLEAR_SCREEN}${readAt}, every ${options.watch} s until Ctrl-C\n\n${text}`
    : `${readAt}\n${text}\n`;
}
