import { describe, expect, it } from '@jest/globals';
import { memoryTerminal } from '../../../test/support/memory-terminal.js';
import {
  type CommandInstaller,
  type CommonOptions,
  configArguments,
  type ExitCode,
  runCli,
} from './program.js';

const seen: CommonOptions[] = [];
const trialCommand: CommandInstaller = (program, terminal, ends) => {
  program
    .command('try')
    .description('Try something.')
    .requiredOption('--code <n>', 'exit code')
    .action((options: { code: string }, command: { optsWithGlobals(): CommonOptions }) => {
      seen.push(command.optsWithGlobals());
      terminal.out('tried\n');
      ends(Number(options.code) as ExitCode);
    });
};

async function run(...argv: string[]) {
  const terminal = memoryTerminal();
  const code = await runCli(argv, terminal, [trialCommand]);
  return { code, ...terminal.written };
}

describe('the command line', () => {
  it.each([0, 1, 2] as const)(
    'ends with the exit code %i that its command reports',
    async (code) => {
      expect(await run('try', '--code', String(code))).toEqual({ code, out: 'tried\n', err: '' });
    },
  );

  it('takes --config before and after the command', async () => {
    seen.length = 0;
    await run('--config', '/a.yaml', 'try', '--code', '0');
    await run('try', '--code', '0', '--config', '/b.yaml');
    expect(seen.map(configArguments)).toEqual([
      ['--config', '/a.yaml'],
      ['--config', '/b.yaml'],
    ]);
    expect(configArguments({})).toEqual([]);
  });

  it.each([
    [['tyr'], 'Did you mean try?'],
    [['try'], '--code'],
    [['try', '--code', '0', '--nope'], '--nope'],
    [['try', '--code', '0', 'more'], 'too many arguments'],
    [[], 'Usage'],
  ])('exits with 2 and a message after a usage error: %j', async (argv, message) => {
    const { code, err, out } = await run(...argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });

  it.each([
    [['--help'], 'Try something.'],
    [['try', '--help'], '--config <path>'],
    [['--version'], '.'],
  ])('prints to standard output and exits with 0: %j', async (argv, part) => {
    const { code, out, err } = await run(...argv);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(part);
  });

  it('does not hide an error of a command', async () => {
    const failing: CommandInstaller = (program) => {
      program.command('fail').action(() => Promise.reject(new Error('broken')));
    };
    await expect(runCli(['fail'], memoryTerminal(), [failing])).rejects.toThrow('broken');
  });
});
