import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KnownSecrets } from './known-secrets.js';

const CLIENT_ID = '5a6b7c8d-0000-4000-8000-000000000001';
const SECRET = 'pä$$"w\\ö/rd&<+%=1';

let secrets: KnownSecrets;
beforeEach(() => {
  secrets = new KnownSecrets();
});

const json = (value: unknown): string => JSON.stringify(value);
const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
const form = (fields: Readonly<Record<string, string>>): string =>
  new URLSearchParams(fields).toString();
/** In ASCII, as Python's `json.dumps`. */
const ascii = (text: string): string =>
  text.replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** What an upstream may make of a secret when it quotes the request. */
const QUOTES: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => `Wrong password ${secret}!`,
  'in the JSON of the request': (secret) => json({ username: 'svc', password: secret }),
  'in JSON within JSON': (secret) => json({ message: json({ password: secret }) }),
  'in JSON within JSON within JSON': (secret) => json([json([json([secret])])]),
  'in JSON in ASCII': (secret) => ascii(json({ p: secret })),
  'in JSON with escaped slashes': (secret) => json({ p: secret }).replaceAll('/', '\\/'),
  'in JSON as Go and .NET write it': (secret) =>
    json({ p: secret }).replace(
      /[<>&]/g,
      (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
    ),
  'percent-encoded as Python does': (secret) =>
    encodeURIComponent(secret).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    ),
  'in a web form': (secret) => form({ x: secret, y: '1' }),
  'in a URL': (secret) => `https://x.test/?q=${encodeURIComponent(secret)}&r=1`,
  'in a URL with lower-case hex': (secret) =>
    encodeURIComponent(secret).replace(/%../g, (escape) => escape.toLowerCase()),
  'in a URL within a URL': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'in JSON in a web form': (secret) => form({ body: json({ x: secret }) }),
  'in HTML': (secret) =>
    json({ p: secret })
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;'),
  'in the Authorization header': (secret) => `Basic ${base64(`${CLIENT_ID}:${secret}`)}`,
  'in another Authorization header': (secret) => `Basic ${base64(`a:${secret}`)}`,
  'in a third': (secret) => `(${base64(`ab:${secret}`)})`,
  'in Base64 with more after it': (secret) => base64(`x${secret}yz`),
  'in Base64url': (secret) => Buffer.from(`id:${secret}`).toString('base64url'),
  'in percent-encoded Base64': (secret) => encodeURIComponent(base64(`${CLIENT_ID}:${secret}`)),
  'in Base64 of the JSON of the request': (secret) => base64(json({ password: secret })),
  'percent-encoded in the header, as RFC 6749 demands': (secret) =>
    base64(`${CLIENT_ID}:${encodeURIComponent(secret)}`),
};

/** What is left of a secret in any of its encodings, by its longest piece. */
function leaks(shown: string, secret: string): readonly string[] {
  const pieces = (text: string): readonly string[] =>
    Array.from({ length: Math.max(0, text.length - 7) }, (_, at) => text.slice(at, at + 8));
  const decoded = [0, 1, 2].map((at) => {
    const whole = base64('-'.repeat(at) + secret + '---');
    return whole.slice(Math.ceil((at * 8) / 6), -5);
  });
  return [secret, encodeURIComponent(secret), json(secret).slice(1, -1), ...decoded]
    .flatMap(pieces)
    .filter((piece) => shown.includes(piece));
}

