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

/** Where a word is a setting: the keys of its sections, '' for the top level; empty if nowhere. */
export type PlacesOf = (word: string) => readonly string[];

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
/** Of larger files only the first mistake is looked for, since each one takes another parse. */
const LARGE_FILE = 32_768;
/** Nobody writes longer ones, and the patterns here may take long for them. */
const LONGEST_LINE = 1000;

/** The mistakes in the syntax of a file, in its order; empty if it is sound. */
export function syntaxMistakes(text: string, placesOf: PlacesOf): readonly YamlMistake[] {
  if (/\r(?!\n)/.test(text) && !text.includes('\n')) {
    const message =
      'has classic Mac OS line endings (CR); save it with Unix (LF) or Windows (CRLF) line endings';
    return [{ line: 1, column: 1, key: undefined, message }];
  }
  const found: YamlMistake[] = [];
  let current = text;
  const most = text.length > LARGE_FILE ? 1 : MOST_MISTAKES;
  while (found.length < most) {
    const file = new BrokenFile(current, placesOf);
    const explained = file.firstMistake();
    // A line that is still wrong after its correction is not explained again.
    if (explained === undefined || found.some(({ line }) => line === explained.line)) break;
    const { corrected, ...mistake } = explained;
    found.push(mistake);
    if (corrected === undefined) break;
    current = corrected;
  }
  return found.toSorted((a, b) => a.line - b.line);
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

/** What is wrong with a value that {@link unquotedTemplate} finds. */
export function templateMistake(template: string): string {
  return `begins with "{{", which YAML reads as a mapping; put the value in quotes: ${inQuotes(template)}`;
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
    /^(\s*(?:- +)*)([\w-]+)[ \t]*([:：=;]?)[ \t\u00a0]*(.*)$/.exec(line) ?? [];
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

/** Quotes for a value, as YAML needs them. */
export function inQuotes(value: string): string {
  return value.includes("'") && !/["\\]/.test(value)
    ? `"${value}"`
    : `'${value.replaceAll("'", "''")}'`;
}

interface Explained extends YamlMistake {
  /** The whole file, with the mistake corrected; the same lines. */
  readonly corrected?: string;
}

/** A line that is more than a comment. */
interface Line {
  readonly index: number;
  /** Spaces before the first character. */
  readonly indent: number;
  /** Spaces and dashes before the content. */
  readonly contentIndent: number;
  readonly isItem: boolean;
  readonly key: string | undefined;
  readonly value: string;
}

class BrokenFile {
  private readonly lines: readonly string[];
  private readonly counter = new LineCounter();
  private readonly document: Document.Parsed;

  constructor(
    private readonly text: string,
    private readonly placesOf: PlacesOf,
  ) {
    this.lines = text.split('\n');
    this.document = parsedYaml(text, this.counter);
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
      this.wrongKey(at.index) ??
      this.unquotedTemplate(at.index) ??
      this.bracketNotClosed() ??
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

  private wrongKey(index: number): Explained | undefined {
    const mistake = keyMistake((this.lines[index] ?? '').replace(/\r$/, ''), this.placesOf);
    if (mistake === undefined) return undefined;
    const { key, message, corrected } = mistake;
    const column = (this.lines[index] ?? '').indexOf(key) + 1;
    return { ...this.inLine({ index, column }, message, () => corrected), key };
  }

  private unquotedTemplate(index: number): Explained | undefined {
    const line = lineOf(this.lines[index] ?? '', index);
    if (line === undefined) return undefined;
    if (line.value.startsWith('{{')) {
      return this.toQuote(line, 'begins with "{{", which YAML reads as a mapping');
    }
    if (!/^[[{]/.test(line.value)) return undefined;
    const template =
      /(?<=[[{,:]\s*)[^\s,'"[{:][^,'"[{:]*\{\{.*?\}\}[^\s,}\]]*|(?<=[[,:]\s*)\{\{.*?\}\}[^\s,}\]]*/;
    const [written] = template.exec(line.value) ?? [];
    if (written === undefined) return undefined;
    const column = (this.lines[index] ?? '').indexOf(written) + 1;
    return this.inLine(
      { index, column },
      `has "{{" in a list or mapping on one line, where YAML reads it as another mapping; put the template in quotes: ${inQuotes(written)}`,
      (text) => text.replace(new RegExp(template.source, 'g'), (one) => inQuotes(one)),
    );
  }

  private bracketNotClosed(): Explained | undefined {
    let found: Explained | undefined;
    visit(this.document, {
      Collection: (_key, node) => {
        const { range, flow } = node;
        if (flow !== true || !range) return undefined;
        const opening = this.text[range[0]] ?? '';
        const closing = opening === '[' ? ']' : '}';
        const raw = this.text.slice(range[0], range[1]).trimEnd();
        if (raw.length > 1 && raw.endsWith(closing)) return undefined;
        found = this.inLine(
          this.positionOf(range[0]),
          `begins with "${opening}" that is not closed; add "${closing}" where it ends`,
          (line) => line.replace(/\s*(?:\s#.*)?$/, (end) => `${closing}${end}`),
        );
        return visit.BREAK;
      },
    });
    return found;
  }

  private wrongValue(index: number, { code }: YAMLError): Explained | undefined {
    const line = lineOf(this.lines[index] ?? '', index);
    if (line === undefined) return undefined;
    const { value, key, contentIndent } = line;
    const at = { index, column: contentIndent + 1 };
    if (/^\s*\/\//.test(this.lines[index] ?? '')) {
      return this.inLine(at, 'begins with "//"; a comment begins with "#"', (text) =>
        text.replace('//', '#'),
      );
    }
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
      return expected === line.indent ? undefined : this.toIndent(line, expected);
    }
    if (next.key === undefined) return undefined;
    // The line below goes on with the block above: this line is the odd one out.
    return open.includes(next.indent)
      ? this.toIndent(line, next.indent)
      : this.toIndent(next, line.contentIndent);
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
    const message = `${error.message.replace(/\.$/, '')}; compare the line with scicat-globus-proxy-config.example.yaml`;
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

  /** The key of a line or, for an entry of a list, that of the list. */
  private keyAt(index: number): string | undefined {
    const line = lineOf(this.lines[index] ?? '', index);
    if (line?.key !== undefined || line?.isItem !== true) return line?.key;
    const above = this.contents().filter((other) => other.index < index);
    return above.findLast(({ key, value, contentIndent }) => {
      return key !== undefined && value === '' && contentIndent <= line.indent;
    })?.key;
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
    const key = this.keyAt(index);
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

/** A line taken apart; undefined for an empty one, a comment, and the marks of documents. */
function lineOf(text: string, index: number): Line | undefined {
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
function isHeader({ key, value }: Line): boolean {
  return key !== undefined && value === '';
}

function spaces(count: number): string {
  return count === 1 ? '1 space' : `${count} spaces`;
}

/** A line for a message, shortened. */
function shownLine(line: string): string {
  return `"${line.length > 80 ? `${line.slice(0, 80)}…` : line}"`;
}
