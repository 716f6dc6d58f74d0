import { readFlow } from './flow-mistakes.js';
import { entryWithoutDash, lineMistake, templateMistake } from './line-mistakes.js';
import {
  inQuotes,
  isHeader,
  keyAt,
  type Line,
  lineOf,
  LONGEST_LINE,
  type PlacesOf,
  shownLine,
  spaces,
} from './yaml-lines.js';
import { type Document, isMap, LineCounter, parseDocument, visit, type YAMLError } from 'yaml';

/*
 * What a YAML library says about a broken file is true, but too much and too late: it reports the
 * consequences of a mistake. Here one message is made for each mistake, in the words of the person who
 * wrote the line. To get past a mistake, the line is corrected as its message advises, and the file
 * parsed again; what it then holds is not used, only its further mistakes.
 */

/** One mistake in the syntax. */
export interface YamlMistake {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The key on the line; undefined without one. */
  readonly key: string | undefined;
  /** What is wrong, and what to write. */
  readonly message: string;
}

/**
 * Parses a file as {@link syntaxMistakes} judges it.
 *
 * @throws RangeError if it is nested too deeply for the library
 */
export function parsedYaml(text: string, lines = new LineCounter()): Document.Parsed {
  return parseDocument(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    // The reader checks this: it knows the path of the mapping.
    uniqueKeys: false,
  });
}

/** Said of a file for which the library would need too much of the stack. */
export const TOO_DEEP = 'is nested too deeply to be a configuration. Is it the right file?';

/** More would not be read. */
const MOST_MISTAKES = 20;
/**
 * How often a broken file is parsed again, each time with the mistakes found so far corrected. Most
 * mistakes show without that.
 */
const MOST_PARSES = 6;
/** Of larger files only the first mistake of those is looked for. */
const LARGE_FILE = 32_768;

/**
 * The mistakes in the syntax of a file, in its order; empty if it is sound.
 *
 * @param parse called at most {@link MOST_PARSES} times
 */
export function syntaxMistakes(
  text: string,
  placesOf: PlacesOf,
  parse: typeof parsedYaml = parsedYaml,
): readonly YamlMistake[] {
  if (/\r(?!\n)/.test(text) && !text.includes('\n')) {
    const message =
      'has classic Mac OS line endings (CR); save it with Unix (LF) or Windows (CRLF) line endings';
    return [{ line: 1, column: 1, key: undefined, message }];
  }
  const { mistakes: found, corrected } = mistakesOfLines(text, placesOf);
  let current = corrected;
  const most = text.length > LARGE_FILE ? 1 : MOST_PARSES;
  for (let parses = 0; parses < most && found.length < MOST_MISTAKES; parses += 1) {
    if (found.length > 0 && text.length > LARGE_FILE) break;
    const explained = new BrokenFile(current, placesOf, parse).firstMistake();
    // A line that its correction did not help is not explained again.
    if (explained === undefined || found.some(({ line }) => line === explained.line)) break;
    const { corrected: next, ...mistake } = explained;
    found.push(mistake);
    if (next === undefined) break;
    current = next;
  }
  return found.toSorted((a, b) => a.line - b.line);
}

const CONFLICT = /^(?:<{7}|>{7}|\|{7})(?: |$)/;

/** Where two versions of a file were not merged; it can't be told which lines count. */
export function conflictMark(text: string): YamlMistake | undefined {
  if (!/^(?:<{7}|>{7})(?: |\r?$)/m.test(text)) return undefined;
  const line = text.split('\n').findIndex((one) => CONFLICT.test(one.trimEnd())) + 1;
  const message =
    'is a mark of a merge conflict (of git); keep one of the two versions, and remove the lines that begin with "<<<<<<<", "=======" and ">>>>>>>"';
  return { line, column: 1, key: undefined, message };
}

