import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explainCommand } from '../../src/cli/explain/explain.command.js';
import { holdCommand, releaseCommand } from '../../src/cli/hold/hold.command.js';
import { transfersCommand } from '../../src/cli/transfers/transfers.command.js';
import { type ExitCode, runCli } from '../../src/cli/common/program.js';
import type { Terminal } from '../../src/cli/common/terminal.js';
import { memoryTerminal } from './memory-terminal.js';
import { TEST_ENVIRONMENT, testConfigText, type TestService } from './service.js';

/** How a command has ended, and what it printed. */
export interface CommandOutcome {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** An operator's shell beside a running service: the same configuration, the same SciCat. */
export class CommandLine {
  private constructor(
    /** The working folder; nothing else of the operator is on the disk. */
    readonly folder: string,
    private readonly config: string,
  ) {}

  /** @param facilities further entries of `facilities`, as for the service */
  static async beside(service: TestService, facilities = ''): Promise<CommandLine> {
    const folder = await mkdtemp(join(tmpdir(), 'command-line-'));
    const config = join(folder, 'config.yaml');
    const text = testConfigText(service, service.config.dataDir, { facilities });
    await writeFile(config, text);
    return new CommandLine(folder, config);
  }

  /** Runs a command. */
  async run(argv: readonly string[], parts: Partial<Terminal> = {}): Promise<CommandOutcome> {
    const terminal = memoryTerminal({
      workingFolder: this.folder,
      ...parts,
      env: { ...TEST_ENVIRONMENT, SCICAT_GLOBUS_PROXY_CONFIG: this.config, ...parts.env },
    });
    const code = await runCli(argv, terminal, [
      explainCommand(),
      transfersCommand(),
      holdCommand,
      releaseCommand,
    ]);
    return { code, ...terminal.written };
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
