import { describe, expect, test } from '@jest/globals';
import type { AppConfig } from './app-config.js';
import { checkConfig } from './check-config.js';
import { errorsAmong, formatProblem, type Problem } from './problem.js';
import { Secret } from './secret.js';

const SECRETS = {
  globusClientId: 'id',
  globusClientSecret: new Secret('x'),
  scicatServiceUser: { username: 'u', password: new Secret('x') },
};
const COLLECTION = '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f';
/** The one in messages. */
const SUCH_AS = '6c54cade-bde5-45c1-bdea-f4bd71dba2cc';
/** A facility without anything to warn of. */
const FACILITY = `
  - name: A
    collection: ${COLLECTION}
    collectionRootPath: /data
    allowedSourceFolders: ["/data/{{ .OwnerGroup }}"]
    destinationPath: "/in/{{ .Pid }}"`;
const HEAD = 'scicatUrl: https://scicat.test\nport: 8080\n';

function check(text: string): {
  readonly problems: readonly Problem[];
  readonly config: AppConfig | undefined;
} {
  return checkConfig({
    file: '/etc/c.yaml',
    text,
    variables: { HOME: '/h' },
    platform: 'linux',
    secrets: { kind: 'complete', secrets: SECRETS },
  });
}

const lines = (problems: readonly Problem[]): readonly string[] =>
  problems.map((problem) => formatProblem(problem).replace('/etc/c.yaml:', ''));
const errorsOf = (text: string): readonly string[] => lines(errorsAmong(check(text).problems));
const warningsOf = (text: string): readonly string[] =>
  lines(check(text).problems.filter((problem) => problem.severity === 'warning'));
/** Problems of one more key in the only facility; it stands in line 9. */
const ofFacility = (...added: readonly string[]): readonly string[] =>
  errorsOf(`${HEAD}facilities:${FACILITY}\n${added.map((line) => `    ${line}\n`).join('')}`);
/** Problems of one more line at the top of the file, line 9. */
const ofFile = (added: string): readonly string[] =>
  errorsOf(`${HEAD}facilities:${FACILITY}\n${added}\n`);
const configOf = (added: string): AppConfig => {
  const { config, problems } = check(`${HEAD}facilities:${FACILITY}\n${added}\n`);
  if (config === undefined) throw new Error(lines(problems).join('\n'));
  return config;
};

/** Nothing to warn of in how files are copied. */
const DECIDED = 'transfer: { syncLevel: 3 }\n';

test('a valid file has no problems', () => {
  expect(check(`${HEAD}facilities:${FACILITY}\n${DECIDED}`).problems).toEqual([]);
});

describe('typos do not silently leave a default in effect', () => {
  test('a misspelt key: acessValue', () => {
    const { problems, config } = check(
      `${HEAD}facilities:${FACILITY}\n    acessValue: secret-group\n`,
    );
    expect(config).toBeUndefined();
    expect(problems).toEqual([
      {
        file: '/etc/c.yaml',
        line: 9,
        column: 5,
        path: 'facilities[0].acessValue',
        message:
          'is not a known setting here; known settings: name, collection, direction, accessPath, accessValue, scopes, sourcePath, destinationPath, collectionRootPath, allowedSourceFolders, verifyChecksum, syncLevel, symlinks, finalize',
        suggestion: 'did you mean "accessValue"?',
        severity: 'error',
      },
    ]);
  });

  test('a misspelt value: direction: src', () => {
    expect(ofFacility('direction: src')).toEqual([
      '9: facilities[0].direction: is the string "src"; it must be one of SRC, DST, BOTH; did you mean "SRC"?',
    ]);
  });

  test.each([
    ['task', 'polInterval', 'pollInterval'],
    ['transfer', 'verifyCheckSum', 'verifyChecksum'],
    ['globus', 'authURL', 'authUrl'],
    ['scicat', 'former_service_users', 'formerServiceUsers'],
    ['server', 'trustproxy', 'trustProxy'],
  ])('an unknown key in %s: %s', (section, typo, meant) => {
    expect(ofFile(`${section}:\n  ${typo}: 1`)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^10: ${section}\\.${typo}: is not a known setting here; .*; did you mean "${meant}"\\?$`,
        ),
      ),
    ]);
  });

  test('an unknown key at the top level is a warning, unless it starts with "x-"', () => {
    const text = `x-fine: &a { accessPath: p.q }\ntaks: { queueSize: 1 }\n${HEAD}facilities:${FACILITY}\n    <<: *a\n${DECIDED}`;
    expect(errorsOf(text)).toEqual([]);
    expect(warningsOf(text)).toEqual([
      '2: taks: is not a known setting and has no effect; if it only holds YAML anchors, start its name with "x-"; did you mean "task"?',
    ]);
    expect(check(text).config?.facilities[0]?.accessPath).toBe('p.q');
  });
});

describe('required settings', () => {
  test('scicatUrl, port and facilities', () => {
    expect(errorsOf('watch: true')).toEqual([
      '1: scicatUrl: is missing; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"',
      '1: port: is missing; it must be a whole number between 1 and 65535',
      '1: facilities: is missing; it must be a list of facilities',
    ]);
    expect(errorsOf(`${HEAD}facilities: []`)).toEqual([
      '3: facilities: is empty; it must list at least one facility',
    ]);
  });

  test('name and collection', () => {
    expect(errorsOf(`${HEAD}facilities:\n  - direction: SRC`)).toEqual([
      '4: facilities[0].name: is missing; it must be the name of the facility',
      `4: facilities[0].collection: is missing; it must be the id of the facility's Globus collection, a UUID such as "${SUCH_AS}"`,
    ]);
  });

  test.each(['', '# only a comment\n', '[]', 'just text', '~'])(
    'a file without settings: %j',
    (text) => {
      expect(errorsOf(text)).toEqual([
        '1: file: contains no settings; see scicat-globus-proxy-config.example.yaml',
      ]);
    },
  );
});