/** The mistakes that show without parsing, and the file without them. */
function mistakesOfLines(
  text: string,
  placesOf: PlacesOf,
): { readonly mistakes: YamlMistake[]; readonly corrected: string } {
  const lines = text.split('\n');
  const mistakes: YamlMistake[] = [];
  if (lines.some(({ length }) => length > LONGEST_LINE)) return { mistakes, corrected: text };
  const kinds = new Map<string, { readonly at: number; count: number }>();
  const add = (index: number, column: number, message: string, key?: string): void => {
    mistakes.push({
      line: index + 1,
      column: column + 1,
      key: key ?? keyAt(lines, index),
      message,
    });
  };
  let before = '';
  for (let index = 0; index < lines.length && mistakes.length < MOST_MISTAKES; index += 1) {
    const written = (lines[index] ?? '').replace(/\r$/, '');
    const line = lineOf(written, index);
    if (line === undefined) continue;
    if (/^[|>][-+\d]*$/.test(line.value)) {
      index = endOfBlock(lines, index, line);
      continue;
    }
    const mistake =
      lineMistake(written, index, placesOf) ??
      entryWithoutDash(written, [before, lines[index + 1]?.replace(/\r$/, '')]);
    before = written;
    if (mistake !== undefined) {
      const { column, key, message, corrected, kind = '' } = mistake;
      const alike = kinds.get(kind);
      if (kind !== '' && alike !== undefined) alike.count += 1;
      else {
        if (kind !== '') kinds.set(kind, { at: mistakes.length, count: 0 });
        add(index, column, message, key);
      }
      lines[index] = corrected;
    }
    index = afterFlow(lines, index, placesOf, add);
  }
  for (const { at, count } of kinds.values()) {
    const first = mistakes[at];
    if (first === undefined || count === 0) continue;
    const others = count === 1 ? 'so does 1 other line' : `so do ${count} other lines`;
    mistakes[at] = {
      ...first,
      message: first.message.replace(/(?=, (?:which|as each))/, ` (and ${others})`),
    };
  }
  return { mistakes, corrected: lines.join('\n') };
}

/** Reads over a list or mapping in brackets, and takes it out if it has a mistake. */
function afterFlow(
  lines: string[],
  index: number,
  placesOf: PlacesOf,
  add: (index: number, column: number, message: string, key?: string) => void,
): number {
  const written = (lines[index] ?? '').replace(/\r$/, '');
  const line = lineOf(written, index);
  if (line === undefined || !/^(?:\[|\{(?!\{))/.test(line.value)) return index;
  const from = written.indexOf(line.value, line.contentIndent + (line.key?.length ?? 0));
  const { end, column, mistake } = readFlow(lines, index, from, placesOf);
  const next = lines
    .slice(end + 1, end + 20)
    .map(lineOf)
    .find((one) => one !== undefined);
  if (
    /^(?:\[\s*\]|\{\s*\})$/.test(line.value) &&
    next !== undefined &&
    next.indent > line.contentIndent &&
    placesOf(next.key ?? '').length > 0
  ) {
    add(
      index,
      from,
      `has "${line.value}", which means that there are none, but more stands below it; remove the "${line.value}"`,
    );
    lines[index] = written.slice(0, from);
    return index;
  }
  if (mistake === undefined) {
    const last = (lines[end] ?? '').replace(/\r$/, '');
    const [, surplus] = /^\s*([\]}])/.exec(last.slice(column)) ?? [];
    if (surplus !== undefined && column !== undefined) {
      const right = last.slice(0, column).trim();
      add(
        end,
        last.indexOf(surplus, column),
        `has "${surplus}" without its opening bracket; write ${shownLine(right)}`,
      );
      lines[end] = last.slice(0, column);
    }
    const [comma] = /^\s*,\s*$/.exec(last.slice(column)) ?? [];
    if (comma !== undefined && column !== undefined && end > index) {
      add(end, column, 'ends with ",", which is not needed between lines; remove it');
      lines[end] = last.slice(0, column);
    }
    return end;
  }
  add(mistake.index, mistake.column, mistake.message, keyAt(lines, mistake.index) ?? line.key);
  const isBelow = mistake.message.startsWith('ends with');
  lines[index] =
    `${written.slice(0, from)}${isBelow ? '' : written.charAt(from) === '[' ? '[]' : '{}'}`;
  for (let below = index + 1; below <= end; below += 1) {
    if (!isBelow || /^\s*[\]}],?\s*$/.test(lines[below] ?? '')) lines[below] = '';
  }
  return isBelow ? index : end;
}

