/** The encodings of a text in which a service may send it back; each is a whole text again. */
type Encoding = (text: string) => string;

const json: Encoding = (text) => JSON.stringify(text).slice(1, -1);

function escapedTo(digits: (hex: string) => string, which = /[^\x20-\x7e]/g): Encoding {
  return (text) =>
    json(text).replace(
      which,
      (character) => `\\u${digits(character.charCodeAt(0).toString(16).padStart(4, '0'))}`,
    );
}

/** .NET's, of quotation marks and the plus sign, too. */
const netJson: Encoding = (text) => netEscapes(text).replaceAll('\\"', '\\u0022');
const netEscapes = escapedTo((hex) => hex.toUpperCase(), /[<>&'+`]|[^\x20-\x7e]/g);

/** As RFC 3986 has it, in Python and PHP. */
const strictly: Encoding = (text) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** As `URLSearchParams` and HTML forms do, unlike `encodeURIComponent`. */
const form: Encoding = (text) => new URLSearchParams({ '': text }).toString().slice(1);

/** Languages and frameworks differ in how they escape quotation marks, and whether they do. */
const HTML: readonly Encoding[] = ['"', '&quot;', '&#34;'].flatMap((double) =>
  ["'", '&#39;', '&#x27;', '&apos;'].map((single): Encoding => {
    const escapes: Readonly<Record<string, string>> = {
      '&': '&amp;',
      '<': '&lt;',
      '>': '&gt;',
      '"': double,
      "'": single,
    };
    return (text) => text.replace(/[&<>"']/g, (character) => escapes[character] ?? '');
  }),
);

const ENCODINGS: readonly Encoding[] = [
  json,
  // Of Python and others, in ASCII only.
  escapedTo((hex) => hex),
  escapedTo((hex) => hex.toUpperCase()),
  // Of Go, Gson and .NET, which keep HTML out of JSON.
  escapedTo((hex) => hex, /[<>&]/g),
  escapedTo((hex) => hex, /[<>&='\u2028\u2029]/g),
  netJson,
  // Of PHP.
  (text) => json(text).replaceAll('/', '\\/'),
  (text) => encodeURIComponent(text),
  (text) => lowerHex(encodeURIComponent(text)),
  strictly,
  (text) => lowerHex(strictly(text)),
  form,
  (text) => lowerHex(form(text)),
  ...HTML,
];

function lowerHex(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
}

/** Some secrets are all special characters. */
const MAX_FORMS = 2_000;

/**
 * A text and its forms when it is encoded once or twice (JSON in a web form, for example), and then up
 * to two more times as a JSON string: an error message may quote JSON, and each line of the log is
 * JSON itself. A text of letters and digits has one form.
 */
export function textForms(text: string): readonly string[] {
  const forms = new Set([wellFormed(text)]);
  const widen = (encodings: readonly Encoding[]): void => {
    for (const known of [...forms]) {
      for (const encode of encodings) if (forms.size < MAX_FORMS) forms.add(encode(known));
    }
  };
  widen(ENCODINGS);
  widen(ENCODINGS);
  widen([json]);
  widen([json]);
  return [...forms];
}

/**
 * The Base64 and Base64url of anything that contains the text, such as `user:text`: the characters
 * that the text determines, at each of its three positions. The few bits of it in the characters
 * beside them are left out.
 */
export function base64Forms(text: string): readonly string[] {
  const plain = wellFormed(text);
  // A client may encode before, as RFC 6749 demands for client secrets, or its whole JSON body.
  const inner = new Set([plain, json(plain), encodeURIComponent(plain), form(plain)]);
  const forms = [...inner].flatMap(base64Of);
  return [...new Set(forms.flatMap((one) => textForms(one)))];
}

/** The forms of a token. Few, because users send any number of them, of any characters. */
export function tokenForms(token: string): {
  readonly text: readonly string[];
  readonly base64: readonly string[];
} {
  const plain = wellFormed(token);
  const text = [plain, json(plain), json(json(plain)), encodeURIComponent(plain)];
  return { text: [...new Set(text)], base64: base64Of(plain) };
}

function base64Of(text: string): readonly string[] {
  const forms = [0, 1, 2].map((before) => base64At(before, text));
  const url = forms.map((one) => one.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set([...forms, ...url])];
}

function base64At(before: number, text: string): string {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text, 'utf8')]);
  const [first, end] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)];
  return bytes.toString('base64').slice(first, end);
}

/** Without unpaired surrogates, which can neither be sent nor percent-encoded. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
