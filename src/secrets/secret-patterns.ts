/*
 * What is a secret by its place, whatever its value: secrets of others, and those that are too short
 * to be found by their value. The time grows with the length of the text only, whatever it is.
 */

export const HIDDEN = '[hidden]';

const NAMES =
  'password|passwd|passphrase|secret|client_?secret|(?:access|refresh|id)_?token|token|api_?key|(?:proxy-)?authorization';

const SECRET_NAME = new RegExp(`^(?:${NAMES})$`, 'i');

/** Whether a field of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

const JSON_FIELD = new RegExp(`(\\\\{0,15})"(?:${NAMES})\\1"\\s*:\\s*\\1"`, 'gi');
const FORM_FIELD = new RegExp(`((?:^|[?&\\s"])(?:${NAMES})=)[^&\\s"'<>\\\\]+`, 'gi');
const BASIC = /\b(Basic\s+)([A-Za-z0-9+/_-]{4,}={0,2})/gi;
const BEARER = /\b(Bearer\s+)([A-Za-z0-9._~+/-]+=*)/gi;
const USER_IN_URL = /(:\/\/)[^\s/?#@:"'\\]+:[^\s/?#@"'\\]*@/g;

const SHORTEST_BEARER = 20;

/** Cheap, and false for nearly every text. */
const MAY_MATCH = /eyJ|assw|assph|ecret|oken|api_?key|uthorization|basic\s|bearer\s|:\/\//i;

/** A text without what is a secret by its place. */
export function hidePatterns(text: string): string {
  if (!MAY_MATCH.test(text)) return text;
  return withoutJsonFields(withoutJsonWebTokens(text))
    .replace(FORM_FIELD, `$1${HIDDEN}`)
    .replace(BASIC, (all, scheme: string, value: string) =>
      isPair(value) ? `${scheme}${HIDDEN}` : all,
    )
    .replace(BEARER, (all, scheme: string, value: string) =>
      // Unlike the word after "Bearer authentication is required".
      value.length >= SHORTEST_BEARER && /\d/.test(value) ? `${scheme}${HIDDEN}` : all,
    )
    .replace(USER_IN_URL, `$1${HIDDEN}@`);
}

/**
 * JSON Web Tokens, such as SciCat's. Not one expression: in a long run of `eyJ` without a dot, that would
 * look for the end of the run at each of them.
 */
function withoutJsonWebTokens(text: string): string {
  let result = '';
  let copied = 0;
  let at = text.indexOf(TOKEN_START);
  while (at >= 0) {
    const headEnd = wordEnd(text, at);
    const bodyEnd = text.charAt(headEnd) === '.' ? wordEnd(text, headEnd + 1) : headEnd;
    let next = headEnd;
    if (headEnd - at >= SHORTEST_HEAD && bodyEnd > headEnd + 1) {
      result += text.slice(copied, at) + HIDDEN;
      next = copied = text.charAt(bodyEnd) === '.' ? wordEnd(text, bodyEnd + 1) : bodyEnd;
    }
    at = text.indexOf(TOKEN_START, next);
  }
  return copied === 0 ? text : result + text.slice(copied);
}

const TOKEN_START = 'eyJ';
/** The shortest first part of a token, its beginning included. */
const SHORTEST_HEAD = TOKEN_START.length + 8;

/** Where the letters, digits, `_` and `-` that begin at `start` end. */
function wordEnd(text: string, start: number): number {
  const word = /[\w-]*/y;
  word.lastIndex = start;
  word.test(text);
  return word.lastIndex;
}

/**
 * JSON fields that hold secrets, also in JSON that is quoted in JSON, where backslashes precede each
 * quotation mark. Not one expression either: the many ways to read backslashes would all be tried.
 */
function withoutJsonFields(text: string): string {
  let result = '';
  let copied = 0;
  JSON_FIELD.lastIndex = 0;
  for (let found = JSON_FIELD.exec(text); found !== null; found = JSON_FIELD.exec(text)) {
    const start = JSON_FIELD.lastIndex;
    const end = stringEnd(text, start, found[1]?.length ?? 0);
    if (end > start) {
      result += text.slice(copied, start) + HIDDEN;
      copied = end;
    }
    JSON_FIELD.lastIndex = end;
  }
  return copied === 0 ? text : result + text.slice(copied);
}

const QUOTE_OR_END = /["\r\n]/g;

/**
 * Where the content of a JSON string ends: before its closing quotation mark, or that of a string
 * around it, or the end of the line.
 *
 * @param level how many backslashes precede the quotation marks of this string
 */
function stringEnd(text: string, start: number, level: number): number {
  QUOTE_OR_END.lastIndex = start;
  const unit = 2 * (level + 1);
  for (let found = QUOTE_OR_END.exec(text); found !== null; found = QUOTE_OR_END.exec(text)) {
    const { index } = found;
    if (found[0] !== '"') return index;
    let run = index;
    while (run > start && text.charAt(run - 1) === '\\') run -= 1;
    const backslashes = index - run;
    // An escaped quotation mark of this string.
    if (backslashes >= level && backslashes % unit === unit - 1) continue;
    return backslashes % unit === level ? index - level : run;
  }
  return text.length;
}

/** Unlike the word after "Basic" in "Basic authentication is required". */
function isPair(base64: string): boolean {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  return text.includes(':') && !/[\u0000-\u001f\ufffd]/.test(text);
}
