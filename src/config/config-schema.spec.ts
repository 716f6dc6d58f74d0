import { beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv, type ValidateFunction } from 'ajv';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { checkConfig } from './check-config.js';
import { configSchema } from './config-schema.js';
import { settingsOf, type StatedSetting } from './define-setting.js';
import { FacilitySettings } from './facility-settings.js';
import { errorsAmong } from './problem.js';
import { FileSettings } from './service-settings.js';

const TOP = new URL('../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, TOP), 'utf8');
const COMMITTED = 'config/scicat-globus-proxy-config.schema.json';

const SECTIONS = settingsOf(FileSettings).filter(({ section }) => section !== undefined);

/** Settings of the facility, the sections and the file, by their paths. */
const SETTINGS: ReadonlyMap<string, StatedSetting> = new Map([
  ...settingsOf(FacilitySettings).map((setting) => at('facilities[0].', setting)),
  ...SECTIONS.flatMap(({ key, section }) =>
    section === undefined ? [] : settingsOf(section).map((setting) => at(`${key}.`, setting)),
  ),
  ...settingsOf(FileSettings).map((setting) => at('', setting)),
]);
const KEYS = [...SETTINGS.keys()];

function at(above: string, setting: StatedSetting): [string, StatedSetting] {
  return [`${above}${setting.key}`, setting];
}

let accepts: ValidateFunction;

beforeAll(() => {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strictRequired: false });
  // What editors know beyond the standard.
  ajv.addVocabulary(['errorMessage', 'deprecationMessage', 'doNotSuggest']);
  accepts = ajv.compile(JSON.parse(textOf(COMMITTED)) as object);
});

