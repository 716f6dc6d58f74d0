import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { applicationFolder } from '../config/application-folder.js';
import type { AppConfig } from '../config/app-config.js';
import { type ConfigReading, readConfig } from '../config/load-config.js';
import { allChecks, checksWithoutConfig, type DoctorDeps } from '../doctor/all-checks.js';
import type { Check, Finding } from '../doctor/check.js';
import { findingLines, summaryLine } from '../doctor/finding-lines.js';
import { runChecks } from '../doctor/run-checks.js';
import { yamlPlaces } from '../doctor/yaml-places.js';
import { GlobusProbeClient } from '../doctor/globus-probe.client.js';
import { ScicatProbeClient } from '../doctor/scicat-probe.client.js';
import { LocalDataFolderProbe } from '../doctor/local-data-folder-probe.js';
import { type CommonOptions, configArguments, type ExitCode } from './program.js';
import type { Terminal } from './terminal.js';
import { connectUpstreams, type ConnectUpstreams, type Upstreams } from './upstreams.js';

/** How the operator wants it. */
export interface DoctorOptions extends CommonOptions {
  /** Whether jobs, folders and files may be made and removed. */
  readonly write?: boolean;
  /** Whether findings are printed as one JSON array instead of lines. */
  readonly json?: boolean;
  /** Seconds that each check may take. */
  readonly timeout: number;
}

/**
 * Runs all checks and prints what they find.
 *
 * @param connect how the services are reached
 */
export async function doctor(
  terminal: Terminal,
  options: DoctorOptions,
  connect: ConnectUpstreams = connectUpstreams,
): Promise<ExitCode> {
  const { env, platform, workingFolder } = terminal;
  const reading = readConfig({
    argv: configArguments(options),
    env,
    platform,
    applicationFolder: applicationFolder(),
    workingFolder,
  });
  const { config } = reading;
  if (config === undefined) return run(checksWithoutConfig(reading), terminal, options);
  const upstreams = connect(config);
  try {
    const checks = allChecks(reading, config, surroundingsOf(config, reading, upstreams), {
      write: options.write ?? false,
    });
    return await run(checks, terminal, options);
  } finally {
    upstreams.close();
  }
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
    if (!json) terminal.out(findingLines(finding, colours));
  }
  terminal.out(
    json ? `${JSON.stringify(findings, undefined, 2)}\n` : summaryLine(findings, colours),
  );
  if (interrupted.aborted) terminal.err('Interrupted: not everything was tried.\n');
  const failed = interrupted.aborted || findings.some(({ outcome }) => outcome === 'broken');
  return failed ? 1 : 0;
}

function surroundingsOf(
  config: AppConfig,
  reading: ConfigReading,
  { clock, transport, scicat }: Upstreams,
): DoctorDeps {
  const { globus, secrets } = config;
  const file = reading.file ?? config.source.file;
  return {
    scicat: new ScicatProbeClient({ ...scicat, clock }),
    globus: new GlobusProbeClient(
      {
        ...globus,
        clientId: secrets.globusClientId,
        clientSecret: secrets.globusClientSecret.reveal(),
      },
      { transport, clock, random: Math.random },
    ),
    dataFolder: new LocalDataFolderProbe(config.dataDir),
    places: yamlPlaces(readFileSync(file, 'utf8'), file),
    // Windows has no numbers for users.
    user: process.getuid === undefined ? 'this user' : `user ${process.getuid()}`,
    pause: (ms, signal) => clock.sleep(ms, signal),
  };
}
