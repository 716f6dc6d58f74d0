import { base64Forms, textForms, tokenForms } from './secret-forms.js';
import { HIDDEN, hidePatterns } from './secret-patterns.js';

/**
 * How a needle counts as found.
 *
 * - `exact`: wherever it stands.
 * - `word`: not as a part of a longer word, because it is short.
 * - `base64`: wherever it stands, with all of the Base64 around it.
 * - `token`: as `exact`, with all that may belong to the rest of a token.
 */
type Kind = 'exact' | 'word' | 'base64' | 'token';

interface Needle {
  readonly text: string;
  readonly kind: Kind;
  /** How many secrets have it. */
  uses: number;
}

/** Needles by their length, the longest first. */
type NeedlesByLength = Map<number, Map<string, Needle>>;

/** Shorter secrets are not looked for by their value: they would be found in ordinary words. */
const SHORTEST = 6;
/** From here on a secret is hidden even inside a word. */
const LONG = 8;
/** The needle of a token is this long at most, and found with what follows. */
const TOKEN_NEEDLE = 48;
/** Of tokens that were used last; more than there can be connections. */
const MAX_TOKENS = 2_500;
/** Needles are indexed by their first characters. */
const KEY = 4;

/** Tokens of SciCat and Globus are much longer; identifiers, PIDs with a UUID among them, are not, or contain other characters. */
const SHORTEST_TOKEN = 40;

/**
 * Whether a text can be a token of SciCat or Globus. What callers send as a token may be anything else: the
 * name of another user, a PID, a word of SciCat's messages. If those were removed from everything, one
 * request, even without an account, would blind the audit log, and hide from this service what SciCat says.
 */
function isLikeToken(text: string): boolean {
  return (
    text.length >= SHORTEST_TOKEN &&
    /^[\w.~+-]+=*$/.test(text) &&
    /\d/.test(text) &&
    /[a-z]/.test(text) &&
    /[A-Z]/.test(text)
  );
}

/** Whether a secret is so short that it can't be found by its value in what is logged. */
export function isTooShortToHide(secret: string): boolean {
  return secret.length < SHORTEST;
}

/**
 * The secrets of this process, to be removed from whatever operators get to see: SciCat or Globus may
 * quote a request in their answer, with the password or token in it, in one of many encodings.
 *
 * A text is searched once, however many secrets there are. The time grows with its length only.
 */
export class KnownSecrets {
  private readonly needles = new Map<string, Needle>();
  private readonly byKey = new Map<string, NeedlesByLength>();
  /** How many needles begin with characters of this hash. */
  private readonly hashes = new Uint32Array(0x10000);
  private readonly kept = new Set<string>();
  /** By token, the one that was used last at the end. */
  private readonly tokens = new Map<string, readonly Needle[]>();

  /** Remembers a secret of the service for as long as the process lives. */
  keep(secret: string): void {
    if (isTooShortToHide(secret) || this.kept.has(secret)) return;
    this.kept.add(secret);
    const kind = secret.length < LONG ? 'word' : 'exact';
    for (const form of textForms(secret)) this.add(form, kind);
    for (const form of base64Forms(secret)) if (form.length >= LONG) this.add(form, 'base64');
  }

  /** Remembers a token that is being sent, until many others have been sent after it, if it can be one. */
  use(token: string): void {
    if (!isLikeToken(token)) return;
    const known = this.tokens.get(token);
    if (known !== undefined) {
      this.tokens.delete(token);
      this.tokens.set(token, known);
      return;
    }
    // The beginning identifies it.
    const { text, base64 } = tokenForms(token.slice(0, TOKEN_NEEDLE));
    this.tokens.set(token, [
      ...text.map((form) => this.add(form, 'token')),
      ...base64.map((form) => this.add(form, 'base64')),
    ]);
    if (this.tokens.size <= MAX_TOKENS) return;
    for (const [oldest, needles] of this.tokens) {
      this.tokens.delete(oldest);
      for (const needle of needles) this.remove(needle);
      return;
    }
  }

  /** A text without secrets. */
  hide(text: string): string {
    return hidePatterns(this.replaced(text, false));
  }

  /** A line of JSON without secrets. It remains JSON with the same fields. */
  hideInJson(line: string): string {
    return hidePatterns(this.replaced(line, true));
  }

  private add(text: string, kind: Kind): Needle {
    const present = this.needles.get(text);
    if (present !== undefined) {
      present.uses += 1;
      return present;
    }
    const needle: Needle = { text, kind, uses: 1 };
    this.needles.set(text, needle);
    const key = text.slice(0, KEY);
    const known = this.byKey.get(key) ?? new Map<number, Map<string, Needle>>();
    const ofLength = known.get(text.length);
    if (ofLength !== undefined) ofLength.set(text, needle);
    // The longest first: one may be the beginning of another.
    else this.byKey.set(key, longestFirst([...known, [text.length, new Map([[text, needle]])]]));
    this.count(text, 1);
    return needle;
  }

