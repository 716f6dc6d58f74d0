import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { CleanUp } from '../../sandbox/world/clean-up.js';
import { startWorld } from '../../sandbox/world/world.js';
import { ConfigurationError } from './problem.js';
import { loadConfig, LOCAL_FILES, readConfig, type ConfigOptions } from './load-config.js';
import { FOLDER, UnusableFileError } from './read-text-file.js';
import { settingsOf } from './define-setting.js';
import { formatProblem, type Problem } from './problem.js';
import { FacilitySettings } from './facility-settings.js';
import { FileSettings } from './service-settings.js';

const TOP = fileURLToPath(new URL('../../', import.meta.url));
const ENVIRONMENT = {
  GLOBUS_CLIENT_ID: 'client',
  GLOBUS_CLIENT_SECRET: 'globus-secret',
  SCICAT_SERVICE_USER_USERNAME: 'proxy',
  SCICAT_SERVICE_USER_PASSWORD: 'scicat-secret',
  HOME: '/home/proxy',
};
const MINIMAL = `
scicatUrl: https://scicat.example.org
port: 8080
facilities:
  - name: A
    collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
`;
const FILE = '/app/scicat-globus-proxy-config.yaml';

function input(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = ENVIRONMENT,
): ConfigOptions {
  return {
    argv: [],
    env,
    platform: 'linux',
    applicationFolder: '/app',
    workingFolder: '/started-in',
    files: {
      exists: (path) => path in files,
      read: (path) => {
        const text = files[path];
        if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
        return text;
      },
    },
  };
}

const fail = (error: Error): never => {
  throw error;
};
const problemsOf = (given: ConfigOptions): readonly string[] =>
  readConfig(given)
    .problems.filter((problem) => problem.severity === 'error')
    .map(formatProblem);

test("the sandbox's own configuration is not warned of as an example", async () => {
  const cleanUp = new CleanUp();
  try {
    const file = (await startWorld(cleanUp)).writeConfig(4711);
    const { problems } = readConfig({ ...input({}), file, files: LOCAL_FILES });
    expect(problems.map(formatProblem)).toEqual([
      expect.stringContaining('transfer.syncLevel: is not set'),
    ]);
  } finally {
    await cleanUp.run();
  }
});

