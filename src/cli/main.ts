#!/usr/bin/env node
import { checkConfigCommand } from './commands/check-config.command.js';
import { doctorCommand } from './commands/doctor.command.js';
import { explainCommand } from './commands/explain.command.js';
import { serveCommand } from './commands/serve.command.js';
import { transfersCommand } from './commands/transfers.command.js';
import { runCli } from './program.js';
import { processTerminal } from './terminal.js';

const exitCode = await runCli(process.argv.slice(2), processTerminal(), [
  serveCommand,
  checkConfigCommand(),
  doctorCommand,
  explainCommand(),
  transfersCommand(),
]);
// `serve` runs on, and sets the code itself where it could not start.
if (exitCode !== 0) process.exitCode = exitCode;
