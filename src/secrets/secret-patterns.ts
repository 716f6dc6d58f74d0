/*
 * What is a secret by its place, whatever its value: secrets of others, and those that are too short
 * to be found by their value. No pattern's time grows faster than the text.
 */

export const HIDDEN = '[hidden]';

/** A JSON Web Token, such as SciCat's. */
const JSON_WEB_TOKEN = /eyJ[\w-]{8,1000}\.[\w-]+(?:\.[\w-]*)?/g;

const NAMES =
  'password|passwd|passphrase|secret|client_?secret|(?:access|refresh|id)_?token|token|api_?key|(?:proxy-)?authorization';

const SECRET_NAME = new RegExp(`^(?:${NAMES})$`, 'i');

/** Whether a field of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** In JSON that may be quoted in JSON: `\1` is what precedes each quotation mark. */
const JSON_FIELD = new RegExp(
  `((\\\\{0,15})"(?:${NAMES})\\2"\\s*:\\s*\\2")((?:\\2\\\\\\2["\\\\]|(?!\\2").)+)(?=\\2")`,
  'gi',
);
const FORM_FIELD = new RegExp(`((?:^|[?&\\s"])(?:${NAMES})=)[^&\\s"'<>\\\\]+`, 'gi');
const BASIC = /\b(Basic\s+)([A-Za-z0-9+/_-]{4,}={0,2})/gi;
const BEARER = /\b(Bearer\s+)(?=[^\s"\\]*\d)[A-Za-z0-9._~+/-]{20,}=*/gi;
const USER_IN_URL = /(:\/\/)[^\s/?#@:"'\\]+:[^\s/?#@"'\\]*(?=@)/g;

/** Cheap, and false for nearly every text. */
const MAY_MATCH = /eyJ|assw|assph|ecret|oken|api_?key|uthorization|basic\s|bearer\s|:\/\/[^\s/]*@/i;

/** A text without what is a secret by its place. */
export function hidePatterns(text: string): string {
  if (!MAY_MATCH.test(text)) return text;
  return text
    .replace(JSON_WEB_TOKEN, HIDDEN)
    .replace(JSON_FIELD, `$1${HIDDEN}`)
    .replace(FORM_FIELD, `$1${HIDDEN}`)
    .replace(BASIC, (all, scheme: string, value: string) =>
      isPair(value) ? `${scheme}${HIDDEN}` : all,
    )
    .replace(BEARER, `$1${HIDDEN}`)
    .replace(USER_IN_URL, `$1${HIDDEN}`);
}

/** Unlike the word after "Basic" in "Basic authentication is required". */
function isPair(base64: string): boolean {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  return /^[^\u0000-\u001f\ufffd]*:[^\u0000-\u001f\ufffd]*$/.test(text);
}