describe('values', () => {
  test.each([
    ['0', 'is 0'],
    ['65536', 'is 65536'],
    ['-1', 'is -1'],
    ['80.5', 'is 80.5'],
    ['"8080"', 'is the string "8080"', '; write 8080, without quotes'],
    ['true', 'is true'],
    ['[1]', 'is a list', '; write 1'],
    ['{}', 'is a mapping'],
    ['.nan', 'is NaN'],
  ])('port: %s is rejected, and the message quotes the value', (value, what, advice = '') => {
    expect(errorsOf(`scicatUrl: http://s\nport: ${value}\nfacilities:${FACILITY}\n`)).toEqual([
      `2: port: ${what}; it must be a whole number between 1 and 65535${advice}`,
    ]);
  });

  test.each([
    [
      'task:\n  maxConcurrency: 0',
      '10: task.maxConcurrency: is 0; it must be a whole number of at least 1',
    ],
    [
      'task:\n  queueSize: -1',
      '10: task.queueSize: is -1; it must be a whole number of at least 0',
    ],
    [
      'task:\n  pollInterval: 0',
      '10: task.pollInterval: is 0; it must be a whole number between 1 and 86400',
    ],
    [
      'task:\n  pollInterval: 99999',
      '10: task.pollInterval: is 99999; it must be a whole number between 1 and 86400',
    ],
    [
      'task:\n  shares: { p1: 0 }',
      '10: task.shares: is a mapping; it must be a mapping from names to numbers between 0.01 and 1000, such as { default: 1, p12345: 2 }',
    ],
    [
      'task:\n  stallTimeout: 1.5',
      '10: task.stallTimeout: is 1.5; it must be a whole number of at least 0',
    ],
    [
      'task:\n  progressWritesPerSecond: 0',
      '10: task.progressWritesPerSecond: is 0; it must be a number between 0.1 and 10000',
    ],
    [
      'scicat:\n  formerServiceUsers: old',
      `10: scicat.formerServiceUsers: is the string "old"; it must be a list of user names; write ['old']`,
    ],
    [
      'scicat:\n  statusCodes: text',
      '10: scicat.statusCodes: is the string "text"; it must be one of numbers, words',
    ],
    [
      'scicat:\n  formerServiceUsers: [1]',
      "10: scicat.formerServiceUsers: is a list; it must be a list of user names, each a non-empty string; put 1 in quotes: '1'",
    ],
    [
      'server:\n  host: ""',
      '10: server.host: is empty; it must be an address to listen on, such as "0.0.0.0"',
    ],
    [
      'server:\n  trustProxy: everybody',
      '10: server.trustProxy: is the string "everybody"; it must be true, false, the number of proxies in front, or their addresses such as "loopback, 10.0.0.0/8"',
    ],
    [
      'server:\n  maxBodyMiB: 0',
      '10: server.maxBodyMiB: is 0; it must be a whole number between 1 and 1024',
    ],
    [
      'watch: yes please',
      '9: watch: is the string "yes please"; it must be true or false, without quotes',
    ],
    [
      'transfer:\n  verifyChecksum: "true"',
      '10: transfer.verifyChecksum: is the string "true"; it must be true or false, without quotes; write true',
    ],
    [
      'transfer:\n  preserveTimestamp: 1',
      '10: transfer.preserveTimestamp: is 1; it must be true or false, without quotes; write true',
    ],
    [
      'transfer:\n  encryptData: no',
      '10: transfer.encryptData: is the string "no"; it must be true or false, without quotes; write false',
    ],
    ['transfer:\n  syncLevel: 4', '10: transfer.syncLevel: is 4; it must be one of 0, 1, 2, 3'],
    [
      'transfer:\n  deadlineHours: 0',
      '10: transfer.deadlineHours: is 0; it must be a whole number between 1 and 8760',
    ],
    [
      'globus:\n  authUrl: auth.globus.org',
      '10: globus.authUrl: is the string "auth.globus.org"; it must be an http or https URL such as "https://auth.globus.org", without user name, password, "?" and "#"; write \'https://auth.globus.org\'',
    ],
    [
      'globus:\n  transferUrl: ftp://x',
      '10: globus.transferUrl: is the string "ftp://x"; it must be an http or https URL such as "https://transfer.api.globus.org/v0.10", without user name, password, "?" and "#"',
    ],
    [
      'dataDir: ""',
      '9: dataDir: is empty; it must be the path of a folder, such as "/var/lib/scicat-globus-proxy"',
    ],
    [
      'dataDir: ~/state',
      '9: dataDir: is the string "~/state", but "~" has no meaning here; write the whole path',
    ],
    ['dataDir:', '9: dataDir: has no value; add one, or remove the line'],
    [
      'task: 5',
      '9: task: is 5; it must be a mapping with keys such as maxConcurrency, queueSize, pollInterval',
    ],
  ])('%j', (added, problem) => {
    expect(ofFile(added)).toEqual([problem]);
  });

  test.each([
    ['ftp://s', 'is the string "ftp://s"'],
    ['scicat.test', 'is the string "scicat.test"', "; write 'https://scicat.test'"],
    ['https:scicat', 'is the string "https:scicat"'],
    ['https://user:hunter2@scicat/', 'is the string "https://…@scicat/"'],
    ['https://scicat/?x', 'is the string "https://scicat/?x"'],
  ])('scicatUrl %s is rejected without quoting credentials', (url, what, advice = '') => {
    expect(errorsOf(`scicatUrl: ${url}\nport: 1\nfacilities:${FACILITY}\n`)).toEqual([
      `1: scicatUrl: ${what}; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"${advice}`,
    ]);
  });

  test.each(['/api/v3', '/api/v4/', '/api'])('scicatUrl must not end in %s', (api) => {
    expect(errorsOf(`scicatUrl: https://s/x${api}\nport: 1\nfacilities:${FACILITY}\n`)).toEqual([
      `1: scicatUrl: ends in "${api}", which the service adds itself; write "https://s/x"`,
    ]);
  });

  test('every setting is taken over', () => {
    const config = configOf(`
task: { maxConcurrency: 1, queueSize: 2, pollInterval: 3, stallTimeout: 4, progressWritesPerSecond: 0.5, maxPending: 5, maxStuckPerUser: 4, maxWaitingPerUser: 6, maxWaitingPerGroup: 7, shares: { default: 1, p1: 2.5 }, maxWaitHours: 8, smallTransferGiB: 9.5 }
scicat: { formerServiceUsers: [old, older], statusCodes: words, operatorGroups: [ops] }
server: { host: "::1", trustProxy: "loopback, 10.0.0.0/8, fd00::/8", maxBodyMiB: 7, maxListEntries: 8, maxFailedLoginsPerMinute: 9, hstsIncludeSubDomains: true, adminPort: 8081, adminHost: "::1", maxConnections: 10, maxConnectionsPerAddress: 11, maxPipelinedRequests: 12, maxRequests: 13, maxRequestsPerUser: 14, maxWaitingRequests: 15, maxWaitingRequestsPerUser: 16, maxBodiesMiB: 17, maxBodiesPerUserMiB: 18, smallBodiesMiB: 19, maxBodySeconds: 20 }
spool: { maxMiB: 11, maxMiBPerUser: 10 }
watch: true
transfer: { verifyChecksum: false, preserveTimestamp: true, encryptData: true, syncLevel: 0, deadlineHours: 72, fileList: as-listed }
globus: { authUrl: "http://127.0.0.1:1/", transferUrl: "http://127.0.0.1:2/v0.10//" }
dataDir: spool
`);
    expect({ ...config, facilities: undefined, secrets: undefined }).toEqual({
      scicatUrl: 'https://scicat.test',
      port: 8080,
      task: {
        maxConcurrency: 1,
        queueSize: 2,
        pollIntervalSeconds: 3,
        stallTimeoutSeconds: 4,
        progressWritesPerSecond: 0.5,
        maxPending: 5,
        maxStuckPerUser: 4,
        maxWaitingPerUser: 6,
        maxWaitingPerGroup: 7,
        shares: { default: 1, p1: 2.5 },
        maxWaitHours: 8,
        smallTransferGiB: 9.5,
      },
      scicat: {
        formerServiceUsers: ['old', 'older'],
        statusCodes: 'words',
        operatorGroups: ['ops'],
      },
      server: {
        host: '::1',
        trustProxy: 'loopback, 10.0.0.0/8, fd00::/8',
        maxBodyMiB: 7,
        maxListEntries: 8,
        maxFailedLoginsPerMinute: 9,
        adminPort: 8081,
        adminHost: '::1',
        maxConnections: 10,
        maxConnectionsPerAddress: 11,
        maxPipelinedRequests: 12,
        maxRequests: 13,
        maxRequestsPerUser: 14,
        maxWaitingRequests: 15,
        maxWaitingRequestsPerUser: 16,
        maxBodiesMiB: 17,
        maxBodiesPerUserMiB: 18,
        smallBodiesMiB: 19,
        maxBodySeconds: 20,
        hstsIncludeSubDomains: true,
      },
      spool: { maxMiB: 11, maxMiBPerUser: 10 },
      watch: true,
      transfer: {
        verifyChecksum: false,
        preserveTimestamp: true,
        encryptData: true,
        syncLevel: 0,
        deadlineHours: 72,
        fileList: 'as-listed',
      },
      globus: { authUrl: 'http://127.0.0.1:1', transferUrl: 'http://127.0.0.1:2/v0.10' },
      dataDir: '/etc/spool',
      source: { file: '/etc/c.yaml' },
    });
  });

  test.each([
    ['true', true],
    ['2', 2],
    ['"10.1.2.3"', '10.1.2.3'],
  ])('server.trustProxy: %s', (written, expected) => {
    expect(configOf(`server: { trustProxy: ${written} }`).server.trustProxy).toBe(expected);
  });

  test('a section whose lines are all commented out has its defaults', () => {
    expect(configOf('task:\n  # queueSize: 5\n').task.queueSize).toBe(10_000);
  });
});

