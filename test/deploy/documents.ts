import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const TOP = fileURLToPath(new URL('../../', import.meta.url));

/** The text of a file of the project. @param path from its top folder */
export function textOf(path: string): string {
  return readFileSync(`${TOP}${path}`, 'utf8');
}

/** Names of the files in a folder of the project, sorted. */
export function filesIn(folder: string): readonly string[] {
  return readdirSync(`${TOP}${folder}`).sort();
}

/** A YAML text, for looking into it with {@link at}. */
export function yamlOf(text: string): unknown {
  return parse(text) as unknown;
}

/**
 * What stands at a path in a document.
 *
 * @throws Error when nothing does: a test about it would pass without reason
 */
export function at(document: unknown, ...path: readonly (string | number)[]): unknown {
  let value = document;
  for (const key of path) {
    value = (value as Readonly<Record<string | number, unknown>> | undefined)?.[key];
  }
  if (value === undefined) throw new Error(`There is no ${path.join('.')}.`);
  return value;
}

/** As {@link at}, for a list. */
export function listAt(
  document: unknown,
  ...path: readonly (string | number)[]
): readonly unknown[] {
  const value = at(document, ...path);
  if (!Array.isArray(value)) throw new Error(`${path.join('.')} is no list.`);
  return value as readonly unknown[];
}

/** As {@link at}, for a mapping of texts. */
export function textsAt(
  document: unknown,
  ...path: readonly (string | number)[]
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(at(document, ...path) as object).map(([name, value]) => [name, String(value)]),
  );
}

/**
 * The text with the lines in force that are commented out below "With a second SciCat account".
 *
 * @throws Error when there are none
 */
export function withSecondAccount(text: string): string {
  const changed = text.replace(
    /(^ *# With a second SciCat account:\n)((?: *# .*\n)+)/m,
    (_, title: string, lines: string) => title + lines.replace(/^( *)# /gm, '$1'),
  );
  if (changed === text) throw new Error('There is nothing about a second SciCat account.');
  return changed;
}
