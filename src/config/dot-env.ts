import type { Variables } from './environment.js';
import { type Problem, problemAt } from './problem.js';

/** What a `.env` file looks like to a reader. */
export interface DotEnvLines {
  /** From 1: where each variable is given (the last one counts). */
  readonly lines: Readonly<Record<string, number>>;
  /** Warnings about values that are not what was probably meant. */
  readonly problems: readonly Problem[];
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=[ \t]*(.*?)[ \t]*$/;
/** YAML's way, which a `.env` file does not know. */
const COLON = /^\s*([A-Z][A-Z0-9_]+)\s*:\s/;

/**
 * Finds the variables of a `.env` file, and values that Node silently cuts.
 *
 * @param variables that Node reads from it
 */
export function dotEnvLines(text: string, variables: Variables, file: string): DotEnvLines {
  const lines: Record<string, number> = {};
  const problems: Problem[] = [];
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const [, name, written = ''] = ASSIGNMENT.exec(line) ?? [];
    const warn = (path: string, message: string): void => {
      problems.push(problemAt(file, index + 1, path, message, 'warning'));
    };
    if (name === undefined) {
      const [, key] = COLON.exec(line) ?? [];
      if (key !== undefined) warn(key, `has no effect in this form; write "${key}=…"`);
      continue;
    }
    lines[name] = index + 1;
    const doubt = doubtOf(written, variables[name] ?? '');
    if (doubt !== undefined) warn(name, doubt);
  }
  return { lines, problems };
}

/** @param written after the `=`, on one line @param value what Node reads */
function doubtOf(written: string, value: string): string | undefined {
  const [quote = ''] = /^["'`]/.exec(written) ?? [];
  if (quote === '') {
    const [, before] = /^([^#]*)#/.exec(written) ?? [];
    // A comment is set off by a space, as everywhere.
    return before?.trim() !== value || /\s$/.test(before)
      ? undefined
      : 'is cut at an unquoted "#", which begins a comment here; put the whole value in quotes (or put a space before a "#" that does begin a comment)';
  }
  const closed = /^(["'`])[^]*?\1(.*)$/.exec(written);
  if (closed === null) {
    // It may go on in the next line.
    return value.includes('\n')
      ? undefined
      : `begins with a quotation mark (${quote}) that is not closed, which counts as part of the value; close it, or put the whole value in other quotes`;
  }
  return /^\s*(?:#.*)?$/.test(closed[2] ?? '')
    ? undefined
    : `ends at its second quotation mark (${quote}), and what follows is ignored; use quotes that the value does not contain`;
}
