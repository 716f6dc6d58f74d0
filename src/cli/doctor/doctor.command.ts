import { type CommandInstaller, secondsReader } from '../common/program.js';
import type { DoctorOptions } from './doctor.js';

const DEFAULT_TIMEOUT_SECONDS = 30;

const HELP = `
Each line shows what was checked and the result:
  ✓  works
  ✗  does not work; the line with → says what to do
  –  unclear, or skipped because of an earlier ✗

Without --write nothing is changed. With it, doctor creates, updates and deletes one SciCat job
(the e-mails and other actions of the job type globus_transfer_job run), creates and deletes a
folder on each destination, and writes and deletes a small file in the data folder.

With the token of an ordinary user in SCICAT_TOKEN, doctor proves that users can't change the
service's jobs in SciCat; with --write, by a job that belongs to this user and is deleted at once.

Exit codes: 0 no ✗, 1 at least one ✗, or interrupted, 2 usage error.`;

/** `doctor`: tests everything that transfers need against the real services. */
export const doctorCommand: CommandInstaller = (program, terminal, ends) => {
  program
    .command('doctor')
    .description('Check everything that transfers need, and say how to fix what fails.')
    .option('--write', 'also create and delete a job, folders and a file; see below')
    .option('--json', 'print a JSON array of {check, subject, outcome, message, advice}')
    .option(
      '--timeout <seconds>',
      'time limit of each check',
      secondsReader((seconds) => seconds > 0 && seconds <= 3600, 'above 0 and at most 3600'),
      DEFAULT_TIMEOUT_SECONDS,
    )
    .addHelpText('after', HELP)
    .action(async (_options, command: { optsWithGlobals(): DoctorOptions }) => {
      // Imported here so that other commands start quickly.
      const { doctor } = await import('./doctor.js');
      ends(await doctor(terminal, command.optsWithGlobals()));
    });
};
