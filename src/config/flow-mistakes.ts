import { inQuotes, lineOf, type PlacesOf, shownLine } from './yaml-lines.js';

/*
 * Lists and mappings in brackets (`[a, b]`, `{ key: value }`), read as their writer sees them. The YAML
 * library takes a forgotten bracket or comma for a mistake in all lines that follow.
 */

/** What was found from an opening bracket on. */
export interface Flow {
  /** Of the last line that belongs to it, from 0. */
  readonly end: number;
  /** Behind the closing bracket, in the last line; undefined if it is not closed. */
  readonly column: number | undefined;
  readonly mistake?: FlowMistake;
}

interface FlowMistake {
  /** Of the line, from 0. */
  readonly index: number;
  /** From 0. */
  readonly column: number;
  readonly message: string;
}

const CLOSING: Readonly<Record<string, string>> = { '[': ']', '{': '}' };

/** Where an entry stands: before it, behind its key and colon, behind its value. */
type State = 'entry' | 'value' | 'done';

interface Open {
  readonly bracket: string;
  readonly index: number;
  readonly column: number;
  state: State;
}

/** Reads from the bracket at `column` (from 0) of line `start`. */
export function readFlow(
  lines: readonly string[],
  start: number,
  column: number,
  placesOf: PlacesOf,
): Flow {
  const head = lineOf(lines[start] ?? '', start);
  // In a file that is one mapping in brackets every line is indented as it pleases.
  const limit = column === 0 ? -1 : (head?.contentIndent ?? 0);
  const opening = lines[start]?.charAt(column) ?? '';
  const open: Open[] = [];
  let index = start;
  let last = start;
  const fail = (message: string, at = index, from = 0): Flow => ({
    end: endOf(lines, index, limit),
    column: undefined,
    mistake: { index: at, column: from, message },
  });

  for (; index < lines.length; index += 1) {
    const text = (lines[index] ?? '').replace(/\r$/, '');
    const content = lineOf(text, index);
    if (index > start && content !== undefined) {
      const entry = /^\s*-\s/.test(text);
      if (content.indent <= limit && (entry || content.key !== undefined)) break;
      if (open.length === 1 && entry && last === start && isLastIn(lines[start] ?? '', opening)) {
        return fail(WRITTEN_BELOW(opening), start, column);
      }
    }
    for (let at = index === start ? column : 0; at < text.length;) {
      const rest = text.slice(at);
      const [blank = ''] = /^\s+/.exec(rest) ?? [];
      if (blank !== '') {
        at += blank.length;
        continue;
      }
      if (rest.startsWith('#') && (at === 0 || /\s/.test(text.charAt(at - 1)))) break;
      const inner = open.at(-1);
      const character = rest.charAt(0);
      if (character in CLOSING) {
        if (rest.startsWith('{{')) return { end: index, column: at };
        if (inner?.state === 'done') return fail(noComma(lines, last, index, at), index, at);
        open.push({ bracket: character, index, column: at, state: 'entry' });
        at += 1;
      } else if (character === ']' || character === '}') {
        const expected = CLOSING[inner?.bracket ?? ''] ?? '';
        if (character !== expected) {
          return fail(
            `closes "${inner?.bracket ?? ''}", and so must be "${expected}"; write ${shownLine(`${text.slice(0, at)}${expected}`.trim())}`,
            index,
            at,
          );
        }
        open.pop();
        at += 1;
        const outer = open.at(-1);
        if (outer === undefined) return { end: index, column: at };
        outer.state = 'done';
      } else if (inner === undefined) {
        return { end: index, column: at };
      } else if (character === ',') {
        if (inner.state === 'entry') {
          const without = `${text.slice(0, at).trimEnd()}${text.slice(at + 1)}`.trim();
          return fail(`has an extra comma; write ${shownLine(without)}`, index, at);
        }
        inner.state = 'entry';
        at += 1;
      } else if (character === ':' && inner.state === 'done' && !/^:[^\s,[\]{}"']/.test(rest)) {
        inner.state = 'value';
        at += 1;
      } else if (character === ';') {
        const comma = `${text.slice(0, at).trimEnd()},${text.slice(at + 1)}`.trim();
        return fail(`has ";" between its entries; write ${shownLine(comma)}`, index, at);
      } else {
        if (inner.state === 'done') return fail(noComma(lines, last, index, at), index, at);
        const word = wordAt(rest);
        if (word === undefined) {
          return fail(
            `begins with a quotation mark (${character}) that is not closed; add the closing one`,
            index,
            at,
          );
        }
        const wrong = wrongWord(word, text, at, inner, placesOf);
        if (wrong !== undefined) return fail(wrong.message, index, at + wrong.offset);
        inner.state = 'done';
        at += word.length;
      }
      last = index;
    }
  }
  const [outer] = open;
  const at = open.at(-1) ?? outer;
  const closing = CLOSING[at?.bracket ?? ''] ?? '';
  return {
    end: Math.max(start, index - 1),
    column: undefined,
    mistake: {
      index: at?.index ?? start,
      column: at?.column ?? column,
      message: hasKeyBelow(lines, start, index, opening, placesOf)
        ? WRITTEN_BELOW(opening)
        : `begins with "${at?.bracket ?? ''}" that is not closed; ${
            new RegExp(`\\s#.*\\${closing}`).test(lines[last] ?? '')
              ? `the "${closing}" behind "#" is in a comment: write it before the "#"`
              : `add "${closing}" where it ends`
          }`,
    },
  };
}

const WRITTEN_BELOW = (bracket: string): string =>
  `ends with "${bracket}", but what belongs to it stands below it, line by line; remove the "${bracket}" (and "${CLOSING[bracket] ?? ''}", if there is one)`;

/** Whether the lines below an unclosed bracket are `key: value` without commas. */
function hasKeyBelow(
  lines: readonly string[],
  start: number,
  end: number,
  bracket: string,
  placesOf: PlacesOf,
): boolean {
  if (!isLastIn(lines[start] ?? '', bracket)) return false;
  const below = lines.slice(start + 1, end).map((line, index) => lineOf(line, index));
  const keys = below.filter((line) => line !== undefined && placesOf(line.key ?? '').length > 0);
  return keys.length > 0 && keys.every((line) => line?.value.endsWith(',') === false);
}

function isLastIn(line: string, bracket: string): boolean {
  return line
    .replace(/\s+#.*$/, '')
    .trimEnd()
    .endsWith(bracket);
}

/** The last line of something in brackets that has a mistake, judged by the indentation. */
function endOf(lines: readonly string[], from: number, limit: number): number {
  let end = from;
  for (let index = from + 1; index < lines.length; index += 1) {
    const content = lineOf(lines[index] ?? '', index);
    if (content === undefined) continue;
    const closes = /^\s*[\]}]/.test(lines[index] ?? '');
    if (content.indent <= limit && !closes) break;
    end = index;
    if (content.indent <= limit) break;
  }
  return end;
}

/** A value in quotes, or a plain one up to what ends it; undefined for quotes that are not closed. */
function wordAt(rest: string): string | undefined {
  const quote = rest.charAt(0);
  if (quote === '"') return /^"(?:[^"\\]|\\.)*"/.exec(rest)?.[0];
  if (quote === "'") return /^'(?:[^']|'')*'/.exec(rest)?.[0];
  return (
    /^(?:[^,[\]{}\s:#;]|:(?=[^\s,[\]{}])|(?<=\S)#|;(?=\S)|[ \t]+(?=[^\s#,[\]{}:]))+/.exec(
      rest,
    )?.[0] ?? rest.charAt(0)
  ).trimEnd();
}

/** What is wrong with a plain value. `offset`: where, from its beginning. */
function wrongWord(
  word: string,
  text: string,
  at: number,
  inner: Open,
  placesOf: PlacesOf,
): { readonly message: string; readonly offset: number } | undefined {
  if (/^["']/.test(word)) return undefined;
  if (/^-\s/.test(word)) {
    const without = text.replace(/([[{,]\s*)-\s+/g, '$1').trim();
    const message = `has "-" before an entry, which belongs only before entries on lines of their own; write ${shownLine(without)}`;
    return { message, offset: 0 };
  }
  const isAnchor = /^[*&!]\S/.test(word);
  if (/^[@`%*&!|>?]/.test(word) && !isAnchor) {
    const message = `begins with "${word.charAt(0)}", which has a special meaning in YAML; put the value in quotes: ${inQuotes(word)}`;
    return { message, offset: 0 };
  }
  // A value that goes on with the next key: `{ a: 1 b: 2 }`.
  const [, before = '', next = ''] = /^(.*?)[ \t]+(\w+)$/.exec(word) ?? [];
  const follows = /^\s*:(?:\s|$)/.test(text.slice(at + word.length));
  if (inner.state === 'value' && next !== '' && follows && placesOf(next).length > 0) {
    const value = before.replace(/[;.]$/, '');
    const tail = text.slice(at + word.length - next.length);
    const corrected = `${text.slice(0, at)}${value}, ${tail}`.trim();
    const message =
      value === before
        ? `needs a comma before "${next}"; write ${shownLine(corrected)}`
        : `has "${before.slice(-1)}" between its entries; write ${shownLine(corrected)}`;
    return { message, offset: word.length - next.length };
  }
  return undefined;
}

function noComma(lines: readonly string[], last: number, index: number, at: number): string {
  const text = (lines[index] ?? '').trimEnd();
  if (last === index) {
    const corrected = `${text.slice(0, at).trimEnd()}, ${text.slice(at)}`.trim();
    return `needs a comma between two entries; write ${shownLine(corrected)}`;
  }
  const above = (lines[last] ?? '').replace(/\s+#.*$/, '').trim();
  return `needs a comma before it; end line ${last + 1} with one: ${shownLine(`${above},`)}`;
}
