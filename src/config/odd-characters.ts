/*
 * Characters that come along when text is copied from a web page, a chat or a PDF, and that nobody sees
 * in an editor.
 */

/** No width at all: zero-width ones, marks of direction, soft hyphens, byte order marks. */
const INVISIBLE =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]/u;
/** A width, but not that of the space on the keyboard. */
const SPACE_LIKE = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/u;
/** Line breaks for some editors, but not for YAML. */
const LINE_BREAK = /[\u0085\u2028\u2029]/u;
const ANY = new RegExp(
  [INVISIBLE, SPACE_LIKE, LINE_BREAK].map(({ source }) => source).join('|'),
  'u',
);
const EVERY = new RegExp(ANY.source, 'gu');

const NAMES: Readonly<Record<string, string>> = {
  '\u0085': 'a next-line character',
  '\u00a0': 'a no-break space',
  '\u00ad': 'a soft hyphen',
  '\u200b': 'a zero-width space',
  '\u200c': 'a zero-width non-joiner',
  '\u200d': 'a zero-width joiner',
  '\u200e': 'a left-to-right mark',
  '\u200f': 'a right-to-left mark',
  '\u2028': 'a line separator',
  '\u2029': 'a paragraph separator',
  '\u202f': 'a narrow no-break space',
  '\u2060': 'a word joiner',
  '\ufeff': 'a byte order mark',
};

/** A character that can't be seen, or looks like a space. */
export interface OddCharacter {
  /** From 0. */
  readonly index: number;
  /** With its code: `a zero-width space (U+200B)`. */
  readonly name: string;
  /** Whether it separates, so that a space or a line break was meant. */
  readonly kind: 'invisible' | 'space' | 'line-break';
}

/** The first odd character of a text. */
export function oddCharacter(text: string): OddCharacter | undefined {
  const found = ANY.exec(text);
  if (found === null) return undefined;
  const [character] = found;
  const kind = LINE_BREAK.test(character)
    ? 'line-break'
    : SPACE_LIKE.test(character)
      ? 'space'
      : 'invisible';
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const other = kind === 'space' ? 'an unusual space' : 'an invisible character';
  return { index: found.index, name: `${NAMES[character] ?? other} (U+${code})`, kind };
}

/** A text as it was meant: without what can't be seen, with ordinary spaces and line breaks. */
export function withoutOdd(text: string): string {
  return text.replace(EVERY, (character) => {
    if (LINE_BREAK.test(character)) return '\n';
    return SPACE_LIKE.test(character) ? ' ' : '';
  });
}

/** What is wrong with a value that has one, and what to write. */
export function oddMistake(value: string, written: (text: string) => string): string | undefined {
  const odd = oddCharacter(value);
  if (odd === undefined) return undefined;
  const clean = withoutOdd(value).trim();
  const looks = odd.kind === 'invisible' ? "which can't be seen" : 'which only looks like a space';
  return `contains ${odd.name}, ${odd.kind === 'line-break' ? 'which is not a line break here' : looks}; retype the value: ${written(clean)}`;
}