/** What the schema has against a YAML text, or against what such a text says. */
function schemaErrors(file: string | object): readonly string[] {
  accepts(typeof file === 'string' ? parse(file, { merge: true }) : file);
  return (accepts.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath}: ${message ?? ''}`,
  );
}

/** What the service has against it. */
function classErrors(file: string | object): readonly string[] {
  const { problems } = checkConfig({
    file: '/c.yaml',
    // JSON is YAML.
    text: typeof file === 'string' ? file : JSON.stringify(file),
    variables: { HOME: '/h' },
    platform: 'linux',
    secrets: { kind: 'ignored' },
  });
  return errorsAmong(problems).map(({ path, message }) => `${path}: ${message}`);
}

const COLLECTION = '6c54cade-bde5-45c1-bdea-f4bd71dba2cc';

/** A sound file in which one key has another value. */
function fileWith(key: string, value: unknown): Readonly<Record<string, unknown>> {
  const file: Record<string, unknown> = {
    scicatUrl: 'https://s',
    port: 1,
    facilities: [{ name: 'A', collection: COLLECTION }],
  };
  const [first = '', second] = key.split('.');
  if (second === undefined) file[first] = value;
  else if (first === 'facilities[0]') {
    file['facilities'] = [{ name: 'A', collection: COLLECTION, [second]: value }];
  } else file[first] = { [second]: value };
  return file;
}

/** Values of every kind, and both sides of every bound. */
const PROBES: readonly unknown[] = [
  ...[null, true, false, 0, 1, 2, 3, 4, -1, 0.05, 0.1, 1.5, 2e20, 9, 10, 280, 281],
  ...[1024, 1025, 8760, 8761, 10_000, 10_001, 65_535, 65_536, 86_400, 86_401],
  ...[
    '',
    ' ',
    'x',
    '1',
    'true',
    'SRC',
    'src',
    'BOTH',
    'leaves',
    '/x',
    '/x/../y',
    '~',
    '~/x',
    'a..b',
    'words',
  ],
  ...['refuse', 'none'],
  ...[{ default: 1, p1: 2.5 }, { p1: 0 }, { p1: 'x' }],
  ...['loopback', 'everybody', '10.0.0.0/8, ::1', '10.0.0.999', 'fe80::1%eth0', ','],
  ...['https://s', 'HTTP://s:8080/x/', 'https://s/api/v3', 'https://s/x/API/', 'https://s:99999'],
  ...[
    'https://u:p@s',
    'https://s/?q',
    'https://s/#f',
    'https://',
    'ftp://s',
    'https:s',
    'http://a b',
  ],
  ...[COLLECTION, COLLECTION.toUpperCase(), `${COLLECTION}x`, `x${COLLECTION}`],
  ...['{{ .Name }}', '{{ .Pid }}', '{{ .Nope }}', '{{', 'a\nb'],
  ...[[], ['x'], [''], ['x', 1], [null], ['{{'], {}, { x: 1 }],
];

/** Texts that only look like a path from the top. */
const NO_ROOT = [
  'x',
  '1',
  'true',
  'SRC',
  'src',
  'BOTH',
  'leaves',
  '/x/../y',
  '~',
  '~/x',
  'a..b',
  'words',
  'refuse',
  'none',
  'loopback',
  'everybody',
  '10.0.0.0/8, ::1',
  '10.0.0.999',
  'fe80::1%eth0',
  ',',
  'https://s',
  'HTTP://s:8080/x/',
  'https://s/api/v3',
  'https://s/x/API/',
  'https://s:99999',
  'https://u:p@s',
  'https://s/?q',
  'https://s/#f',
  'https://',
  'ftp://s',
  'https:s',
  'http://a b',
  COLLECTION,
  COLLECTION.toUpperCase(),
  `${COLLECTION}x`,
  `x${COLLECTION}`,
  '{{ .Name }}',
  '{{ .Pid }}',
  '{{ .Nope }}',
  '{{',
  'a\nb',
];

/**
 * What the schema accepts and the service refuses, all of it: a schema can't read templates, nor
 * tell a port or an address of four numbers that is out of range.
 */
const BEYOND_A_SCHEMA: Readonly<Record<string, readonly unknown[]>> = {
  scicatUrl: ['https://s:99999'],
  'globus.authUrl': ['https://s:99999'],
  'globus.transferUrl': ['https://s:99999'],
  'server.trustProxy': ['10.0.0.999'],
  'facilities[0].name': ['a\nb'],
  'facilities[0].accessPath': ['/x/../y', 'a..b', '{{ .Pid }}', '{{ .Nope }}', '{{', 'a\nb'],
  'facilities[0].accessValue': ['{{ .Pid }}', '{{ .Nope }}', '{{', 'a\nb'],
  'facilities[0].scopes': [['{{']],
  'facilities[0].sourcePath': ['/x/../y', '{{ .Name }}', '{{ .Nope }}', '{{', 'a\nb'],
  'facilities[0].destinationPath': ['/x/../y', '{{ .Name }}', '{{ .Nope }}', '{{', 'a\nb'],
  'facilities[0].collectionRootPath': NO_ROOT,
  'facilities[0].allowedSourceFolders': [['{{']],
};

describe('the JSON Schema of the configuration file', () => {
  it('is up to date with the settings classes; run "npm run schema"', () => {
    expect(JSON.parse(textOf(COMMITTED))).toEqual(JSON.parse(JSON.stringify(configSchema())));
  });

  it.each(KEYS)('agrees with the service on %s', (key) => {
    const disagreements = PROBES.flatMap((value) => {
      const file = fileWith(key, value);
      const [schema, service] = [schemaErrors(file), classErrors(file)];
      if ((schema.length === 0) === (service.length === 0)) return [];
      // The other way round it would warn people off what works.
      expect([file, schema]).toEqual([file, []]);
      return [value];
    });
    expect(disagreements).toEqual(BEYOND_A_SCHEMA[key] ?? []);
  });

  it('has probes that are accepted and probes that are rejected for every key', () => {
    const blunt = KEYS.filter((key) => {
      const errors = PROBES.map((value) => schemaErrors(fileWith(key, value)).length);
      // A facility that is right stands for itself in every other file here.
      return key !== 'facilities' && (Math.min(...errors) > 0 || Math.max(...errors) === 0);
    });
    expect(blunt).toEqual([]);
  });

  it.each([
    ['Name, Collection and Scopes', `[{Name: A, Collection: ${COLLECTION}, Scopes: [x]}]`, true],
    ['Direction', `[{name: A, collection: ${COLLECTION}, Direction: SRC}]`, false],
    ['a misspelt key', `[{name: A, collection: ${COLLECTION}, acessValue: x}]`, false],
    ['both spellings', `[{name: A, Name: B, collection: ${COLLECTION}}]`, false],
    [
      'both spellings of scopes',
      `[{name: A, collection: ${COLLECTION}, scopes: [x], Scopes: [x]}]`,
      false,
    ],
    ['no name', `[{collection: ${COLLECTION}}]`, false],
    ['no collection', '[{name: A}]', false],
    ['no mapping', '[A]', false],
  ])('agrees with the service on facilities with %s', (_what, facilities, expected) => {
    const text = `scicatUrl: https://s\nport: 1\nfacilities: ${facilities}\n`;
    expect([schemaErrors(text).length === 0, classErrors(text).length === 0]).toEqual([
      expected,
      expected,
    ]);
  });

  it.each(['scicatUrl', 'port', 'facilities'])(
    'agrees with the service that %s is required',
    (key) => {
      const text = { ...fileWith('watch', true), [key]: undefined };
      expect([schemaErrors(text), classErrors(text)]).toEqual([
        [expect.any(String)],
        [expect.any(String)],
      ]);
    },
  );

  it.each(SECTIONS.map(({ key }) => key))(
    'agrees with the service on unknown keys in %s',
    (section) => {
      const text = fileWith(`${section}.nope`, 1);
      expect([schemaErrors(text).length, classErrors(text).length]).toEqual([1, 1]);
    },
  );

  it('accepts anchors at the top level under any name, and merges them', () => {
    const text = `
x-common: &common { accessPath: profile.x }
others: &others [/a]
scicatUrl: https://s
port: 1
facilities:
  - { <<: *common, name: A, collection: ${COLLECTION}, allowedSourceFolders: *others }
`;
    expect([schemaErrors(text), classErrors(text)]).toEqual([[], []]);
  });

  it('can not detect duplicate facility names', () => {
    const facility = `{ name: A, collection: ${COLLECTION} }`;
    const text = `scicatUrl: https://s\nport: 1\nfacilities: [${facility}, ${facility}]\n`;
    expect([schemaErrors(text).length, classErrors(text).length]).toEqual([0, 1]);
  });

  it('has a description of every key, and examples that both accept', () => {
    const refused = [...SETTINGS].flatMap(([key, { section, entries, description, example }]) => {
      if (!/^[A-Z].*\.$/.test(description)) return [`${key}: ${description}`];
      if (section !== undefined || entries !== undefined) return [];
      const file = fileWith(key, example);
      return [...schemaErrors(file), ...classErrors(file)];
    });
    expect(refused).toEqual([]);
  });

  it('is where the example file points, in the repository and in the image', () => {
    const [, path = ''] =
      /^# yaml-language-server: \$schema=(\S+)\n/.exec(
        textOf('scicat-globus-proxy-config.example.yaml'),
      ) ?? [];
    expect(new URL(path, TOP).href).toBe(new URL(COMMITTED, TOP).href);
    // The working folder there is the application's, where the file is put.
    expect(textOf('Dockerfile')).toContain(`\nCOPY ${COMMITTED} config/\n`);
    expect(textOf('.dockerignore')).toContain(`\n!${COMMITTED}\n`);
  });

  it('accepts the example file and the valid ones of the documentation', () => {
    const sound = readdirSync(new URL('docs/examples/', TOP))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => `docs/examples/${name}`)
      .filter((file) => classErrors(textOf(file)).length === 0);
    expect(sound).toContain('docs/examples/good.yaml');
    for (const file of ['scicat-globus-proxy-config.example.yaml', ...sound]) {
      expect([file, schemaErrors(textOf(file))]).toEqual([file, []]);
    }
  });
});