describe('facilities', () => {
  test('Name, Collection and Scopes may be capitalised, even in a merged block', () => {
    const text = `
x-common: &common
  Scopes: ["s-{{ .Name }}"]
  Name: overridden
${HEAD}
facilities:
  - <<: *common
    Name: A
    Collection: ${COLLECTION.toUpperCase()}
`;
    const { config } = check(text);
    expect(
      config?.facilities.map(({ name, collection, scopes }) => ({ name, collection, scopes })),
    ).toEqual([{ name: 'A', collection: COLLECTION, scopes: ['s-A'] }]);
  });

  test('keys are case-sensitive elsewhere', () => {
    expect(ofFile('task:\n  Name: x')).toEqual([
      expect.stringContaining('10: task.Name: is not a known setting here'),
    ]);
  });

  test('two facilities without a name are not reported as duplicates', () => {
    const nameless = `\n  - collection: ${COLLECTION}`;
    expect(errorsOf(`${HEAD}facilities:${nameless}${nameless}\n`)).toEqual([
      '4: facilities[0].name: is missing; it must be the name of the facility',
      '5: facilities[1].name: is missing; it must be the name of the facility',
    ]);
  });

  test('both spellings of one key are a conflict', () => {
    expect(ofFacility('Name: B')).toEqual([
      '9: facilities[0].name: is given again; if it begins another entry, write "- name: …", else keep one of the two',
    ]);
  });

  test('names are unique', () => {
    expect(errorsOf(`${HEAD}facilities:${FACILITY}${FACILITY}\n`)).toEqual([
      '9: facilities[1].name: is "A", the same as facilities[0].name; facility names must be unique',
    ]);
  });

  test('a collection is a UUID', () => {
    expect(
      errorsOf(`${HEAD}facilities:\n  - name: A\n    collection: "[collection-guid]"`),
    ).toEqual([
      `5: facilities[0].collection: is the string "[collection-guid]"; it must be the id of the facility's Globus collection, a UUID such as "${SUCH_AS}"; the Globus web app shows it as "UUID" on the page of the collection`,
    ]);
  });

  test.each([
    [
      'accessPath: ""',
      '9: facilities[0].accessPath: is empty; it must be a dot path such as "profile.accessGroups"; an empty path would deny access to every user. Specify a path, or remove the line to use the default',
    ],
    [
      'accessValue: ""',
      "9: facilities[0].accessValue: is empty; it must be the string that users of the facility have at accessPath; an empty string matches no user. Specify a value, or remove the line to use the default, the facility's name",
    ],
    ['accessValue: "{{ if false }}x{{ end }}"', ''],
    ['accessValue:', '9: facilities[0].accessValue: has no value; add one, or remove the line'],
    [
      'accessPath: profile..groups',
      '9: facilities[0].accessPath: renders as "profile..groups", which has an empty part; it must be names separated by single dots, such as "profile.accessGroups"',
    ],
    [
      'scopes: one',
      '9: facilities[0].scopes: is the string "one"; it must be a list of Globus scopes; write [\'one\']',
    ],
    [
      'scopes: []',
      '9: facilities[0].scopes: is an empty list; it must be a non-empty list of Globus scopes',
    ],
    [
      'verifyChecksum: 1',
      '9: facilities[0].verifyChecksum: is 1; it must be true or false, without quotes; write true',
    ],
    ['syncLevel: 9', '9: facilities[0].syncLevel: is 9; it must be one of 0, 1, 2, 3'],
    [
      'sourcePath: /data/../{{ .PidShort }}',
      '9: facilities[0].sourcePath: renders as a path with a "." or ".." segment, so every transfer would be refused; remove the segment',
    ],
  ])('%j', (added, problem) => {
    if (problem === '') {
      expect(ofFacility(added)).toEqual([
        '9: facilities[0].accessValue: is a template that renders as an empty string',
      ]);
    } else expect(ofFacility(added)).toEqual([problem]);
  });

  test('collectionRootPath is rendered, absolute and without dots', () => {
    const withRoot = (root: string): string =>
      `${HEAD}facilities:${FACILITY.replace('/data\n', `"${root}"\n`)}\n`;
    expect(check(withRoot('//srv/{{ .Name }}/')).config?.facilities[0]?.collectionRootPath).toBe(
      '/srv/A',
    );
    expect(errorsOf(withRoot('srv'))).toEqual([
      '6: facilities[0].collectionRootPath: renders as "srv"; it must be an absolute path without "." and ".." segments, such as "/data"',
    ]);
    expect(errorsOf(withRoot('/srv/../x'))).toHaveLength(1);
  });

  test('errors in templates have their exact position in the file', () => {
    const { problems } = check(
      `${HEAD}facilities:${FACILITY}\n    sourcePath: "/{{ .RelativeSourceFoldr }}"\n    accessValue: |\n      a\n      {{ .Pid }}\n    scopes: ["ok", '{{ .Collection']\n`,
    );
    expect(problems.map(({ path, line, column }) => ({ path, line, column }))).toEqual([
      { path: 'facilities[0].sourcePath', line: 9, column: 22 },
      { path: 'facilities[0].accessValue', line: 12, column: 10 },
      { path: 'facilities[0].scopes[1]', line: 13, column: 21 },
    ]);
    expect(problems[0]?.message).toContain('RelativeSourceFolder');
  });

  test.each(['accessPath', 'accessValue', 'collectionRootPath'])(
    '%s accepts only the variable .Name',
    (key) => {
      const text = `${HEAD}facilities:\n  - name: A\n    collection: ${COLLECTION}\n    ${key}: "/{{ .Username }}"\n`;
      expect(errorsOf(text)).toEqual([
        expect.stringContaining(`6: facilities[0].${key}: is not a valid template: `),
      ]);
    },
  );

  test.each(['accessValue', 'sourcePath', 'destinationPath'])(
    'a YAML block ends in a line break, which %s would never match',
    (key) => {
      const facility = FACILITY.replace(/\n.*destinationPath.*/, '');
      const text = `${HEAD}facilities:${facility}\n    ${key}: |\n      /x/{{ "y" }}\n`;
      expect(errorsOf(text)).toEqual([
        `8: facilities[0].${key}: renders with a line break or another control character; write the value on one line, or as a block with "|-"`,
      ]);
      expect(errorsOf(text.replace('|', '|-'))).toEqual([]);
    },
  );

  test.each([
    ['destinationPath', '/a/{{ printf "%.8s" .PidShort }}/{{ printf "%05d" 42 }}', undefined],
    ['destinationPath', '/a/{{ printf "%d" .PidShort }}', '/a/%!d(string=0a1b2c)'],
    ['destinationPath', '/a/{{ printf "%s-%s" .PidShort }}', '/a/0a1b2c-%!s(MISSING)'],
    ['sourcePath', '/a/{{ printf "%s" .Pid .Username }}', '%!(EXTRA string=someone)'],
    ['sourcePath', '/a/{{ printf "%" }}', '/a/%!(NOVERB)'],
    ['accessValue', '{{ printf "%d" .Name }}', '%!d(string=A)'],
  ])('a %s of %s: what Go would complain about in a path is a warning', (key, value, shown) => {
    const facility = FACILITY.replace(/\n.*destinationPath.*/, '');
    const text = `${HEAD}facilities:${facility}\n    ${key}: '${value}'\n`;
    expect(errorsOf(text)).toEqual([]);
    expect(warningsOf(text).filter((line) => line.includes('printf'))).toEqual(
      shown === undefined
        ? []
        : [
            expect.stringMatching(
              /: renders as ".*", because a printf format does not fit its arguments; use %s for strings, which all variables are, and %d for integers$/,
            ),
          ],
    );
    if (shown !== undefined) expect(warningsOf(text).join()).toContain(shown);
  });

  test('only allowedSourceFolders accepts .OwnerGroup', () => {
    expect(ofFacility('sourcePath: "/{{ .OwnerGroup }}"')).toHaveLength(1);
  });

  test('an entry that is not a mapping does not hide problems of the others', () => {
    expect(
      errorsOf(`${HEAD}facilities:\n  - just text\n  - name: 5\n    collection: ${COLLECTION}\n`),
    ).toEqual([
      '4: facilities[0]: is the string "just text"; it must be a mapping with keys such as name, collection, direction; write "- name: \'just text\'", and the other keys below it',
      "5: facilities[1].name: is 5; it must be the name of the facility; put it in quotes: '5'",
    ]);
    expect(errorsOf(`${HEAD}facilities: { name: A }`)).toEqual([
      '3: facilities: is a mapping; it must be a list of facilities; begin the first line of each facility with "- ": "- name: …"',
    ]);
  });

  test('a facility can set how files are copied to it', () => {
    const text = `${HEAD}facilities:${FACILITY}\n    verifyChecksum: false\n    syncLevel: 0\n`;
    const facility = check(text).config?.facilities[0];
    expect([facility?.verifyChecksum, facility?.syncLevel]).toEqual([false, 0]);
  });
});

