import { resolve } from 'node:path';
import { readScicatToken } from '../../auth/scicat-token.js';
import { faultOf, readTextFile } from '../../config/read-text-file.js';
import { UnauthenticatedError } from '../../errors/request.errors.js';
import type { Terminal } from './terminal.js';

/** Ends the command with exit code 2 and this message. */
export type UsageError = (message: string) => never;

/** Holds a user's SciCat token; with `_FILE` appended, the path of a file that holds it. */
export const TOKEN_VARIABLE = 'SCICAT_TOKEN';

const FILE_VARIABLE = `${TOKEN_VARIABLE}_FILE`;
/** Far more than any token has; shells hand out secrets through pipes. */
const TOKEN_FILE = { maxBytes: 64 * 1024, pipeMs: 10_000 };

/**
 * The SciCat token that a command was given: on standard input, in the environment, or in a file that
 * the environment names.
 *
 * @returns undefined if there is none in the environment
 */
export async function givenToken(
  terminal: Terminal,
  fromInput: boolean,
  usageError: UsageError,
): Promise<string | undefined> {
  const { text, source } = fromInput
    ? { text: await terminal.readIn(), source: 'standard input' }
    : inEnvironment(terminal, usageError);
  if (text.trim() === '' && source === TOKEN_VARIABLE) return undefined;
  try {
    return readScicatToken({ 'scicat-api-key': text.trim() });
  } catch (error) {
    if (!(error instanceof UnauthenticatedError)) throw error;
    return usageError(
      text.trim() === ''
        ? `there is no token ${source === 'standard input' ? 'on' : 'in'} ${source}`
        : `the content of ${source} can't be a SciCat token: it is too long, or contains spaces or special characters`,
    );
  }
}

function inEnvironment({ env, workingFolder }: Terminal, usageError: UsageError) {
  const [text = '', file = ''] = [env[TOKEN_VARIABLE], env[FILE_VARIABLE]];
  if (file === '') return { text, source: TOKEN_VARIABLE };
  if (text !== '') return usageError(`set only one of ${TOKEN_VARIABLE} and ${FILE_VARIABLE}`);
  const path = resolve(workingFolder, file);
  try {
    return { text: readTextFile(path, TOKEN_FILE), source: `the file that ${FILE_VARIABLE} names` };
  } catch (error) {
    const advice = 'it must exist and be readable by you';
    return usageError(`${FILE_VARIABLE} names a file that ${faultOf(error, path, advice)}`);
  }
}
