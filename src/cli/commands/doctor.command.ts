import { InvalidArgumentError } from 'commander';
import type { DoctorOptions } from '../doctor.js';
import type { CommandInstaller } from '../program.js';

const DEFAULT_TIMEOUT_SECONDS = 30;
const LONGEST_TIMEOUT_SECONDS = 3600;

const DETAILS = `
Each line says what was tried, on what, and how it went:
  ✓  works
  ✗  does not work; the line with → says what to do
  –  not proven, worth a look, or not tried because of an earlier ✗

Without --write nothing is changed anywhere. With it one SciCat job is made, changed and removed
(e-mails and other actions of the job type globus_transfer_job are sent), one folder is made and
deleted on each destination, and a small file is written in the data folder.

Ends with 1 if there is any ✗, with 0 otherwise.`;

/** `doctor`: tries everything that a transfer needs against the real services. */
export const doctorCommand: CommandInstaller = (program, terminal, ends) => {
  program
    .command('doctor')
    .description('Try everything that transfers need, and say what to do where it fails.')
    .option('--write', 'also make and remove a job and folders; see below')
    .option('--json', 'print a JSON array of {check, subject, outcome, message, advice}')
    .option(
      '--timeout <seconds>',
      'how long each single check may take',
      readTimeout,
      DEFAULT_TIMEOUT_SECONDS,
    )
    .addHelpText('after', DETAILS)
    .action(async (_options, command: { optsWithGlobals(): DoctorOptions }) => {
      // All that talks to the services is loaded only where it is needed.
      const { doctor } = await import('../doctor.js');
      ends(await doctor(terminal, command.optsWithGlobals()));
    });
};

function readTimeout(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds > 0 && seconds <= LONGEST_TIMEOUT_SECONDS) return seconds;
  throw new InvalidArgumentError(
    `It must be a number of seconds, more than 0 and at most ${LONGEST_TIMEOUT_SECONDS}.`,
  );
}
