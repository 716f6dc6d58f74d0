import { TemplateSyntaxError } from './template.errors.js';

/** What a token is; `symbol` is any other character, which the grammar never accepts. */
export type TokenKind =
  | 'text'
  | 'left-delimiter'
  | 'right-delimiter'
  | 'space'
  | 'assign'
  | 'declare'
  | 'pipe'
  | 'left-parenthesis'
  | 'right-parenthesis'
  | 'string'
  | 'raw-string'
  | 'char'
  | 'number'
  | 'variable'
  | 'field'
  | 'dot'
  | 'identifier'
  | 'symbol'
  | 'end-of-input';

/** A piece of a template's source. */
export interface Token {
  readonly kind: TokenKind;
  /** As written, including quotes. */
  readonly text: string;
  /** In UTF-16 units into the source. */
  readonly offset: number;
}

const isSpace = (char: string): boolean => /^[ \t\r\n]$/.test(char);
const isAlphanumeric = (char: string): boolean => /^[_\p{L}\p{Nd}]$/u.test(char);

/**
 * Go's template lexer (`text/template/parse`), state for state. Spaces inside actions are tokens,
 * because `print(1)` and `print (1)` differ; trim markers are applied here and never become tokens.
 */
export class Lexer {
  private position = 0;
  private insideAction = false;
  private actionStart = 0;
  private parenthesisDepth = 0;

  constructor(private readonly source: string) {}

  /** The next token; after the last one, always `end-of-input`. @throws TemplateSyntaxError */
  next(): Token {
    return this.insideAction ? this.nextInAction() : this.nextInText();
  }

  private nextInText(): Token {
    for (;;) {
      const start = this.position;
      const delimiter = this.source.indexOf('{{', start);
      if (delimiter < 0) {
        this.position = this.source.length;
        return this.token(start === this.position ? 'end-of-input' : 'text', start);
      }
      const afterDelimiter = delimiter + 2;
      const trims = /^-[ \t\r\n]/.test(this.source.slice(afterDelimiter, afterDelimiter + 2));
      let textEnd = delimiter;
      while (trims && textEnd > start && isSpace(this.source.charAt(textEnd - 1))) textEnd--;
      if (textEnd > start) {
        this.position = delimiter;
        return { kind: 'text', text: this.source.slice(start, textEnd), offset: start };
      }
      this.position = afterDelimiter + (trims ? 2 : 0);
      if (this.source.startsWith('/*', this.position)) {
        this.skipComment(delimiter);
        continue;
      }
      this.insideAction = true;
      this.actionStart = delimiter;
      return { kind: 'left-delimiter', text: '{{', offset: delimiter };
    }
  }

  private skipComment(start: number): void {
    const close = this.source.indexOf('*/', this.position + 2);
    if (close < 0) this.fail('this comment is not closed; end it with */}}', start);
    this.position = close + 2;
    if (!this.atRightDelimiter()) {
      this.fail('a comment must be alone in its {{ }}; write }} right after */', start);
    }
    this.skipRightDelimiter();
  }