describe('a loaded configuration', () => {
  test('a minimal file gets every default', () => {
    const { config } = loadConfig(input({ [FILE]: MINIMAL }));
    const [facility, ...others] = config.facilities;
    expect(others).toEqual([]);
    expect({
      ...config,
      facilities: undefined,
      secrets: {
        ...config.secrets,
        globusClientSecret: config.secrets.globusClientSecret.reveal(),
        scicatServiceUser: {
          username: config.secrets.scicatServiceUser.username,
          password: config.secrets.scicatServiceUser.password.reveal(),
        },
      },
    }).toEqual({
      scicatUrl: 'https://scicat.example.org',
      port: 8080,
      task: {
        maxConcurrency: 10,
        queueSize: 10_000,
        pollIntervalSeconds: 10,
        stallTimeoutSeconds: 86_400,
        maxPending: 80,
        maxStuckPerUser: 20,
        maxWaitingPerUser: 2500,
        maxWaitingPerGroup: 5000,
        shares: {},
        maxWaitHours: 72,
        smallTransferGiB: 0,
        progressWritesPerSecond: 20,
      },
      scicat: { formerServiceUsers: [], statusCodes: 'numbers', operatorGroups: [] },
      server: {
        host: '0.0.0.0',
        trustProxy: false,
        maxBodyMiB: 128,
        maxListEntries: 1_000_000,
        maxFailedLoginsPerMinute: 30,
        adminPort: undefined,
        adminHost: undefined,
        maxConnections: 2000,
        maxConnectionsPerAddress: 500,
        maxPipelinedRequests: 8,
        maxRequests: 256,
        maxRequestsPerUser: 32,
        maxWaitingRequests: 1500,
        maxWaitingRequestsPerUser: 400,
        maxBodiesMiB: 128,
        maxBodiesPerUserMiB: 48,
        smallBodiesMiB: 16,
        maxBodySeconds: 240,
        hstsIncludeSubDomains: false,
      },
      spool: { maxMiB: 768, maxMiBPerUser: 256 },
      watch: false,
      transfer: {
        verifyChecksum: true,
        preserveTimestamp: false,
        encryptData: false,
        syncLevel: undefined,
        fileList: 'leaves',
        deadlineHours: undefined,
      },
      globus: {
        authUrl: 'https://auth.globus.org',
        transferUrl: 'https://transfer.api.globus.org/v0.10',
      },
      dataDir: '/home/proxy/.local/state/scicat-globus-proxy',
      secrets: {
        globusClientId: 'client',
        globusClientSecret: 'globus-secret',
        scicatServiceUser: { username: 'proxy', password: 'scicat-secret' },
      },
      source: { file: FILE },
    });
    expect({
      ...facility,
      sourcePath: facility?.sourcePath.source,
      destinationPath: facility?.destinationPath.source,
    }).toEqual({
      name: 'A',
      collection: '6c54cade-bde5-45c1-bdea-f4bd71dba2cc',
      direction: 'BOTH',
      scopes: [
        'urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/6c54cade-bde5-45c1-bdea-f4bd71dba2cc/data_access]',
      ],
      accessPath: 'profile.accessGroups',
      accessValue: 'A',
      sourcePath: '/{{ .RelativeSourceFolder }}',
      destinationPath: '/{{ .RelativeSourceFolder }}',
      symlinks: 'keep',
      finalize: 'archive',
    });
  });

  test('is deeply frozen, so that a snapshot never changes', () => {
    const { config } = loadConfig(input({ [FILE]: MINIMAL }));
    const unfrozen: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null || path.endsWith('Path')) return;
      if (!Object.isFrozen(value) && value.constructor.name !== 'Secret') unfrozen.push(path);
      for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`);
    };
    visit(config, 'config');
    expect(unfrozen).toEqual([]);
  });

  test('shows no secret however it is printed', () => {
    const { config } = loadConfig(
      input(
        { [FILE]: MINIMAL },
        {
          ...ENVIRONMENT,
          SCICAT_UPDATE_USER_USERNAME: 'u',
          SCICAT_UPDATE_USER_PASSWORD: 'upd-secret',
        },
      ),
    );
    const prints = [
      JSON.stringify(config),
      inspect(config, { depth: null, showHidden: true }),
      String(config.secrets.globusClientSecret),
      JSON.stringify(structuredClone({ secrets: { ...config.secrets } })),
    ].join('\n');
    expect(prints).toContain('[hidden]');
    expect(prints).not.toMatch(/globus-secret|scicat-secret|upd-secret/);
    expect(config.secrets.scicatUpdateUser?.password.reveal()).toBe('upd-secret');
  });

  test.each([
    'https://scicat.example.org',
    'https://scicat.example.org/',
    'https://scicat.example.org//',
  ])('scicatUrl %p, with and without a trailing slash', (url) => {
    const text = MINIMAL.replace('https://scicat.example.org', url);
    expect(loadConfig(input({ [FILE]: text })).config.scicatUrl).toBe('https://scicat.example.org');
  });
});

describe('the files that come with the project', () => {
  const given = (env: Readonly<Record<string, string>>, files = LOCAL_FILES): ConfigOptions => ({
    argv: ['--config', `${TOP}scicat-globus-proxy-config.example.yaml`],
    env: { HOME: '/home/proxy', ...env },
    platform: 'linux',
    applicationFolder: '/nowhere',
    workingFolder: '/nowhere',
    files,
  });

  /** That its values are those of an example is said of it, too. */
  const otherWarnings = (warnings: readonly Problem[]): readonly Problem[] =>
    warnings.filter(({ message }) => !message.startsWith('is still an example value'));

  test('the example file loads without a warning and with the values it shows', () => {
    const { config, warnings } = loadConfig(given(ENVIRONMENT));
    expect(otherWarnings(warnings)).toEqual([]);
    expect(warnings.map(({ path }) => path)).toEqual([
      'scicatUrl',
      'facilities[0].collection',
      'facilities[1].collection',
      'facilities[2].collection',
    ]);
    expect(config.task).toEqual({
      maxConcurrency: 10,
      queueSize: 100,
      pollIntervalSeconds: 10,
      stallTimeoutSeconds: 86_400,
      maxPending: 80,
      maxStuckPerUser: 20,
      maxWaitingPerUser: 2500,
      maxWaitingPerGroup: 5000,
      shares: {},
      maxWaitHours: 72,
      smallTransferGiB: 0,
      progressWritesPerSecond: 20,
    });
    expect(
      config.facilities.map(({ name, direction, accessPath, accessValue }) => ({
        name,
        direction,
        accessPath,
        accessValue,
      })),
    ).toEqual([
      {
        name: 'BEAMLINE',
        direction: 'SRC',
        accessPath: 'profile.accessGroups',
        accessValue: 'BEAMLINE',
      },
      {
        name: 'ARCHIVE',
        direction: 'DST',
        accessPath: 'profile.accessGroups',
        accessValue: 'ARCHIVE-users',
      },
      {
        name: 'INSTITUTE',
        direction: 'BOTH',
        accessPath: 'profile.oidcClaims.facilities',
        accessValue: 'institute',
      },
    ]);
  });

  test('settings commented out in the example are the defaults', () => {
    const example = readFileSync(`${TOP}scicat-globus-proxy-config.example.yaml`, 'utf8');
    // These have no value that means "default".
    const uncommented = example
      .replace(/^\s*# (syncLevel|deadlineHours|dataDir|adminPort|adminHost):.*$/gm, '')
      .replace(/^(\s*)# (\w+: [^#]*)$/gm, '$1$2');
    expect(uncommented).not.toBe(example);
    const { config } = loadConfig(
      given(ENVIRONMENT, { exists: (path) => !path.endsWith('.env'), read: () => uncommented }),
    );
    const plain = loadConfig(given(ENVIRONMENT)).config;
    expect(JSON.parse(JSON.stringify({ ...config, facilities: [] }))).toEqual(
      JSON.parse(JSON.stringify({ ...plain, facilities: [] })),
    );
  });

  test('the example file and the documentation cover every setting', () => {
    const example = readFileSync(`${TOP}scicat-globus-proxy-config.example.yaml`, 'utf8');
    const documentation = readFileSync(`${TOP}docs/configuration.md`, 'utf8');
    const settings = settingsOf(FileSettings)
      .flatMap(({ section, ...setting }) => (section === undefined ? setting : settingsOf(section)))
      .concat(settingsOf(FacilitySettings))
      .map(({ key }) => key)
      .filter((key) => key !== 'facilities');
    expect(settings.length).toBeGreaterThan(30);
    expect(settings.filter((name) => !example.includes(`${name}:`))).toEqual([]);
    expect(settings.filter((name) => !documentation.includes(name))).toEqual([]);
  });

  test('.env.example completes a configuration', () => {
    const dotEnv = readFileSync(`${TOP}.env.example`, 'utf8');
    const { config } = loadConfig(input({ [FILE]: MINIMAL, '/app/.env': dotEnv }, { HOME: '/h' }));
    expect(config.secrets.globusClientId).toBe('00000000-0000-0000-0000-000000000000');
    expect(config.secrets.scicatServiceUser.username).toBe('globus-proxy');
    expect(config.secrets.scicatUpdateUser).toBeUndefined();
  });

  test("the documentation's first file loads without a warning", () => {
    const text = readFileSync(`${TOP}docs/configuration.md`, 'utf8');
    const example = /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    const { config, warnings } = loadConfig(input({ [FILE]: example }));
    expect(otherWarnings(warnings)).toEqual([]);
    expect(config.facilities.map((facility) => facility.name)).toEqual(['BEAMLINE', 'ARCHIVE']);
  });
});

test('every key of the Go version still works', () => {
  const text = `
common: &common
  accessPath: profile.accessGroups
  accessValue: example-group
scicatUrl: "http://backend.localhost/"
port: 8080
facilities:
  - <<: *common
    name: FULL
    collection: aaaa1111-22bb-cc44-dd5e-666667777777
    scopes:
      - "urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/{{.Collection}}/data_access]"
    direction: BOTH
    sourcePath: "/{{ .RelativeSourceFolder }}"
    destinationPath: "/archive/{{ .Pid }}/{{ .SourceFolder }}"
    collectionRootPath: "/"
  - Name: OLD-SPELLING
    Collection: bbbb2222-33cc-ff55-ee6e-777778888888
    Scopes: ["urn:globus:auth:scope:transfer.api.globus.org:all"]
task:
  maxConcurrency: 10
  queueSize: 100
  pollInterval: 10
`;
  const { config, warnings } = loadConfig(input({ [FILE]: text }));
  expect(config.facilities).toMatchObject([
    { name: 'FULL', accessValue: 'example-group', collectionRootPath: '/' },
    { name: 'OLD-SPELLING', accessValue: 'OLD-SPELLING' },
  ]);
  expect(config.task).toMatchObject({ queueSize: 100, pollIntervalSeconds: 10 });
  // What is dangerous in it is legal all the same.
  expect(warnings.map(({ path }) => path)).toEqual([
    'common',
    'transfer.syncLevel',
    'facilities[0].accessValue',
    'facilities[0].allowedSourceFolders',
    'facilities[0].collection',
    'facilities[1].allowedSourceFolders',
    'facilities[1].destinationPath',
    'facilities[1].collection',
  ]);
});

describe('what keeps a configuration from loading', () => {
  test('if no file is found, every searched path and every missing secret is reported', () => {
    expect(problemsOf(input({}, { HOME: '/home/proxy' }))).toEqual([
      'configuration: file: No configuration file was found; searched: /app/scicat-globus-proxy-config.yaml, /app/scicat-globus-proxy.config.yaml, /home/proxy/.config/scicat-globus-proxy/scicat-globus-proxy-config.yaml, /home/proxy/.config/scicat-globus-proxy/scicat-globus-proxy.config.yaml. Put one there, or name it with --config or SCICAT_GLOBUS_PROXY_CONFIG',
      'environment: GLOBUS_CLIENT_ID: is not set; it must hold the id of the Globus client (or set GLOBUS_CLIENT_ID_FILE to the path of a file that holds it)',
      "environment: GLOBUS_CLIENT_SECRET: is not set; it must hold the Globus client's secret (or set GLOBUS_CLIENT_SECRET_FILE to the path of a file that holds it)",
      "environment: SCICAT_SERVICE_USER_USERNAME: is not set; it must hold the SciCat service account's user name (or set SCICAT_SERVICE_USER_USERNAME_FILE to the path of a file that holds it)",
      "environment: SCICAT_SERVICE_USER_PASSWORD: is not set; it must hold the SciCat service account's password (or set SCICAT_SERVICE_USER_PASSWORD_FILE to the path of a file that holds it)",
    ]);
  });

  test('the error lists the problems of file and environment, one per line', () => {
    const load = (): unknown =>
      loadConfig(
        input({ [FILE]: MINIMAL.replace('8080', '0') }, { ...ENVIRONMENT, GLOBUS_CLIENT_ID: '' }),
      );
    expect(load).toThrow(ConfigurationError);
    expect(load).toThrow(
      [
        'The configuration has 2 problems:',
        '/app/scicat-globus-proxy-config.yaml:3: port: is 0; it must be a whole number between 1 and 65535',
        'environment: GLOBUS_CLIENT_ID: is not set; it must hold the id of the Globus client (or set GLOBUS_CLIENT_ID_FILE to the path of a file that holds it)',
      ].join('\n'),
    );
  });

  test('an unreadable file', () => {
    const given = input({ [FILE]: MINIMAL });
    const unreadable = {
      exists: () => true,
      read: (path: string) => {
        throw Object.assign(new Error(`EACCES ${path} content`), { code: 'EACCES' });
      },
    };
    expect(problemsOf({ ...given, files: unreadable })).toEqual([
      `${FILE}: file: can't be read (EACCES); the user that runs the service must be allowed to read it`,
      "/app/.env: file: can't be read (EACCES); make it readable, or remove it",
    ]);
  });

  test('an unreadable .env is an error even if it is not needed', () => {
    const given = input({ [FILE]: MINIMAL });
    const files = {
      exists: (path: string) => [FILE, '/app/.env'].includes(path),
      read: (path: string) => given.files?.read(path, 'settings') ?? '',
    };
    expect(readConfig({ ...given, files })).toMatchObject({ config: undefined });
    expect(problemsOf({ ...given, files })).toEqual([
      "/app/.env: file: can't be read (ENOENT); make it readable, or remove it",
    ]);
  });

  describe('as Docker and editors leave files', () => {
    const folder = new UnusableFileError(FOLDER);
    const withDotEnv = (env: Readonly<Record<string, string>>, error: Error): ConfigOptions => ({
      ...input({}, env),
      files: {
        exists: (path) => [FILE, '/app/.env'].includes(path),
        read: (path) => {
          if (path === FILE) return MINIMAL;
          throw error;
        },
      },
    });

    test('a folder in place of .env is an error where it hides secrets, and the only one', () => {
      expect(problemsOf(withDotEnv({ HOME: '/h' }, folder))).toEqual([
        expect.stringMatching(/^\/app\/\.env: file: is a folder, not a file; /),
      ]);
    });

    test('a folder in place of .env is a warning where nothing is missing', () => {
      const { config, problems } = readConfig(withDotEnv(ENVIRONMENT, folder));
      expect(config).toBeDefined();
      expect(problems.filter(({ file }) => file === '/app/.env')).toMatchObject([
        { severity: 'warning', message: FOLDER },
      ]);
    });

    test('a faulty encoding names the line', () => {
      const error = new UnusableFileError('has a character …', 3);
      const given = { ...input({}), files: { exists: () => true, read: () => fail(error) } };
      expect(problemsOf(given).at(0)).toBe(`${FILE}:3: file: has a character …`);
    });

    test('a warning about a value that .env cuts does not keep the service from starting', () => {
      const text = Object.entries(ENVIRONMENT)
        .map(([name, value]) => `${name}=${value}${name === 'HOME' ? '' : '#x'}\n`)
        .join('');
      const { config, problems } = readConfig(
        input({ [FILE]: MINIMAL, '/app/.env': `\uFEFF${text}` }, {}),
      );
      expect(config?.secrets.globusClientId).toBe('client');
      expect(problems.filter(({ file }) => file === '/app/.env').map(formatProblem)).toEqual(
        ['GLOBUS_CLIENT_ID', 'GLOBUS_CLIENT_SECRET', 'SCICAT_SERVICE_USER_USERNAME']
          .map((name, index) =>
            expect.stringMatching(`^/app/.env:${index + 1}: ${name}: is cut at`),
          )
          .concat(expect.stringMatching('^/app/.env:4: SCICAT_SERVICE_USER_PASSWORD: is cut at')),
      );
    });

    test.each([
      ['=#secret', '2: GLOBUS_CLIENT_SECRET: is cut at an unquoted "#"'],
      [': secret', '2: GLOBUS_CLIENT_SECRET: has no effect in this form'],
    ])('a secret written as %j in .env is one finding, an error', (written, start) => {
      const text = Object.entries(ENVIRONMENT)
        .map(([name, value]) =>
          name === 'GLOBUS_CLIENT_SECRET' ? `${name}${written}\n` : `${name}=${value}\n`,
        )
        .join('');
      const given = input({ [FILE]: MINIMAL, '/app/.env': text }, { HOME: '/h' });
      expect(problemsOf(given)).toEqual([expect.stringMatching(`^/app/.env:${start}`)]);
    });

    test('a secret with a character that nobody sees is named', () => {
      const env = { ...ENVIRONMENT, GLOBUS_CLIENT_SECRET: 'ab\u200bc' };
      expect(problemsOf(input({ [FILE]: MINIMAL }, env))).toEqual([
        'environment: GLOBUS_CLIENT_SECRET: contains a zero-width space (U+200B), which came along when the value was copied; retype the value',
      ]);
    });

    test('the files of this machine: a folder, and a path that leads nowhere', () => {
      expect(problemsOf({ ...input({}), file: TOP, files: LOCAL_FILES }).at(0)).toMatch(
        /: file: is a folder, not a file; /,
      );
      expect(problemsOf({ ...input({}), file: `${TOP}nope`, files: LOCAL_FILES }).at(0)).toMatch(
        / does not exist$/,
      );
    });
  });

  test('a relative path of a secret is resolved against the working folder', () => {
    const env = {
      ...ENVIRONMENT,
      GLOBUS_CLIENT_SECRET: '',
      GLOBUS_CLIENT_SECRET_FILE: 'secrets/x',
    };
    const { config } = loadConfig(
      input({ [FILE]: MINIMAL, '/started-in/secrets/x': 'mounted\n' }, env),
    );
    expect(config.secrets.globusClientSecret.reveal()).toBe('mounted');
  });

  test('a byte order mark does not shift columns', () => {
    const { problems } = readConfig(input({ [FILE]: '\uFEFFport: 0\n' }));
    expect(problems.find(({ path }) => path === 'port')).toMatchObject({ line: 1, column: 7 });
  });

  test('a named file that does not exist has no fallback', () => {
    expect(problemsOf({ ...input({ [FILE]: MINIMAL }), argv: ['--config', 'other.yaml'] })).toEqual(
      [
        'configuration: file: The file /started-in/other.yaml, specified by --config, does not exist',
      ],
    );
  });

  test('dataDir has no default without a home folder', () => {
    expect(problemsOf(input({ [FILE]: MINIMAL }, { ...ENVIRONMENT, HOME: '' }))).toEqual([
      `${FILE}:2: dataDir: is missing, and without a home folder (HOME) there is no default; it must be the path of a folder that survives a restart`,
    ]);
  });
});
