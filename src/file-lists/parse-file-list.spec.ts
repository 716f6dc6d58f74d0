import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InvalidRequestError } from '../errors/request.errors.js';
import type { FileEntry } from './file-list.js';
import { FileListParser } from './parse-file-list.js';
import { filesOf } from '../../test/support/file-lists.js';

type Outcome = readonly FileEntry[] | 'no list' | 'refused';

function read(body: string | Buffer, pieceBytes = Number.POSITIVE_INFINITY): Outcome {
  try {
    const list = readOrThrow(body, pieceBytes);
    return list.files === undefined ? 'no list' : filesOf(list.files);
  } catch (error) {
    if (error instanceof InvalidRequestError) return 'refused';
    throw error;
  }
}

function readOrThrow(body: string | Buffer, pieceBytes = Number.POSITIVE_INFINITY) {
  const bytes = Buffer.from(body as string);
  const reader = new FileListParser();
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    reader.push(bytes.subarray(start, start + pieceBytes));
  }
  return reader.end();
}

/** What a reader says that parses the whole body at once. */
function oracle(body: string): Outcome {
  const text = body.replace(/^\ufeff/, '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'refused';
  }
  if (hasRepeatedKey(text)) return 'refused';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'refused';
  const { fileList } = value as { readonly fileList?: unknown };
  if (fileList === undefined || fileList === null) return 'no list';
  if (!Array.isArray(fileList)) return 'refused';
  const entries = fileList.map((entry: unknown): FileEntry | undefined => {
    if (typeof entry !== 'object' || entry === null) return undefined;
    if (Object.keys(entry).some((key) => !['path', 'isSymlink'].includes(key))) return undefined;
    const { path, isSymlink } = entry as Readonly<Record<string, unknown>>;
    // UTF-8 can't carry half of a surrogate pair.
    return typeof path === 'string' && !/\p{Cs}/u.test(path) && typeof isSymlink === 'boolean'
      ? { path, isSymlink }
      : undefined;
  });
  return entries.every((entry) => entry !== undefined) ? entries : 'refused';
}

/** In the body or in an entry: a text that has more keys than `JSON.parse` keeps. */
function hasRepeatedKey(text: string): boolean {
  const kept = JSON.parse(text, (_key, value: unknown) => value) as unknown;
  const colons = (json: string) =>
    (json.replace(/"(?:[^"\\]|\\.)*"/g, '').match(/:/g) ?? []).length;
  return colons(text) !== colons(JSON.stringify(kept));
}

const entry = fc.record({
  path: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a,b', 'x]}', '"[{', '\\', 'ü/😀')),
  isSymlink: fc.boolean(),
});
/** Without objects: keys that are repeated deeper down are not looked for. */
const beside = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(null, true, 1.5),
  fc.array(fc.oneof(fc.string(), fc.constant([])), { maxLength: 5 }),
);
const body = fc.record(
  {
    before: beside,
    fileList: fc.oneof(
      { weight: 6, arbitrary: fc.array(entry, { maxLength: 20 }) },
      { weight: 1, arbitrary: fc.jsonValue() },
    ),
    after: beside,
  },
  { requiredKeys: [] },
);

describe('a list that is too long', () => {
  const plain = '{"path":"a","isSymlink":false}';
  const spaced = '{ "path": "a", "isSymlink": false }';
  const listed = (entries: readonly string[], key = 'fileList') =>
    `{"${key}":[${entries.join(',')}]}`;

  it.each([
    ['plain entries', (count: number) => listed(Array<string>(count).fill(plain))],
    ['others', (count: number) => listed(Array<string>(count).fill(spaced))],
    [
      'both',
      (count: number) =>
        listed(Array.from({ length: count }, (_, n) => (n % 3 === 0 ? spaced : plain))),
    ],
    [
      'a key with an escape',
      (count: number) => listed(Array<string>(count).fill(plain), 'file\\u004cist'),
    ],
  ])('of %s is refused, and one with as many entries as allowed is not', (_what, body) => {
    const parse = (text: string, pieceBytes: number) => {
      const parser = new FileListParser(0, 100);
      const bytes = Buffer.from(text);
      for (let start = 0; start < bytes.length; start += pieceBytes) {
        parser.push(bytes.subarray(start, start + pieceBytes));
      }
      return parser.end().files?.count;
    };
    for (const pieceBytes of [17, 1_000, 1_000_000]) {
      expect(parse(body(100), pieceBytes)).toBe(100);
      expect(() => parse(body(101), pieceBytes)).toThrow(
        'The file list has more than 100 entries, the most that this service accepts (server.maxListEntries). List folders instead of their files, or leave the list out to transfer the whole dataset folder.',
      );
    }
  });

  it('is refused with the piece that has the entry beyond the limit, and no later one is read', () => {
    const parser = new FileListParser(0, 100);
    const entries = Buffer.from(`${plain},`);
    parser.push(Buffer.from('{"fileList":['));
    let pushed = 0;
    expect(() => {
      for (; pushed < 1_000; pushed += 1) parser.push(entries);
    }).toThrow(InvalidRequestError);
    // An entry is taken when the next one begins.
    expect(pushed).toBeLessThanOrEqual(101);
  });
});

