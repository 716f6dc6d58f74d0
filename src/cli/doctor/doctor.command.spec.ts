import { expect, test } from '@jest/globals';
import { memoryTerminal } from '../../../test/support/memory-terminal.js';
import { runCli } from '../common/program.js';
import { doctorCommand } from './doctor.command.js';

test.each([
  [['--timeout', 'soon'], 'a number of seconds above 0 and at most 3600'],
  [['--timeout', '0'], 'a number of seconds above 0 and at most 3600'],
  [['--timeout', '3601'], 'a number of seconds above 0 and at most 3600'],
  [['--wirte'], 'Did you mean --write?'],
])('doctor %j is a usage error: exit code 2, and nothing is checked', async (argv, message) => {
  const terminal = memoryTerminal();
  expect(await runCli(['doctor', ...argv], terminal, [doctorCommand])).toBe(2);
  expect(terminal.written).toEqual({ out: '', err: expect.stringContaining(message) });
});