describe('what is legal but should be a deliberate decision', () => {
  const bare = (direction: string, ...more: readonly string[]): string =>
    `${HEAD}facilities:\n  - name: A\n    collection: ${COLLECTION}\n    direction: ${direction}\n${more
      .map((line) => `    ${line}\n`)
      .join('')}`;

  test('a source without allowedSourceFolders is warned about', () => {
    expect(warningsOf(bare('SRC'))).toEqual([
      '4: facilities[0].allowedSourceFolders: is not set, nor is collectionRootPath: a dataset\'s owner can change its sourceFolder in SciCat, and so make the service copy any folder that it can read; list the folders that may hold datasets, such as "/data/{{ .OwnerGroup }}", and set collectionRootPath to the absolute path of what the collection shows as "/"',
    ]);
    expect(warningsOf(bare('SRC', 'collectionRootPath: /data'))).toEqual([
      '4: facilities[0].allowedSourceFolders: is not set: a dataset\'s owner can change its sourceFolder in SciCat, and so make the service copy any folder that it can read; list the folders that may hold datasets, such as "/data/{{ .OwnerGroup }}"',
    ]);
    expect(warningsOf(bare('DST', 'destinationPath: "/{{ .PidEncoded }}"'))).toEqual([]);
  });

  test('a source whose root the request may state is warned about', () => {
    expect(warningsOf(bare('SRC', 'allowedSourceFolders: [/data]'))).toEqual([
      "4: facilities[0].collectionRootPath: is not set: each request then specifies the collection's root itself, and a wrong one shifts every path; set it to the root's absolute path",
    ]);
  });

  test('a destination without the PID in its path is warned about', () => {
    expect(warningsOf(bare('DST'))).toEqual([
      '4: facilities[0].destinationPath: does not contain the PID: two datasets with the same relative path would overwrite each other; use .Pid or .PidEncoded in it',
    ]);
  });

  test('a part of the PID does not tell datasets apart: 10.5061/dryad.j1828/1, 10.5061/dryad.abcd/1', () => {
    expect(warningsOf(bare('DST', 'destinationPath: "/in/{{ .PidShort }}"'))).toEqual([
      '7: facilities[0].destinationPath: does not contain the whole PID: the datasets 10.5061/dryad.j1828/1 and 10.5061/dryad.abcd/1 would overwrite each other; write .Pid or .PidEncoded in it, or .PidPrefix together with .PidShort',
    ]);
  });

  test.each([
    '/a/{{ .PidPrefix }}',
    '/a/{{ .PidShort }}/{{ .DatasetFolder }}',
    '/{{ .Username }}/{{ if .Pid }}{{ .PidShort }}{{ end }}',
    '/{{ len .PidEncoded }}',
  ])('nor does "%s"', (template) => {
    const found = warningsOf(bare('DST', `destinationPath: '${template}'`));
    expect(found).toEqual([expect.stringContaining('does not contain the whole PID')]);
  });

  test.each([
    '/a/{{ .Pid }}',
    '/a/{{ .PidEncoded }}',
    '/{{ .PidPrefix }}/{{ .PidShort }}',
    '/{{ .PidShort }} of {{ .PidPrefix }}',
    '/{{ replace .Pid "/" "_" }}',
    '/in/{{ .TransferKey }}',
  ])('but "%s" does', (template) => {
    expect(warningsOf(bare('DST', `destinationPath: '${template}'`))).toEqual([]);
  });

  test("the transfer's key stands only in destinationPath, and as it is", () => {
    const elsewhere =
      'uses .TransferKey, which only destinationPath can use: the key is generated for each transfer, so no existing folder has it in its name; remove it';
    const lines = [
      "sourcePath: '/{{ .TransferKey }}'",
      "allowedSourceFolders: ['/data', '/{{ .TransferKey }}/{{ .OwnerGroup }}']",
      "destinationPath: '/{{ index .TransferKey 0 }}/{{ .Pid }}'",
    ];
    expect(errorsOf(bare('BOTH', lines.join('\n    ')))).toEqual([
      `7: facilities[0].sourcePath: ${elsewhere}`,
      `8: facilities[0].allowedSourceFolders[1]: ${elsewhere}`,
      '9: facilities[0].destinationPath: shortens or changes .TransferKey; write {{ .TransferKey }} without functions, or every request would be refused',
    ]);
  });

  test('a sourcePath that can lead out of the allowed folders is warned about', () => {
    const source = (sourcePath: string, allowed: string) =>
      warningsOf(
        bare(
          'SRC',
          `collectionRootPath: /data\n    allowedSourceFolders: ['${allowed}']\n    sourcePath: '${sourcePath}'`,
        ),
      );
    const group = '/data/{{ .OwnerGroup }}';
    expect(source('/{{ .DatasetFolder }}', group)).toEqual([
      "9: facilities[0].sourcePath: does not contain the whole path of the dataset's folder, so the files may come from elsewhere; requests that would copy from outside allowedSourceFolders are refused; use .RelativeSourceFolder in it",
    ]);
    expect(source('/{{ .DatasetFolder }}', '/data')).toEqual([]);
    expect(source('/raw/{{ .RelativeSourceFolder }}', group)).toEqual([]);
  });
});

