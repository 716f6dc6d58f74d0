#!/usr/bin/env node
import { checkConfigCommand } from './check-config/check-config.command.js';
import { doctorCommand } from './doctor/doctor.command.js';
import { explainCommand } from './explain/explain.command.js';
import { holdCommand, releaseCommand } from './hold/hold.command.js';
import { runCli } from './common/program.js';
import { serveCommand } from './serve.command.js';
import { processTerminal } from './common/terminal.js';
import { transfersCommand } from './transfers/transfers.command.js';

const exitCode = await runCli(process.argv.slice(2), processTerminal(), [
  serveCommand,
  checkConfigCommand(),
  doctorCommand,
  explainCommand(),
  transfersCommand(),
  holdCommand,
  releaseCommand,
]);
// `serve` keeps running, and sets the code itself if it can't start.
if (exitCode !== 0) process.exitCode = exitCode;