  private remove(needle: Needle): void {
    needle.uses -= 1;
    if (needle.uses > 0) return;
    const { text } = needle;
    this.needles.delete(text);
    const key = text.slice(0, KEY);
    const known = this.byKey.get(key);
    const ofLength = known?.get(text.length);
    ofLength?.delete(text);
    if (ofLength?.size === 0) known?.delete(text.length);
    if (known?.size === 0) this.byKey.delete(key);
    this.count(text, -1);
  }

  private count(text: string, by: 1 | -1): void {
    const hash = hashOf(text);
    this.hashes[hash] = (this.hashes[hash] ?? 0) + by;
  }

  private replaced(text: string, isJson: boolean): string {
    let result = '';
    let copied = 0;
    let hash = 0;
    for (let index = 0; index < text.length; index += 1) {
      hash = next(hash, text.charCodeAt(index));
      const start = index - KEY + 1;
      if (this.hashes[hash] === 0 || start < copied) continue;
      const end = this.endOfSecret(text, start, isJson);
      if (end === undefined) continue;
      let from = end.kind === 'base64' ? startOf(text, start, copied, BASE64) : start;
      // The letter of an escape sequence is not Base64: without it, the line would not be JSON.
      if (isJson && endsInBackslash(text, from)) {
        from = Math.min(start, from + (text.charAt(from) === 'u' ? 5 : 1));
      }
      result += text.slice(copied, from) + HIDDEN;
      copied = end.at;
      index = end.at - 1;
      hash = 0;
    }
    return copied === 0 ? text : result + text.slice(copied);
  }

  /** Where the secret that begins at `start` ends, if there is one. */
  private endOfSecret(
    text: string,
    start: number,
    isJson: boolean,
  ): { readonly kind: Kind; readonly at: number } | undefined {
    const found = this.needleAt(text, start, isJson);
    if (found === undefined) return undefined;
    const { kind } = found;
    const end = start + found.text.length;
    const at =
      kind === 'base64'
        ? endOf(text, end, BASE64)
        : kind === 'token'
          ? endOf(text, end, TOKEN)
          : end;
    return { kind, at };
  }

  /**
   * The longest needle that stands there. All tokens of a SciCat begin in the same way, so that there
   * are as many needles with one beginning as tokens: none of them is compared one by one.
   */
  private needleAt(text: string, start: number, isJson: boolean): Needle | undefined {
    for (const [length, needles] of this.byKey.get(text.slice(start, start + KEY)) ?? []) {
      const needle = needles.get(text.slice(start, start + length));
      if (needle !== undefined && stands(needle, text, start, isJson)) return needle;
    }
    return undefined;
  }
}

/** All secrets of this process. */
export const knownSecrets = new KnownSecrets();

function longestFirst(
  entries: readonly (readonly [number, Map<string, Needle>])[],
): NeedlesByLength {
  return new Map([...entries].sort(([a], [b]) => b - a));
}

const BASE64 = /[A-Za-z0-9+/=_-]/;
const TOKEN = /[A-Za-z0-9._~+/=%-]/;
const WORD = /[\p{L}\p{N}_]/u;

function stands(
  { text: needle, kind }: Needle,
  text: string,
  start: number,
  isJson: boolean,
): boolean {
  const end = start + needle.length;
  if (kind === 'word' && (WORD.test(text.charAt(start - 1)) || WORD.test(text.charAt(end)))) {
    return false;
  }
  if (!isJson) return true;
  // Within an escape sequence, it is another text: "\nabc" is not "nabc".
  if (endsInBackslash(text, start) || endsInBackslash(text, end)) return false;
  // The name of a field, which a weak password may be, too.
  return !(text.charAt(start - 1) === '"' && text.startsWith('":', end));
}

/** Whether an odd number of backslashes precedes. */
function endsInBackslash(text: string, end: number): boolean {
  let count = 0;
  while (text.charAt(end - 1 - count) === '\\') count += 1;
  return count % 2 === 1;
}

function startOf(text: string, start: number, limit: number, characters: RegExp): number {
  let at = start;
  while (at > limit && characters.test(text.charAt(at - 1))) at -= 1;
  return at;
}

function endOf(text: string, end: number, characters: RegExp): number {
  let at = end;
  while (at < text.length && characters.test(text.charAt(at))) at += 1;
  return at;
}

/** Depends on the last four characters only. */
function next(hash: number, code: number): number {
  return ((hash << 4) ^ code) & 0xffff;
}

function hashOf(text: string): number {
  let hash = 0;
  for (let index = 0; index < KEY; index += 1) hash = next(hash, text.charCodeAt(index));
  return hash;
}
