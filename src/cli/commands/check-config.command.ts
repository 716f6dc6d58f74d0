import 'reflect-metadata';
import type { Command } from 'commander';
import { applicationFolder } from '../../config/application-folder.js';
import { effectiveSettings, effectiveYaml } from '../../config/effective-settings.js';
import { type ConfigFiles, type ConfigReading, readConfig } from '../../config/load-config.js';
import { countProblems, problemReport } from '../problem-report.js';
import { type CommandInstaller, type CommonOptions, configArguments } from '../program.js';
import type { Terminal } from '../terminal.js';

interface CheckConfigOptions extends CommonOptions {
  readonly json?: boolean;
  readonly print?: boolean;
  readonly secrets: boolean;
}

const AFTER_HELP = `
Exit codes: 0 no errors (there may be warnings), 1 errors, 2 wrong call.

Examples:
  scicat-globus-proxy check-config                          what the service would read here
  scicat-globus-proxy check-config --no-secrets new.yaml    a file alone, e.g. in CI
  scicat-globus-proxy check-config --print                  with all defaults filled in`;

/**
 * `check-config`: what `serve` checks at its start, with nothing started.
 *
 * @param files the files of this machine unless a test says otherwise
 */
export function checkConfigCommand(files?: ConfigFiles): CommandInstaller {
  return (program, terminal, ends) => {
    program
      .command('check-config')
      .description('Check the configuration: all problems at once, each with its place.')
      .argument('[file]', 'configuration file; without it, --config or the usual search')
      .option('--json', 'print the result as JSON, for scripts')
      .option('--print', 'print the configuration with all defaults; secrets never')
      .option('--no-secrets', 'check the file alone, whatever secrets are set')
      .addHelpText('after', AFTER_HELP)
      .action((file: string | undefined, _options: unknown, command: Command) => {
        const options = command.optsWithGlobals<CheckConfigOptions>();
        if (file !== undefined && options.config !== undefined) {
          command.error('error: the file is given twice, as an argument and with --config');
        }
        const reading = readConfig({
          argv: configArguments(options),
          env: terminal.env,
          platform: terminal.platform,
          applicationFolder: applicationFolder(),
          workingFolder: terminal.workingFolder,
          secrets: options.secrets ? 'needed' : 'ignored',
          ...(file === undefined ? {} : { file }),
          ...(files === undefined ? {} : { files }),
        });
        if (options.json === true) terminal.out(jsonReport(reading, options));
        else show(reading, options, terminal);
        ends(countProblems(reading.problems).errors === 0 ? 0 : 1);
      });
  };
}

function show(reading: ConfigReading, options: CheckConfigOptions, terminal: Terminal): void {
  const { fileConfig } = reading;
  const report = problemReport({ ...reading, facilities: fileConfig?.facilities.length }, terminal);
  if (options.print !== true) {
    terminal.out(report);
    return;
  }
  // The configuration is to be redirected into a file, and be nothing else then.
  terminal.err(report);
  if (fileConfig === undefined) return;
  terminal.out(effectiveYaml(fileConfig));
  if (options.secrets) terminal.out(secretsAsComment(reading.secretsSet));
}

/** The shape is documented in docs/configuration.md: scripts depend on it. */
function jsonReport(reading: ConfigReading, options: CheckConfigOptions): string {
  const { file, problems, fileConfig, secretsSet } = reading;
  const { errors, warnings } = countProblems(problems);
  const report = {
    file: file ?? null,
    ok: errors === 0,
    errors,
    warnings,
    problems: problems.map((problem) => ({
      severity: problem.severity,
      file: problem.file,
      line: problem.line ?? null,
      column: problem.column ?? null,
      path: problem.path,
      message: problem.message,
      suggestion: problem.suggestion ?? null,
    })),
    ...(options.print === true
      ? {
          config: fileConfig === undefined ? null : effectiveSettings(fileConfig),
          secrets: options.secrets ? secretsSet : null,
        }
      : {}),
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

function secretsAsComment(secretsSet: Readonly<Record<string, boolean>>): string {
  const lines = Object.entries(secretsSet).map(
    ([name, isSet]) => `#   ${name}: ${isSet ? 'set' : 'not set'}\n`,
  );
  return `# Secrets, from the environment:\n${lines.join('')}`;
}
