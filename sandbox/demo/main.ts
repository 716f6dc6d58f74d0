import { parseArgs } from 'node:util';
import { runCommand } from '../world/run-program.js';
import { runDemo } from './demo.js';

const HELP = `Usage: npm run demo -- [options]

Registers a dataset in an emulated SciCat, lets the proxy transfer it through an emulated Globus that
copies between local folders, and compares the copy with the original. Needs no account and no network.

  --folder PATH    transfer this folder (default: a folder of sample files)
  --keep           keep the copy
  --help           show this help

Exits with 0 only if the copy is exact and SciCat shows the transfer as finished.
`;

await runCommand(
  HELP,
  (args) => {
    const { values } = parseArgs({
      args,
      options: {
        folder: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return undefined;
    if (values.folder === '') throw new Error('--folder needs a path.');
    return { folder: values.folder, keep: values.keep };
  },
  runDemo,
);