  private atRightDelimiter(): boolean {
    return /^(?:[ \t\r\n]-)?\}\}/.test(this.source.slice(this.position, this.position + 4));
  }

  private skipRightDelimiter(): void {
    const trims = isSpace(this.peek());
    this.position += trims ? 4 : 2;
    while (trims && isSpace(this.peek())) this.position++;
  }

  private nextInAction(): Token {
    const start = this.position;
    if (this.atRightDelimiter()) {
      if (this.parenthesisDepth > 0) this.fail('a "(" is not closed; add the missing ")"', start);
      this.skipRightDelimiter();
      this.insideAction = false;
      return { kind: 'right-delimiter', text: '}}', offset: start };
    }
    const char = this.peek();
    if (char === '') this.fail('this {{ is not closed; add the missing }}', this.actionStart);
    if (isSpace(char)) {
      // The space of a trim marker (` -}}`) belongs to the delimiter.
      do this.position++;
      while (isSpace(this.peek()) && !this.atRightDelimiter());
      return this.token('space', start);
    }
    if (/[+\-0-9]/.test(char) || (char === '.' && /[0-9]/.test(this.peek(1)))) {
      return this.number(start);
    }
    if (isAlphanumeric(char)) return this.word('identifier', start);
    this.position += char.length;
    switch (char) {
      case ':':
        if (this.peek() !== '=') this.fail('unexpected ":"; use := to set a variable', start);
        this.position++;
        return this.token('declare', start);
      case '(':
        this.parenthesisDepth++;
        return this.token('left-parenthesis', start);
      case ')':
        if (--this.parenthesisDepth < 0) this.fail('a ")" without its "("', start);
        return this.token('right-parenthesis', start);
      case '"':
        return this.quotedLiteral('string', '"', start);
      case "'":
        return this.quotedLiteral('char', "'", start);
      case '`': {
        const close = this.source.indexOf('`', this.position);
        if (close < 0) this.fail('this raw string is not closed; add the missing `', start);
        this.position = close + 1;
        return this.token('raw-string', start);
      }
      case '$':
        return this.word('variable', start);
      case '.':
        return this.atTerminator() ? this.token('dot', start) : this.word('field', start);
      case '=':
        return this.token('assign', start);
      case '|':
        return this.token('pipe', start);
      default:
        return this.token('symbol', start);
    }
  }

  private quotedLiteral(kind: 'string' | 'char', quote: string, start: number): Token {
    this.skip(kind === 'string' ? /(?:[^"\\\n]|\\[^\n])*/y : /(?:[^'\\\n]|\\[^\n])*/y);
    if (this.peek() !== quote) {
      this.fail(`this string is not closed; add the missing ${quote} on the same line`, start);
    }
    this.position++;
    return this.token(kind, start);
  }

  /** Scans more than valid numbers (`089`, `0x0.2`), as Go does; the parser checks the value. */
  private number(start: number): Token {
    this.skip(/[+-]/y);
    const prefixed = /0[xXoObB][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?i?/y;
    if (!this.skip(prefixed)) this.skip(/[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?i?/y);
    if (isAlphanumeric(this.peek()) || /[+-]/.test(this.peek())) {
      this.skip(/[^\s(){}|,]*/y);
      const written = this.source.slice(start, this.position);
      this.fail(
        written.endsWith('i')
          ? `"${written}" looks like a complex number, which is not supported here`
          : `"${written}" is not a number`,
        start,
      );
    }
    return this.token('number', start);
  }

  /** A leading `.` or `$` has been taken already. */
  private word(kind: 'identifier' | 'variable' | 'field', start: number): Token {
    while (isAlphanumeric(this.peek())) this.position += this.peek().length;
    if (!this.atTerminator()) {
      this.fail(
        `unexpected "${this.peek()}" right after "${this.source.slice(start, this.position)}"`,
        this.position,
      );
    }
    return this.token(kind, start);
  }

  private atTerminator(): boolean {
    const char = this.peek();
    return (
      char === '' || /^[ \t\r\n.,|:()]$/.test(char) || this.source.startsWith('}}', this.position)
    );
  }

  private skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.position;
    const length = pattern.exec(this.source)?.[0].length ?? 0;
    this.position += length;
    return length > 0;
  }

  /** The character (code point) `ahead` UTF-16 units from here; empty at the end of the source. */
  private peek(ahead = 0): string {
    const codePoint = this.source.codePointAt(this.position + ahead);
    return codePoint === undefined ? '' : String.fromCodePoint(codePoint);
  }

  private token(kind: TokenKind, start: number): Token {
    return { kind, text: this.source.slice(start, this.position), offset: start };
  }

  private fail(message: string, offset: number): never {
    throw new TemplateSyntaxError(`${message}.`, offset);
  }
}