describe('a secret of this service that SciCat or Globus quotes', () => {
  it.each(Object.entries(QUOTES))('is hidden %s', (_where, quote) => {
    for (const secret of [SECRET, 'globus-client-secret-of-40-characters==', 'aB3dE6gH']) {
      secrets.keep(secret);
      const text = quote(secret);
      expect(leaks(secrets.hide(text), secret)).toEqual([]);
      expect(secrets.hide(text)).toContain('[hidden]');
      const line = json({ level: 'warn', upstreamMessage: text, msg: 'request failed' });
      const shown = secrets.hideInJson(line);
      expect(leaks(shown, secret)).toEqual([]);
      expect(JSON.parse(shown)).toMatchObject({ level: 'warn', msg: 'request failed' });
    }
  });

  it('is hidden whatever it is, and the line remains JSON', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme' }),
        fc.constantFrom(...Object.keys(QUOTES)),
        fc.string(),
        (secret, where, around) => {
          const own = new KnownSecrets();
          own.keep(secret);
          const quote = QUOTES[where] ?? String;
          const shown = own.hideInJson(json({ msg: around + quote(secret) + around }));
          expect(() => JSON.parse(shown) as unknown).not.toThrow();
          expect(own.hide(quote(secret))).toContain('[hidden]');
        },
      ),
    );
  });

  it('leaves everything else as it is', () => {
    secrets.keep(SECRET);
    secrets.keep('correct horse');
    const text = 'Basic authentication is required: token expired, see https://a.test/?page=2';
    expect(secrets.hide(text)).toBe(text);
    expect(secrets.hide('correct, horse')).toBe('correct, horse');
    expect(secrets.hide('')).toBe('');
  });
});

describe('a short or weak secret', () => {
  it('of one letter hides no letters, only fields that hold secrets', () => {
    secrets.keep('a');
    secrets.keep('');
    expect(secrets.hide('a banana')).toBe('a banana');
    expect(secrets.hide('{"username":"svc","password":"a"}')).toBe(
      '{"username":"svc","password":"[hidden]"}',
    );
    expect(secrets.hide(`Basic ${base64('svc:a')}`)).toBe('Basic [hidden]');
    expect(secrets.hide('grant_type=x&client_secret=a&scope=b')).toBe(
      'grant_type=x&client_secret=[hidden]&scope=b',
    );
    expect(secrets.hide('http://svc:a@proxy.test/')).toBe('http://[hidden]@proxy.test/');
  });

  it('of six letters is hidden as a word, not inside one', () => {
    secrets.keep('globus');
    expect(secrets.hide('globusTaskId and "globus"')).toBe('globusTaskId and "[hidden]"');
  });

  it('does not rename the fields of the log', () => {
    secrets.keep('upstreamMessage');
    expect(secrets.hideInJson('{"upstreamMessage":"It is upstreamMessage."}')).toBe(
      '{"upstreamMessage":"It is [hidden]."}',
    );
  });

  it('that looks like an escape sequence does not break the line', () => {
    secrets.keep('nnnnnnnn');
    secrets.keep('ends in\\');
    const line = json({ a: '\nnnnnnnn', b: 'ends in"', c: 'xnnnnnnnn' });
    expect(JSON.parse(secrets.hideInJson(line))).toEqual({
      a: '\nnnnnnnn',
      b: 'ends in"',
      c: 'x[hidden]',
    });
  });
});

describe('a token that is sent', () => {
  const TOKEN = `Ag${'x7Q_'.repeat(30)}.end~1`;

  it('is hidden with all that follows, also when it has been cut', () => {
    secrets.use(TOKEN);
    expect(secrets.hide(`Bearer ${TOKEN}, sorry`)).toBe('Bearer [hidden], sorry');
    expect(secrets.hide(`{"t":"${TOKEN}"}`)).toBe('{"t":"[hidden]"}');
    expect(secrets.hide(`got ${TOKEN.slice(0, 60)}…`)).toBe('got [hidden]…');
    expect(secrets.hide(base64(`headers: Bearer ${TOKEN}`))).toBe('[hidden]');
  });

  it.each([
    'alice-the-victim',
    '"username":"alice"',
    'SESSION_EXPIRED',
    '20.500.12345/4346eac6-73bb-411a-bfd5-b40537de9e97',
    '4346eac6-73bb-411a-bfd5-b40537de9e97.4346eac6-73bb',
    'being submitted to Globus, 10 OF THEM AT ANY TIME',
  ])('that no SciCat and no Globus would issue is not: %s', (text) => {
    const own = new KnownSecrets();
    own.use(text);
    expect(own.hide(`{"about":"${text}"}`)).toBe(`{"about":"${text}"}`);
    expect(own.hideInJson(text)).toBe(text);
  });

  it('is remembered while it is in use, and thousands of others at most', () => {
    secrets.use(TOKEN);
    const other = (number: number): string => `${number}-other-Token-${'x'.repeat(30)}-${number}`;
    for (let number = 0; number < 10_000; number += 1) {
      secrets.use(other(number));
      if (number % 1_000 === 0) secrets.use(TOKEN);
    }
    expect(secrets.hide(TOKEN)).toBe('[hidden]');
    expect(secrets.hide(other(9_999))).toBe('[hidden]');
    expect(secrets.hide(other(0))).toBe(other(0));
  });
});

