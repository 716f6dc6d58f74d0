import type { Command } from 'commander';
import { effectiveSettings, effectiveYaml } from '../../config/effective-settings.js';
import type { ConfigFiles, ConfigReading } from '../../config/load-config.js';
import { readForCommand } from '../common/command-config.js';
import type { CommandInstaller, CommonOptions } from '../common/program.js';
import type { Terminal } from '../common/terminal.js';
import { countProblems, problemReport } from './problem-report.js';

interface CheckConfigOptions extends CommonOptions {
  readonly json?: boolean;
  readonly print?: boolean;
  readonly secrets: boolean;
}

const HELP = `
Exit codes: 0 no errors (there may be warnings), 1 errors, 2 usage error.

Examples:
  scicat-globus-proxy check-config                          what the service would read here
  scicat-globus-proxy check-config --no-secrets new.yaml    only a file, e.g. in CI
  scicat-globus-proxy check-config --print                  with all defaults filled in`;

/** `check-config`: checks the configuration as `serve` does when it starts. */
export function checkConfigCommand(files?: ConfigFiles): CommandInstaller {
  return (program, terminal, ends) => {
    program
      .command('check-config')
      .description('Check the configuration, and show every problem with its file and line.')
      .argument('[file]', 'configuration file (default: --config, or the first one found)')
      .option('--json', 'print the result as JSON, for scripts')
      .option('--print', 'print the configuration with all defaults, without secrets')
      .option('--no-secrets', 'check only the file, not whether the secrets are set')
      .addHelpText('after', HELP)
      .action((file: string | undefined, _options: unknown, command: Command) => {
        const options = command.optsWithGlobals<CheckConfigOptions>();
        if (file !== undefined && options.config !== undefined) {
          command.error('error: the file is given twice, as an argument and with --config');
        }
        const reading = readForCommand(terminal, options, {
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
  const { fileConfig, secretsSet } = reading;
  const report = problemReport(reading, terminal);
  if (options.print !== true) {
    terminal.out(report);
    return;
  }
  // So that standard output can be redirected into a configuration file.
  terminal.err(report);
  if (fileConfig === undefined) return;
  terminal.out(effectiveYaml(fileConfig));
  if (!options.secrets) return;
  const lines = Object.entries(secretsSet).map(
    ([name, isSet]) => `#   ${name}: ${isSet ? 'set' : 'not set'}\n`,
  );
  terminal.out(`# Secrets in the environment:\n${lines.join('')}`);
}

/** Scripts depend on this format, which docs/configuration.md documents. */
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