/** The last line of a text below `|` or `>`. */
function endOfBlock(lines: readonly string[], index: number, { indent }: Line): number {
  let end = index;
  while (end + 1 < lines.length && /^\s*$|^ /.test(lines[end + 1] ?? '')) {
    const next = lines[end + 1] ?? '';
    if (next.trim() !== '' && next.search(/\S/) <= indent) break;
    end += 1;
  }
  return end;
}

/**
 * The text of the file where `{{ … }}` without quotes was read as a mapping in a mapping, which is
 * not a syntax error.
 */
export function unquotedTemplate(node: unknown, text: string): string | undefined {
  if (!isMap(node) || node.flow !== true || !node.range) return undefined;
  const [pair] = node.items;
  if (!isMap(pair?.key)) return undefined;
  return text.slice(node.range[0], node.range[1]).replace(/\s+/g, ' ');
}

interface Explained extends YamlMistake {
  /** The whole file, with the mistake corrected; the same lines. */
  readonly corrected?: string;
}

class BrokenFile {
  private readonly lines: readonly string[];
  private readonly counter = new LineCounter();
  private readonly document: Document.Parsed;

  constructor(
    private readonly text: string,
    private readonly placesOf: PlacesOf,
    parse: typeof parsedYaml,
  ) {
    this.lines = text.split('\n');
    this.document = parse(text, this.counter);
  }

  firstMistake(): Explained | undefined {
    const [error] = this.document.errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
    if (error === undefined) return this.templateRead();
    const { line, col } = this.counter.linePos(error.pos[0]);
    const at = { index: line - 1, column: col };
    if (this.lines.some(({ length }) => length > LONGEST_LINE)) {
      return this.otherMistake(at.index, at.column, error);
    }
    return (
      this.quoteNotClosed() ??
      this.strangeIndentation(at.index) ??
      this.wrongValue(at.index, error) ??
      this.wrongIndentation(at.index, error) ??
      this.otherMistake(at.index, at.column, error)
    );
  }

  private templateRead(): Explained | undefined {
    let found: Explained | undefined;
    visit(this.document, {
      Map: (_key, node) => {
        const template = unquotedTemplate(node, this.text);
        if (template === undefined || !node.range) return undefined;
        const position = this.positionOf(node.range[0]);
        found = this.inLine(position, templateMistake(template), (line) => {
          const [before, after] = [
            line.slice(0, position.column - 1),
            line.slice(position.column - 1),
          ];
          return `${before}${after.replace(/\{\{.*?\}\}\}?/, inQuotes)}`;
        });
        return visit.BREAK;
      },
    });
    return found;
  }