describe('the search', () => {
  it.each([
    ['backslashes', '\\'],
    ['beginnings of tokens', 'eyJ'],
    ['colons after a scheme', '://a:'],
    ['names of secrets', '"password":"'],
    ['"Basic"', 'Basic '],
    ['beginnings of the secret', 'correct hors'],
  ])('takes no longer over a long text of %s', (_what, piece) => {
    secrets.keep('correct horse battery');
    const text = `token ${piece.repeat(100_000 / piece.length)}`;
    expect(secrets.hide(text).length).toBeLessThanOrEqual(text.length + 1_000_000);
  });
});

describe('a secret directly after an escape of a log line', () => {
  it.each(['\n', '\t', '\\', '"', '='])('after %j: the line stays valid JSON', (before) => {
    secrets.keep('geheim-passwort');
    const line = json({ err: `was${before}${base64('svc:geheim-passwort')}` }).replaceAll(
      '=',
      '\\u003d',
    );
    const hidden = secrets.hideInJson(line);
    expect(() => JSON.parse(hidden) as unknown).not.toThrow();
    expect(hidden).not.toContain(base64('svc:geheim-passwort').slice(4, -4));
  });
});

/** Of this process alone, so that what else runs on the machine does not count. */
function timeOf(run: () => void): number {
  run();
  const started = process.cpuUsage();
  for (let times = 0; times < 10; times += 1) run();
  return Math.max(1, process.cpuUsage(started).user);
}

describe('a text that is made to take long', () => {
  it.each([
    ['beginnings of tokens', '', 'eyJ'],
    ['tokens without an end', '', 'eyJaaaaaaaa'],
    ['backslashes that nothing follows', '"token":"', '\\'],
    ['backslashes in quoted JSON', '\\"token\\":\\"', '\\\\'],
    ['colons after "Basic"', `Basic ${base64(':'.repeat(99_999))}`, ':'],
    ['schemes without a user', 'https://', 'a:'],
    ['fields without an end', '', '"token":"\\'],
    ['words after "Bearer"', 'Bearer ', 'a'],
  ])('of %s takes in proportion to its length', (_what, before, piece) => {
    const own = new KnownSecrets();
    own.keep('correct horse battery');
    const of = (length: number): string =>
      `token ${before}${piece.repeat(length / piece.length)}\u0000`;
    const [long, short] = [of(800_000), of(200_000)].map((text) => timeOf(() => own.hide(text)));
    // 16 if the time were to grow with the square.
    expect((long ?? 0) / (short ?? 1)).toBeLessThan(11);
  });

  it('takes no longer where thousands of tokens are in use that all begin in the same way', () => {
    const head = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.';
    const using = (count: number): KnownSecrets => {
      const own = new KnownSecrets();
      for (let number = 0; number < count; number += 1) own.use(`${head}eyJ${number}-${number}`);
      return own;
    };
    const text = 'eyJhbGciO '.repeat(40_000);
    const [few, many] = [using(2), using(2_500)].map((own) => timeOf(() => own.hide(text)));
    expect((many ?? 0) / (few ?? 1)).toBeLessThan(20);
  });
});

describe('a field that holds a secret, in quoted JSON', () => {
  it.each([
    ['with escapes', json({ token: 'a"b\\c', b: 1 }), json({ token: '[hidden]', b: 1 })],
    [
      'within JSON',
      json({ m: json({ token: 'a"b\\' }), b: 'x' }),
      json({ m: json({ token: '[hidden]' }), b: 'x' }),
    ],
    [
      'that has been cut',
      json({ m: json({ token: 'a"b\\' }).slice(0, -3), b: 'say "hi"' }),
      json({ m: '{"token":"[hidden]\\', b: 'say "hi"' }),
    ],
    ['without an end', '{"token":"abc\\\\', '{"token":"[hidden]'],
  ])('%s', (_what, text, shown) => {
    expect(new KnownSecrets().hideInJson(text)).toBe(shown);
  });
});
