/*
 * Go's `strings`, `strconv` and `net/url` as far as templates need them. Go's strings are UTF-8
 * bytes; the ones here are well-formed UTF-16, see wellFormed.
 */

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 bytes; unpaired surrogates count as U+FFFD. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Unpaired surrogates become U+FFFD; the length stays the same. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** Go's simple escapes, by the letter after the backslash. */
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

const ESCAPE = /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|[abfnrtv\\'"])/y;

/** One escape of a literal, or one character: its bytes and code point. */
interface LiteralPart {
  readonly bytes: Uint8Array;
  readonly codePoint: number;
  /** UTF-16 units up to its end. */
  readonly end: number;
}

/**
 * Go's `strconv.UnquoteChar`; `undefined` where Go reports a syntax error. Bare quotes and line feeds
 * never get here: they end the literal in the lexer.
 */
function literalPart(text: string, start: number, quote: string): LiteralPart | undefined {
  const char = String.fromCodePoint(text.codePointAt(start) ?? 0);
  const character = (of: string, end: number): LiteralPart => ({
    bytes: utf8(of),
    codePoint: of.codePointAt(0) ?? 0,
    end,
  });
  if (char !== '\\') return character(char, start + char.length);
  ESCAPE.lastIndex = start;
  const escape = ESCAPE.exec(text)?.[0];
  if (escape === undefined) return undefined;
  const end = start + escape.length;
  const letter = escape.charAt(1);
  const simple = SIMPLE_ESCAPES[letter];
  if (simple !== undefined) return character(simple, end);
  switch (letter) {
    case '"':
    case "'":
      return letter === quote ? character(letter, end) : undefined;
    case 'u':
    case 'U': {
      const codePoint = Number.parseInt(escape.slice(2), 16);
      return isCodePoint(codePoint) ? character(String.fromCodePoint(codePoint), end) : undefined;
    }
    default: {
      const hexadecimal = letter === 'x';
      const byte = Number.parseInt(escape.slice(hexadecimal ? 2 : 1), hexadecimal ? 16 : 8);
      return byte > 255 ? undefined : { bytes: Uint8Array.of(byte), codePoint: byte, end };
    }
  }
}

/** Whether Unicode has this code point, surrogates apart. */
function isCodePoint(value: number): boolean {
  return value >= 0 && value <= 0x10ffff && !(value >= 0xd800 && value <= 0xdfff);
}

/**
 * Go's `strconv.Unquote` of a string literal in double quotes.
 *
 * @returns `invalid` where Go reports a syntax error, `not-text` where the bytes (`"\xff"`) are not
 * UTF-8, which Go would allow
 */
export function unquoted(
  literal: string,
): { readonly text: string } | { readonly problem: 'invalid' | 'not-text' } {
  const bytes: number[] = [];
  for (let at = 1; at < literal.length - 1;) {
    const part = literalPart(literal, at, '"');
    if (part === undefined) return { problem: 'invalid' };
    bytes.push(...part.bytes);
    at = part.end;
  }
  try {
    return { text: strictDecoder.decode(Uint8Array.from(bytes)) };
  } catch {
    return { problem: 'not-text' };
  }
}

/** The code point of a character constant with its single quotes; `undefined` if Go refuses it. */
export function unquotedChar(literal: string): number | undefined {
  const part = literalPart(literal, 1, "'");
  return part?.end === literal.length - 1 ? part.codePoint : undefined;
}

/**
 * Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols, and the ASCII space. Go 1.26
 * knows Unicode 15.0, so its `%q` escapes later additions that Node prints.
 */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Whether Go prints this character as it is in `%q` and `%#U`. */
export function isPrintable(char: string): boolean {
  return PRINTABLE.test(char);
}

function quotedChar(char: string, quote: string, asciiOnly: boolean): string {
  if (char === quote || char === '\\') return `\\${char}`;
  if (isPrintable(char) && !(asciiOnly && char > '\x7f')) return char;
  const letter = Object.keys(SIMPLE_ESCAPES).find((key) => SIMPLE_ESCAPES[key] === char);
  if (letter !== undefined) return `\\${letter}`;
  const codePoint = char.codePointAt(0) ?? 0;
  const hex = codePoint.toString(16);
  if (codePoint < 0x20 || codePoint === 0x7f) return `\\x${hex.padStart(2, '0')}`;
  return codePoint < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** Go's `strconv.Quote`, or `QuoteToASCII`. */
export function quoted(text: string, asciiOnly: boolean): string {
  return `"${Array.from(text, (char) => quotedChar(char, '"', asciiOnly)).join('')}"`;
}

/** Go's `strconv.QuoteRune`, or `QuoteRuneToASCII`, of one character. */
export function quotedCharacter(char: string, asciiOnly: boolean): string {
  return `'${quotedChar(char, "'", asciiOnly)}'`;
}

/** Go's `strconv.CanBackquote`: whether a raw string literal can hold the text on one line. */
export function canBackquote(text: string): boolean {
  return !/[\x00-\x08\x0a-\x1f\x7f`\ufeff]/.test(text);
}

/** The character with this number, U+FFFD if there is none. */
export function characterOf(codePoint: bigint): string {
  const number = Number(codePoint);
  return isCodePoint(number) ? String.fromCodePoint(number) : '\uFFFD';
}

/** A string with each UTF-8 byte percent-encoded that is not one of the `kept` characters. */
export function percentEncoded(text: string, kept: RegExp): string {
  return Array.from(utf8(text), (byte) => {
    const char = String.fromCharCode(byte);
    return byte < 0x80 && kept.test(char)
      ? char
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

/** Go's `url.QueryEscape`. */
export function queryEscaped(text: string): string {
  return percentEncoded(text, /[A-Za-z0-9\-_.~ ]/).replaceAll(' ', '+');
}