  private quoteNotClosed(): Explained | undefined {
    let found: Explained | undefined;
    visit(this.document, {
      Scalar: (_key, node) => {
        const { range, type } = node;
        if (!range || (type !== 'QUOTE_DOUBLE' && type !== 'QUOTE_SINGLE')) return undefined;
        const raw = this.text.slice(range[0], range[1]);
        const quote = type === 'QUOTE_DOUBLE' ? '"' : "'";
        const further = raw.split('\n').slice(1);
        const swallows = further.some((line) => {
          const { key = '' } = lineOf(line, 0) ?? {};
          return this.placesOf(key).length > 0;
        });
        if (!swallows && raw.length > 1 && raw.endsWith(quote)) return undefined;
        found = this.inLine(
          this.positionOf(range[0]),
          `begins with a quotation mark (${quote}) that is not closed; add the closing one`,
          (line) => line.replace(/\s*(?:\s#.*)?$/, (end) => `${quote}${end}`),
        );
        return visit.BREAK;
      },
    });
    return found;
  }

  private strangeIndentation(index: number): Explained | undefined {
    const strange = (line: string): string | undefined => /^ *([^\S ])/.exec(line)?.[1];
    const character = strange(this.lines[index] ?? '');
    if (character === undefined) return undefined;
    const others = this.lines.filter(
      (line, other) => other !== index && strange(line) !== undefined && line.trim() !== '',
    ).length;
    const name = character === '\t' ? 'a tab' : 'a character that only looks like a space';
    const all =
      others === 0
        ? ''
        : ` (and so ${others === 1 ? 'is 1 other line' : `are ${others} other lines`})`;
    const above = this.contents().findLast((line) => line.index < index);
    const isItem = lineOf(this.lines[index] ?? '', index)?.isItem === true;
    const deeper = above !== undefined && isHeader(above) ? 2 : 0;
    const expected = isItem ? this.expectedIndent(index) : (above?.contentIndent ?? 0) + deeper;
    const corrected = this.lines.map((line, other) => {
      if (strange(line) === undefined) return line;
      const content = line.trimStart();
      const [lead = ''] = /^\s*/.exec(line) ?? [];
      return others === 0 && other === index
        ? `${' '.repeat(expected)}${content}`
        : `${lead.replace(/[^\S ]/g, '  ')}${content}`;
    });
    return {
      line: index + 1,
      column: (this.lines[index] ?? '').indexOf(character) + 1,
      key: lineOf(this.lines[index] ?? '', index)?.key,
      message: `is indented with ${name}${all}, which YAML does not allow; use spaces only, two for each level`,
      corrected: corrected.join('\n'),
    };
  }

  private wrongValue(index: number, { code }: YAMLError): Explained | undefined {
    const line = lineOf(this.lines[index] ?? '', index);
    if (line === undefined) return undefined;
    const { value, key, contentIndent } = line;
    const at = { index, column: contentIndent + 1 };
    const [first = ''] = value;
    if (/^["']/.test(value)) {
      if (code === 'BAD_DQ_ESCAPE') {
        const inner = value.replace(/^"|"$/g, '');
        return this.toQuote(
          { ...line, value: inner },
          'has a backslash, which has a special meaning in "…"',
          value,
        );
      }
      if (code !== 'UNEXPECTED_TOKEN') return undefined;
      const inner = value.endsWith(first) ? value.slice(1, -1) : value.replaceAll(first, '');
      return this.toQuote(
        { ...line, value: inner },
        `continues after its closing quotation mark (${first})`,
        value,
      );
    }
    if (/^[@`%|>&*!?,\]}]/.test(value) && (key !== undefined || line.isItem)) {
      return this.toQuote(line, `begins with "${first}", which has a special meaning in YAML`);
    }
    if (/^[[{]/.test(value) && code === 'UNEXPECTED_TOKEN') {
      const kind = first === '[' ? 'a list' : 'a mapping';
      return this.toQuote(line, `begins with "${first}", which YAML reads as ${kind}`);
    }
    if (key !== undefined && /^-\s/.test(value)) {
      const text = `${' '.repeat(contentIndent + 2)}${value}`;
      return this.inLine(
        at,
        `has the first entry of its list on the same line; write "${key}:", and below it ${shownLine(text)}`,
        undefined,
      );
    }
    if (key !== undefined && code === 'BLOCK_AS_IMPLICIT_KEY' && /:(?:\s|$)/.test(value)) {
      return this.toQuote(line, 'has a colon in its value, which YAML reads as another key');
    }
    return undefined;
  }

  private wrongIndentation(index: number, { code }: YAMLError): Explained | undefined {
    if (!INDENTATION_CODES.includes(code)) return undefined;
    const contents = this.contents();
    const here = contents.findIndex((line) => line.index >= index);
    const [line, next] = [contents[here], contents[here + 1]];
    const [first] = contents;
    if (line === undefined || first === undefined) return undefined;
    if (first.indent > 0 && line.indent === 0) return this.toIndent(first, 0);
    const open = this.openColumns(line);
    const previous = contents[here - 1];
    const opensBlock =
      previous !== undefined && isHeader(previous) && line.indent > previous.indent;
    const isOff = (!opensBlock && !open.includes(line.indent)) || this.isMisplaced(line);
    if (isOff || next === undefined || line.value === '' || next.indent <= line.contentIndent) {
      const expected = this.expectedIndent(line.index);
      const withoutDash = this.entryWithoutDash(line, expected);
      if (withoutDash !== undefined) return withoutDash;
      return expected === line.indent ? undefined : this.toIndent(line, expected);
    }
    if (next.key === undefined) return undefined;
    // The line below goes on with the block above: this line is the odd one out.
    return open.includes(next.indent)
      ? this.toIndent(line, next.indent)
      : this.toIndent(next, line.contentIndent);
  }

  /** A key that its block has already begins the next entry of a list. */
  private entryWithoutDash(line: Line, expected: number): Explained | undefined {
    if (line.isItem || line.key === undefined) return undefined;
    const above = this.contents().filter(({ index }) => index < line.index);
    const first = above.findLastIndex(
      ({ isItem, contentIndent }) => isItem && contentIndent === expected,
    );
    const item = above[first];
    if (item === undefined) return undefined;
    const block = above.slice(first).filter(({ contentIndent }) => contentIndent === expected);
    if (!block.some(({ key }) => key === line.key)) return undefined;
    const { index, contentIndent } = line;
    const entry = `- ${(this.lines[index] ?? '').trim()}`;
    return this.inLine(
      { index, column: contentIndent + 1 },
      `begins another entry, but has no "-" before it; write ${shownLine(entry)}`,
      () => `${' '.repeat(item.indent)}${entry}`,
    );
  }

  private otherMistake(index: number, column: number, error: YAMLError): Explained {
    const line = index + 1;
    if (error.code === 'MULTIPLE_DOCS') {
      const message =
        'starts a second document, but only one is allowed; remove this line and everything that does not belong here';
      return { line, column, key: undefined, message };
    }
    const text = (this.lines[index] ?? '').slice(0, LONGEST_LINE).trim();
    const control = /[^\P{Cc}\t\r]/u.exec(text)?.[0];
    if (control !== undefined) {
      const code = control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
      const message = `contains a control character (U+${code}); retype the line`;
      return { line, column, key: undefined, message };
    }
    if (/^MISSING_CHAR|MULTILINE_IMPLICIT_KEY$/.test(error.code) && /^[^:]+$/.test(text)) {
      const message = 'is neither "key: value" nor a comment; begin a comment with "#"';
      return { line, column, key: undefined, message };
    }
    if (error.message.includes('call stack')) {
      return { line, column, key: undefined, message: TOO_DEEP };
    }
    const [, word, equals] = /^([\w.-]+)\s*(=)/.exec(text) ?? [];
    if (equals !== undefined) {
      const message = `has "=" behind "${word ?? ''}", but settings are written "key: value"; their names are in scicat-globus-proxy-config.example.yaml`;
      return { line, column, key: undefined, message };
    }
    if (/^-\s/.test(text)) {
      const message =
        'begins with "-", but no list begins above it; remove the "-", or indent the line like the other entries of its list';
      return { line, column, key: undefined, message };
    }
    const message = `can't be read as YAML, because of this line or the one before it; compare the line with scicat-globus-proxy-config.example.yaml`;
    return { line, column, key: undefined, message };
  }

  /** @param written the text of the file, if it is not the value itself */
  private toQuote(line: Line, wrong: string, written = line.value): Explained {
    const { index, value } = line;
    const quoted = inQuotes(value);
    const text = this.lines[index] ?? '';
    const from = text.indexOf(written, line.contentIndent + (line.key?.length ?? 0));
    return this.inLine(
      { index, column: from + 1 },
      `${wrong}; put the value in quotes: ${quoted}`,
      () => `${text.slice(0, from)}${quoted}${text.slice(from + written.length)}`,
    );
  }

  private toIndent(line: Line, expected: number): Explained {
    const { index, indent } = line;
    const message =
      expected === 0
        ? `is indented by ${spaces(indent)}, but its block is not; begin it at the start of the line`
        : `is indented by ${spaces(indent)}, but its block by ${spaces(expected)}; begin the line with ${spaces(expected)}`;
    const hasBelow = isHeader(line) || line.isItem;
    let goesOn = true;
    const corrected = this.lines.map((text, other) => {
      const content = other < index ? undefined : lineOf(text, other);
      if (content === undefined || !goesOn) return text;
      const belongs =
        other === index ||
        content.indent === indent ||
        (content.indent > indent && (indent > expected || hasBelow));
      goesOn &&= belongs;
      return belongs
        ? `${' '.repeat(Math.max(0, content.indent + expected - indent))}${text.trimStart()}`
        : text;
    });
    return {
      line: index + 1,
      column: indent + 1,
      key: line.key,
      message,
      corrected: corrected.join('\n'),
    };
  }

  /** Where a line should begin, judged by the lines above it. */
  private expectedIndent(index: number): number {
    const line = lineOf(this.lines[index] ?? '', index);
    const previous = this.contents().findLast((other) => other.index < index);
    if (previous === undefined || line === undefined) return 0;
    const { indent, key = '' } = line;
    const places = this.placesOf(key);
    if (places.length > 0 && places.every((place) => place === '')) return 0;
    if (isHeader(previous) && indent > previous.contentIndent) return previous.contentIndent + 2;
    const open = this.openColumns(line).filter(
      (column) => column > 0 || line.isItem || places.length === 0 || places.includes(''),
    );
    const [innermost = 0] = open;
    return open.reduce(
      (best, column) => (Math.abs(column - indent) < Math.abs(best - indent) ? column : best),
      innermost,
    );
  }

  /**
   * The columns where a line like this may begin after the lines above it, the innermost first: those
   * of the keys of open blocks or, for an entry of a list, those of open lists.
   */
  private openColumns(line: Line): readonly number[] {
    const above = this.contents().filter(({ index }) => index < line.index);
    const open: number[] = [];
    let limit = Number.POSITIVE_INFINITY;
    for (const other of above.toReversed()) {
      const { isItem, contentIndent, indent } = other;
      if (contentIndent < limit && !line.isItem) open.push(contentIndent);
      const isAlike = isItem && (other.key === undefined) === (line.key === undefined);
      if (indent < limit && line.isItem && isAlike) open.push(indent);
      limit = Math.min(
        limit,
        isItem && indent >= limit ? limit : contentIndent,
        indent + (isItem ? 1 : 0),
      );
    }
    return [...new Set(open)];
  }

  /** Whether a line is at the top level or below it, where its key is not a setting. */
  private isMisplaced({ key = '', indent, isItem }: Line): boolean {
    const places = this.placesOf(key);
    if (places.length === 0 || isItem) return false;
    return indent === 0 ? !places.includes('') : places.every((place) => place === '');
  }

  private contents(): readonly Line[] {
    return this.lines.map(lineOf).filter((line) => line !== undefined);
  }

  private positionOf(offset: number): Position {
    const { line, col } = this.counter.linePos(offset);
    return { index: line - 1, column: col };
  }

  private inLine(
    { index, column }: Position,
    message: string,
    correct: ((line: string) => string) | undefined,
  ): Explained {
    const key = keyAt(this.lines, index);
    const mistake = { line: index + 1, column, key, message };
    if (correct === undefined) return mistake;
    const corrected = this.lines.with(index, correct((this.lines[index] ?? '').replace(/\r$/, '')));
    return { ...mistake, corrected: corrected.join('\n') };
  }
}

interface Position {
  /** Of the line, from 0. */
  readonly index: number;
  /** From 1. */
  readonly column: number;
}

const INDENTATION_CODES: readonly string[] = [
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'MISSING_CHAR',
  'MULTILINE_IMPLICIT_KEY',
  'UNEXPECTED_TOKEN',
];
