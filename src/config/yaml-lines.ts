/*
 * The lines of a YAML file as their writer sees them, which also works where YAML does not.
 */

/** Where a word is a setting: the keys of its sections, '' for the top level; empty if nowhere. */
export type PlacesOf = (word: string) => readonly string[];

/** Nobody writes longer ones, and the patterns here may take long for them. */
export const LONGEST_LINE = 1000;

/** A line that is more than a comment. */
export interface Line {
  readonly index: number;
  /** Spaces before the first character. */
  readonly indent: number;
  /** Spaces and dashes before the content. */
  readonly contentIndent: number;
  readonly isItem: boolean;
  readonly key: string | undefined;
  readonly value: string;
}

/** Quotes for a value, as YAML needs them. */
export function inQuotes(value: string): string {
  return value.includes("'") && !/["\\]/.test(value)
    ? `"${value}"`
    : `'${value.replaceAll("'", "''")}'`;
}

/** A line taken apart; undefined for an empty one, a comment, and the marks of documents. */
export function lineOf(text: string, index: number): Line | undefined {
  const content = text.trim();
  if (content === '' || content.startsWith('#') || /^(?:---|\.\.\.)(?:\s|$)/.test(text)) {
    return undefined;
  }
  const [lead = '', indentation = '', dashes = ''] = /^(\s*)((?:-\s+)*)/.exec(text) ?? [];
  const rest = text.slice(lead.length).trimEnd();
  const [, key, behind = rest] =
    /^("[^"]*"|'[^']*'|[^\s"'[{#&*!|>%@`][^:"'[{#]*?)\s*:(?:\s+(.*))?$/.exec(rest) ?? [];
  const value = key !== undefined && behind === rest ? '' : behind;
  return {
    index,
    indent: indentation.length,
    contentIndent: lead.length,
    isItem: dashes !== '' || content === '-',
    key: key?.replace(/^["']|["']$/g, ''),
    value: /^["']/.test(value) ? value : value.replace(/(?:^|\s+)#.*$/, ''),
  };
}

/** Whether what belongs to a line stands below it. */
export function isHeader({ key, value }: Line): boolean {
  return key !== undefined && value === '';
}

export function spaces(count: number): string {
  return count === 1 ? '1 space' : `${count} spaces`;
}

/** A line for a message, shortened. */
export function shownLine(line: string): string {
  return `"${line.length > 80 ? `${line.slice(0, 80)}…` : line}"`;
}

/**
 * What is wrong with a line that is no `key: value`, although it begins with a key: a space or the
 * colon is missing, or there is another character in place of it.
 */
export function keyMistake(
  line: string,
  placesOf: PlacesOf,
): { readonly key: string; readonly message: string; readonly corrected: string } | undefined {
  if (line.length > LONGEST_LINE) return undefined;
  const [, dash = '', item = ''] = /^(\s*-)([A-Za-z]\w*)\s*:/.exec(line) ?? [];
  if (placesOf(item).length > 0) {
    const written = line.slice(dash.length);
    const message = `needs a space after the dash; write ${shownLine(`- ${written}`)}`;
    return { key: item, message, corrected: `${dash} ${written}` };
  }
  const [, lead = '', key = '', sign = '', value = ''] =
    /^(\s*(?:- +)*)(\w+)[ \t\u00a0]*(:=|=>|->|[-–—−](?=[ \t]|$)|[:：=;]?)[ \t\u00a0]*(.*)$/.exec(
      line,
    ) ?? [];
  if (placesOf(key).length === 0) return undefined;
  const after = line.slice(lead.length + key.length);
  if (/^\s*:(?:[ \t]|$)/.test(after) || /^[\w-]/.test(after)) return undefined;
  const written = `${key}: ${value}`.trimEnd();
  const corrected = `${lead}${written}`;
  const wrong = (): string => {
    if (sign === ':') {
      return after.includes('\u00a0')
        ? 'has a no-break space after the colon, which looks like a space but is not one'
        : 'needs a space after the colon';
    }
    if (sign === '') return 'needs a colon';
    return `is followed by "${sign}", but YAML uses a colon`;
  };
  return { key, message: `${wrong()}; write ${shownLine(written)}`, corrected };
}

/** The key of a line or, for an entry of a list, that of the list. */
export function keyAt(lines: readonly string[], index: number): string | undefined {
  const line = lineOf(lines[index] ?? '', index);
  if (line?.key !== undefined || line?.isItem !== true) return line?.key;
  for (let above = index - 1; above >= 0; above -= 1) {
    const other = lineOf(lines[above] ?? '', above);
    if (other?.key === undefined || other.value !== '') continue;
    if (other.contentIndent <= line.indent) return other.key;
  }
  return undefined;
}