describe('parsing a file list incrementally', () => {
  it('equals parsing it whole, however it is cut into pieces', () => {
    fc.assert(
      fc.property(body, fc.nat(3), fc.integer({ min: 1, max: 40 }), (value, indent, pieceBytes) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(read(text, pieceBytes)).toEqual(oracle(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses invalid JSON, wherever the error is', () => {
    fc.assert(
      fc.property(
        body,
        fc.nat(),
        fc.constantFrom('', ',', '"', '[', ']', '{', '}', '\\', ':', 'x', ' '),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        (value, at, put, replaces, pieceBytes) => {
          const text = JSON.stringify(value);
          const position = at % (text.length + 1);
          const broken = text.slice(0, position) + put + text.slice(position + (replaces ? 1 : 0));
          fc.pre(Buffer.from(broken).toString() === broken);
          expect(read(broken, pieceBytes)).toEqual(oracle(broken));
        },
      ),
      { numRuns: 2000 },
    );
  });

  /** Mostly plain entries, and some that are written in other ways. */
  const written = fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(fc.stringMatching(/^[\w/ü.]{0,20}$/), fc.boolean())
        .map(([path, isSymlink]) => `{"path":"${path}","isSymlink":${isSymlink}}`),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '{"path":"a\\"b","isSymlink":true}',
        '{"path":"a\\\\","isSymlink":true}',
        '{ "path": "a", "isSymlink": false }',
        '{"isSymlink":true,"path":"a"}',
        '{"path":"a","isSymlink":true,"size":[1,{"x":2}]}',
        '{"path":"a","isSymlink":true,"path":"b"}',
        '{"path":"\u0001","isSymlink":true}',
        '{"path":"a","isSymlink":truE}',
        '{"path":"a","isSymlink":falsee}',
        '{"path":"a","isSymlink":"true"}',
        '{"path":"a"}',
        '{}',
        '',
        ' {"path":"a","isSymlink":true} ',
      ),
    },
  );

  it('equals parsing it whole for any sequence of plain entries and others', () => {
    fc.assert(
      fc.property(
        fc.array(written, { maxLength: 12 }),
        fc.constantFrom(',', ',', ',', ' ,', ', ', '', ' ', ',,', ':'),
        fc.constantFrom('', '', '', ',', ' ', ']', '}', '"'),
        fc.integer({ min: 1, max: 120 }),
        (entries, between, put, pieceBytes) => {
          const text = `{"fileList":[${entries.join(between)}${put}]}`;
          expect(read(text, pieceBytes)).toEqual(oracle(text));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('copies a plain entry only if it is valid UTF-8', () => {
    const bytes = Buffer.from(
      '{"fileList":[{"path":"a","isSymlink":true},{"path":"b?","isSymlink":true},{"path":"c","isSymlink":true}]}',
    );
    bytes[bytes.indexOf('?')] = 0xc3;
    expect(() => readOrThrow(bytes)).toThrow('The body is not valid UTF-8.');
  });

  it('refuses lone surrogates in a path', () => {
    expect(() => readOrThrow('{"fileList":[{"path":"a\\ud800","isSymlink":true}]}')).toThrow(
      'Entry 0 of fileList has an invalid character in its path: half of a surrogate pair.',
    );
  });

  /** So long that entries are parsed before the list has ended. */
  const many = Array.from({ length: 20_000 }, (_none, n) => ({
    path: `run_${n}/ü, "quoted" [${n}] \\ {x}.h5`,
    isSymlink: n % 3 === 0,
  }));
  const long = JSON.stringify({ fileList: many });

  it.each([1, 7, 4096, 65_536, 10_000_000])('parses a long list in pieces of %i bytes', (bytes) => {
    expect(read(long, bytes)).toEqual(many);
  });

  it.each([
    ['an invalid entry', long.replace('"path":"run_19000', '"pth":"run_19000'), /Entry 19000 /],
    ['an extra comma', long.replace(/\},\{/g, '},,{'), /not valid JSON/],
    ['a comma at the end', long.replace(']}', ',]}'), /not valid JSON/],
    ['a wrong bracket at the end', `${long.slice(0, -2)}}]`, /not valid JSON/],
    ['its end missing', long.slice(0, -2), /not valid JSON/],
    ['garbage after its end', `${long}x`, /not valid JSON/],
  ])('a long list with %s is refused', (_what, text, message) => {
    expect(() => readOrThrow(text, 4096)).toThrow(message);
  });

  it('refuses an invalid entry before the rest has arrived', () => {
    const reader = new FileListParser();
    const piece = Buffer.from(`{"fileList":[{"path":5,"isSymlink":true},${' '.repeat(70_000)}{},`);
    expect(() => {
      reader.push(piece);
    }).toThrow(/Entry 0 /);
  });

  it.each([
    ['{"fileList":[],"fileList":[{"path":"a","isSymlink":true}]}'],
    ['{"fileList":[{"path":"a","isSymlink":true}],"fileList":null}'],
    ['{"fileList":null,"fileList":[{"path":"a","isSymlink":true}]}'],
    ['{"file\\u004cist":null,"fileList":null}'],
    [
      '{"fileList":[{"path":"a","isSymlink":true}],"file\\u004cist":[{"path":"b","isSymlink":true}]}',
    ],
  ])('refuses two lists: %s', (text) => {
    expect(() => readOrThrow(text)).toThrow('The body contains fileList twice.');
  });

  it('hands out what else the body states, whatever stands before and after the list', () => {
    const text =
      '{"__proto__":{"a":1},"autoArchive":false,"fileList":[{"path":"a","isSymlink":true}],"scicatPid":"1/2"}';
    for (const bytes of [1, 7, 1000]) {
      const { files, others } = readOrThrow(text, bytes);
      expect(files && filesOf(files)).toEqual([{ path: 'a', isSymlink: true }]);
      expect([...others]).toEqual([
        ['__proto__', { a: 1 }],
        ['autoArchive', false],
        ['scicatPid', '1/2'],
      ]);
    }
  });

  it.each([
    ['{"autoArchive":false,"autoArchive":true}', 'The body contains autoArchive twice.'],
    ['{"a":{"b":1,"b":2},"a":1}', 'The body contains a twice.'],
    [
      '{"autoArchive":false,"fileList":[{"path":"a","isSymlink":true}],"auto\\u0041rchive":true}',
      'The body contains autoArchive twice.',
    ],
    [
      '{"fileList":[{"path":"a","isSymlink":true},{"path":"b","isSymlink":true,"path":"c"}]}',
      'Entry 1 of fileList contains path twice.',
    ],
    [
      '{"fileList":[{"path":"a","isSymlink":true},{"isSymlink":false,"path":"b","is\\u0053ymlink":true}]}',
      'Entry 1 of fileList contains isSymlink twice.',
    ],
    [
      '{"x":[[],{}],"file\\u004cist":[{"path":"a","isSymlink":true},{"path":[{"path":1}],"path":"b","isSymlink":true}]}',
      'Entry 1 of fileList contains path twice.',
    ],
  ])('refuses %s, of which only the last value would count', (text, message) => {
    for (const bytes of [1, 7, 1000]) expect(() => readOrThrow(text, bytes)).toThrow(message);
  });

  it('names the entry that has a key twice, far down a long list', () => {
    const twice = long.replace('{"path":"run_19000/', '{"path":"x","path":"run_19000/');
    expect(() => readOrThrow(twice, 4096)).toThrow('Entry 19000 of fileList contains path twice.');
  });

  it.each([
    [
      '{"path":"a","issymlink":true}',
      'Entry 0 of fileList has an unknown key "issymlink" (did you mean "isSymlink"?). It must have path and isSymlink, and nothing else.',
    ],
    [
      '{"path":"a","isSymlink":true,"destinationPath":"/elsewhere"}',
      'Entry 0 of fileList has an unknown key "destinationPath". It must have path and isSymlink, and nothing else.',
    ],
    ['{"path":"a","isSymlink":true,"__proto__":1}', 'unknown key "__proto__"'],
    [
      `{"path":"a","isSymlink":true,"${'x'.repeat(500_000)}":1}`,
      `unknown key "${'x'.repeat(100)}".`,
    ],
  ])('refuses an entry that says more than is read (%#)', (text, message) => {
    expect(() => readOrThrow(`{"fileList":[${text}]}`, 4096)).toThrow(message);
  });

  it.each([
    ['{"file\\u004cist" : [{"path":"a","isSymlink":true}]}'],
    [`{"fileList" ${' '.repeat(200)}: [{"path":"a","isSymlink":true}]}`],
    ['{"x\\"fileList":[1],"fileList":[{"path":"a","isSymlink":true}]}'],
    ['\ufeff{"fileList":[{"path":"a","isSymlink":true}]}'],
  ])('finds the list however its key is written: %s', (text) => {
    for (const bytes of [1, 1000])
      expect(read(text, bytes)).toEqual([{ path: 'a', isSymlink: true }]);
  });

  it('refuses an invalid byte in a path, which would name another file', () => {
    const bytes = Buffer.from('{"fileList":[{"path":"a?","isSymlink":true}]}');
    bytes[bytes.indexOf('?')] = 0xff;
    expect(() => readOrThrow(bytes)).toThrow('The body is not valid UTF-8.');
  });

  it.each([
    ['an endless entry', `{"fileList":[{"path":"${'x'.repeat(2_000_000)}`, /Entry 0 .* too long/],
    [
      'a large value outside the list',
      `{"a":"${'x'.repeat(2_000_000)}`,
      /too much data besides fileList/,
    ],
  ])('does not keep %s in memory', (_what, text, message) => {
    expect(() => readOrThrow(text, 65_536)).toThrow(message);
  });

  it('is not slowed down by 100,000 other arrays in the body', () => {
    const arrays = Array.from({ length: 100_000 }, (_none, n) => `"${n.toString(36)}":[]`);
    expect(read(`{${arrays.join(',')}}`)).toBe('no list');
  });
});
