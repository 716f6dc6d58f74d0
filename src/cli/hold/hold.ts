import { withoutTrailing } from '../../domain/without-trailing.js';
import { field, stringField } from '../../domain/untyped.js';
import { minuteOf } from '../../time/moments.js';
import { loadForCommand, serviceUrl } from '../common/command-config.js';
import { givenToken, TOKEN_VARIABLE, type UsageError } from '../common/given-token.js';
import type { CommonOptions, ExitCode } from '../common/program.js';
import type { Terminal } from '../common/terminal.js';
import { callService, type ServiceAnswer, type ServiceCall } from './call-service.js';

/** The options of both commands. */
export interface ReleaseOptions extends CommonOptions {
  readonly url?: string;
  readonly tokenStdin?: true;
  readonly json?: true;
}

/** The options of `hold`. */
export interface HoldOptions extends ReleaseOptions {
  readonly message: string;
  readonly until?: string;
}

/** Has the running service hold a facility. */
export async function hold(
  terminal: Terminal,
  facility: string,
  { message, until, ...options }: HoldOptions,
  usageError: UsageError,
): Promise<ExitCode> {
  const json = { message, ...(until === undefined ? {} : { until }) };
  const call = { method: 'POST', path: pathOf(facility), json } as const;
  return operate(terminal, call, options, usageError, (body) => {
    const held = field(body, 'hold');
    const end = stringField(held, 'until');
    const moment = end === undefined ? '' : ` until ${minuteOf(Date.parse(end))}`;
    return `${facility} is held${moment}: ${stringField(held, 'message') ?? ''}\nTransfers from or to it are accepted, and wait. Those that Globus runs go on.\n`;
  });
}

/** Has the running service release a facility. */
export async function release(
  terminal: Terminal,
  facility: string,
  options: ReleaseOptions,
  usageError: UsageError,
): Promise<ExitCode> {
  const call = { method: 'DELETE', path: pathOf(facility) } as const;
  return operate(terminal, call, options, usageError, (body) =>
    field(body, 'wasHeld') === true
      ? `${facility} is released. The transfers that waited for it go now, in fair order.\n`
      : `${facility} was not held.\n`,
  );
}

async function operate(
  terminal: Terminal,
  call: Omit<ServiceCall, 'url' | 'token'>,
  options: ReleaseOptions,
  usageError: UsageError,
  inWords: (body: unknown) => string,
): Promise<ExitCode> {
  const token = await givenToken(terminal, options.tokenStdin === true, usageError);
  if (token === undefined) {
    return usageError(
      `no token was given; use --token-stdin, or put an operator's SciCat token in ${TOKEN_VARIABLE} or in the file that ${TOKEN_VARIABLE}_FILE names`,
    );
  }
  const url = addressOf(terminal, options, usageError);
  if (url === undefined) return 1;
  const answer: ServiceAnswer = await callService({ ...call, url, token }, terminal);
  if (answer.kind === 'failed') {
    terminal.err(`${answer.reason}\n`);
    return 1;
  }
  terminal.out(options.json === true ? `${JSON.stringify(answer.body)}\n` : inWords(answer.body));
  return 0;
}

/** Undefined after printing why the configuration can't be read. */
function addressOf(
  terminal: Terminal,
  options: ReleaseOptions,
  usageError: UsageError,
): string | undefined {
  if (options.url === undefined) {
    const config = loadForCommand(terminal, options, 'ignored');
    return config && serviceUrl(config);
  }
  if (!/^https?:\/\//i.test(options.url) || !URL.canParse(options.url)) {
    return usageError('--url must be an address such as https://transfers.example.org');
  }
  return withoutTrailing(options.url, '/');
}

function pathOf(facility: string): string {
  return `/facilities/${encodeURIComponent(facility)}/hold`;
}