test('an operator group that gives access to a facility is warned of', () => {
  const of = (groups: string) =>
    warningsOf(`${HEAD}facilities:${FACILITY}\n${DECIDED}scicat: { operatorGroups: ${groups} }\n`);
  expect(of('[ops, A]')).toEqual([
    '10: scicat.operatorGroups[1]: is "A", which also gives access to facilities[0] ("A"): all its users are operators, and may cancel everybody\'s transfers; use a group of operators only',
  ]);
  expect(of('[ops, A-operators]')).toEqual([]);
  expect(of('[]')).toEqual([]);
  // Mistakes of their own.
  for (const groups of ['A', '[1]', '{}', '']) expect(() => of(groups)).not.toThrow();
  for (const scicat of ['5', '', '[]', 'x']) {
    expect(() => check(`${HEAD}facilities:${FACILITY}\nscicat: ${scicat}\n`)).not.toThrow();
  }
});

describe('what is legal but risky between facilities', () => {
  interface Entry {
    readonly collection?: string;
    readonly direction?: string;
    readonly lines: readonly string[];
  }
  /** Facilities F0, F1, …, each on three lines (name, collection, direction) and its own. */
  const facilities = (...entries: readonly Entry[]): string =>
    entries
      .map(({ collection = COLLECTION, direction = 'DST', lines: more }, index) =>
        [`  - name: F${index.toString()}`, `collection: ${collection}`, `direction: ${direction}`]
          .concat(more)
          .join('\n    '),
      )
      .join('\n');
  const warnings = (before: string, ...entries: readonly Entry[]) =>
    check(`${before}${HEAD}facilities:\n${facilities(...entries)}\n${DECIDED}`).problems.map(
      ({ line, path, message, severity }) => ({ line, path, message, severity }),
    );
  const SAME_FOLDER = {
    line: 11,
    path: 'facilities[1].destinationPath',
    severity: 'warning',
    message:
      'may lead into the folders of facilities[0] ("F0"), which has the same collection: "/in/{{ .Pid }}" and "/{{ .Pid }}" can yield the same folder, or one inside the other, and transfers to the two would then overwrite each other\'s files; start the two with different folders, such as "/one/…" and "/two/…"',
  };
  const OTHER_COLLECTION = COLLECTION.replace('0b', '7c');

  test('two destinations in one collection whose paths can meet', () => {
    const first = { lines: ['destinationPath: "/in/{{ .Pid }}"'] };
    const second = ['destinationPath: "/{{ .Pid }}"'];
    expect(warnings('', first, { lines: second })).toEqual([SAME_FOLDER]);
    expect(warnings('', first, { lines: second, collection: COLLECTION.toUpperCase() })).toEqual([
      SAME_FOLDER,
    ]);
    expect(warnings('', first, { lines: second, collection: OTHER_COLLECTION })).toEqual([]);
    expect(warnings('', first, { lines: ['destinationPath: "/out/{{ .Pid }}"'] })).toEqual([]);
  });

  test('a source-only facility causes no warning about destination paths', () => {
    const source = {
      direction: 'SRC',
      lines: ['collectionRootPath: /data', 'allowedSourceFolders: [/data]'],
    };
    expect(warnings('', source, { lines: ['destinationPath: "/{{ .Pid }}"'] })).toEqual([]);
  });

  const entry = (folder: string, ...more: readonly string[]): Entry => ({
    lines: [`destinationPath: "/${folder}/{{ .Pid }}"`, ...more],
  });
  const ONE_RULE = {
    path: 'facilities[1].accessValue',
    severity: 'warning',
    message:
      'renders as "users" at profile.accessGroups, the same as in facilities[0] ("F0"): users of one may use the other; give each its own value or, if this is intended, say so with an anchor: "accessValue: &same …" in the first, "accessValue: *same" in the others',
  };

  test('two facilities with the same access value', () => {
    expect(
      warnings('', entry('a', 'accessValue: users'), entry('b', 'accessValue: users')),
    ).toEqual([{ ...ONE_RULE, line: 13 }]);
    expect(
      warnings('', entry('a', 'accessValue: "F1"'), entry('b')).map(({ path }) => path),
    ).toEqual(['facilities[1].accessValue']);
  });

  test('the same value at another access path is a different rule', () => {
    expect(
      warnings(
        '',
        entry('a', 'accessValue: users'),
        entry('b', 'accessValue: users', 'accessPath: profile.other'),
      ),
    ).toEqual([]);
  });

  test('the warning about a merged access value points at the anchor', () => {
    const common = 'x-common: &common { accessValue: users }\n';
    expect(warnings(common, entry('a', '<<: *common'), entry('b', '<<: *common'))).toEqual([
      { ...ONE_RULE, line: 1 },
    ]);
  });

  test('an alias marks a shared access value as intended', () => {
    expect(
      warnings('', entry('a', 'accessValue: &same users'), entry('b', 'accessValue: *same')),
    ).toEqual([]);
  });

  test('without syncLevel, repeated transfers copy everything', () => {
    const pair = `facilities:\n  - {name: A, collection: ${COLLECTION}, destinationPath: "/{{ .Pid }}", direction: DST}
  - {name: B, collection: ${COLLECTION}, direction: SRC, collectionRootPath: /d, allowedSourceFolders: [/d]}\n`;
    const message =
      'transfer.syncLevel: is not set: a repeated transfer copies every file again, even those already at the destination; set it to 3 (copy what is missing or differs in checksum) or 1 (… in size, which is faster)';
    expect(warningsOf(`${HEAD}${pair}`)).toEqual([`1: ${message}`]);
    expect(warningsOf(`${HEAD}${pair}\ntransfer:\n  # all defaults\n`)).toEqual([`7: ${message}`]);
    // Whichever of the two facilities decides, it is decided.
    expect(
      warningsOf(`${HEAD}${pair.replace('direction: DST', 'direction: DST, syncLevel: 0')}`),
    ).toEqual([]);
    expect(
      warningsOf(`${HEAD}${pair.replace('direction: SRC', 'direction: SRC, syncLevel: 1')}`),
    ).toEqual([]);
  });
});

