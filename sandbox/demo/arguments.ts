import { parseArgs } from 'node:util';
import { reasonOf } from '../world/clean-up.js';

/** How the demo is called. */
export const HELP = `Usage: npm run demo -- [options]

Registers a dataset in an emulated SciCat, has the proxy transfer it through an emulated Globus that
copies between local folders, and checks the result file by file. Needs no account and no network.

  --folder PATH    transfer this folder (default: one that is filled with samples)
  --keep           keep the copy, and say where it is
  --help           show this

Ends with exit code 0 only if every file arrived as it was and SciCat says so.
`;

/** What the command line asks for, or why it can't be understood. */
export type DemoWish =
  | { readonly kind: 'run'; readonly folder: string | undefined; readonly keep: boolean }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

/** @param args without the program's own name */
export function readArguments(args: readonly string[]): DemoWish {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        folder: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    if (values.folder === '') return { kind: 'wrong', message: '--folder needs a path.' };
    return { kind: 'run', folder: values.folder, keep: values.keep };
  } catch (error) {
    return { kind: 'wrong', message: reasonOf(error) };
  }
}
