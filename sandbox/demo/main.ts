import { runProgram } from '../world/run-program.js';
import { HELP, readArguments } from './arguments.js';
import { runDemo } from './demo.js';

const wish = readArguments(process.argv.slice(2));
switch (wish.kind) {
  case 'help':
    process.stdout.write(HELP);
    break;
  case 'wrong':
    process.stderr.write(`${wish.message}\n\n${HELP}`);
    process.exitCode = 2;
    break;
  case 'run':
    await runProgram((context) => runDemo(wish, context));
    break;
}
