import { allChecks, checksWithoutConfig } from '../../doctor/all-checks.js';
import type { Check, Finding } from '../../doctor/check.js';
import { LocalDataFolderProbe } from '../../doctor/probes/data-folder-probe.js';
import { GlobusProbeClient } from '../../doctor/probes/globus-probe.js';
import { listenBriefly } from '../../doctor/probes/listen-probe.js';
import { ScicatProbeClient } from '../../doctor/probes/scicat-probe.js';
import { USER_TOKEN_VARIABLE } from '../../doctor/scicat-trust-checks.js';
import { runChecks } from '../../doctor/run-checks.js';
import { yamlLocations } from '../../doctor/setting-locations.js';
import { readForCommand } from '../common/command-config.js';
import type { CommonOptions, ExitCode } from '../common/program.js';
import type { Terminal } from '../common/terminal.js';
import { connectUpstreams, type ConnectUpstreams } from '../common/upstreams.js';
import { findingText, summaryText } from './findings-text.js';

/** The options of the command. */
export interface DoctorOptions extends CommonOptions {
  /** Whether jobs, folders and files may be created and deleted. */
  readonly write?: boolean;
  /** Whether to print one JSON array instead of lines. */
  readonly json?: boolean;
  /** Time limit of each check, in seconds. */
  readonly timeout: number;
}

/** Runs all checks and prints their findings. */
export async function doctor(
  terminal: Terminal,
  options: DoctorOptions,
  connect: ConnectUpstreams = connectUpstreams,
): Promise<ExitCode> {
  const reading = readForCommand(terminal, options);
  const { config, file = '', text = '' } = reading;
  if (config === undefined) return run(checksWithoutConfig(reading), terminal, options);
  const upstreams = connect(config);
  const { clock, scicat, globus } = upstreams;
  try {
    const checks = allChecks(reading, config, {
      scicat: new ScicatProbeClient(scicat, clock, config.scicat.statusCodes),
      globus: new GlobusProbeClient(globus, clock),
      dataFolder: new LocalDataFolderProbe(config.dataDir),
      listen: listenBriefly,
      settings: yamlLocations(text, file),
      // Windows has no user ids.
      user: process.getuid === undefined ? 'this user' : `user ${process.getuid()}`,
      write: options.write ?? false,
      userToken: tokenIn(terminal.env[USER_TOKEN_VARIABLE]),
      pause: (ms, signal) => clock.sleep(ms, signal),
    });
    return await run(checks, terminal, options);
  } finally {
    upstreams.close();
  }
}

/** A token that can't be one is sent like any other: SciCat refuses it, and doctor says so. */
function tokenIn(variable = ''): string | undefined {
  const token = variable.trim();
  return token === '' ? undefined : token.replace(/[^\x21-\x7e]/g, '');
}

async function run(
  checks: readonly Check[],
  terminal: Terminal,
  { json = false, timeout }: DoctorOptions,
): Promise<ExitCode> {
  const { colours, interrupted } = terminal;
  const findings: Finding[] = [];
  for await (const finding of runChecks(checks, { timeoutMs: timeout * 1000, interrupted })) {
    findings.push(finding);
    if (!json) terminal.out(findingText(finding, colours));
  }
  terminal.out(
    json ? `${JSON.stringify(findings, undefined, 2)}\n` : summaryText(findings, colours),
  );
  if (interrupted.aborted) terminal.err('Interrupted: some checks did not run.\n');
  const failed = interrupted.aborted || findings.some(({ outcome }) => outcome === 'broken');
  return failed ? 1 : 0;
}