test('everything wrong is listed at once, in the order of the file', () => {
  const { problems } = checkConfig({
    file: '/etc/c.yaml',
    text: `
port: 70000
facilities:
  - name: A
    name: B
    collection: no
    direction: dst
    sourcePath: "{{ .Nope }}"
    destinationPath: "/x/{{ .Pid }}"
  - name: A
    acessPath: x
task:
  pollInterval: -5
`,
    variables: {},
    platform: 'linux',
    secrets: {
      kind: 'incomplete',
      problems: [
        {
          file: 'environment',
          line: undefined,
          column: undefined,
          path: 'GLOBUS_CLIENT_ID',
          message: 'is not set',
          severity: 'error',
        },
      ],
    },
  });
  expect(
    errorsAmong(problems).map(({ line, path }) => `${line?.toString() ?? '-'} ${path}`),
  ).toEqual([
    '2 scicatUrl',
    '2 dataDir',
    '2 port',
    '5 facilities[0].name',
    '6 facilities[0].collection',
    '7 facilities[0].direction',
    '8 facilities[0].sourcePath',
    '10 facilities[1].collection',
    '10 facilities[1].name',
    '11 facilities[1].acessPath',
    '13 task.pollInterval',
    '- GLOBUS_CLIENT_ID',
  ]);
});

test('a second document is refused with a clear message', () => {
  expect(errorsOf(`${HEAD}---\n${HEAD}`)).toEqual([
    '3: YAML syntax: starts a second document, but only one is allowed; remove this line and everything that does not belong here',
  ]);
});

test('YAML syntax errors are reported alone, because the rest is unreliable', () => {
  expect(errorsOf('port: [1\nwrong: "\n').every((line) => line.includes('YAML syntax'))).toBe(true);
});
