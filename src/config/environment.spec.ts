import { describe, expect, test } from '@jest/globals';
import {
  allVariables,
  defaultDataDir,
  parseDotEnv,
  readSecrets,
  type Variables,
} from './environment.js';
import { formatProblem } from './problem.js';

const COMPLETE = {
  GLOBUS_CLIENT_ID: 'id',
  GLOBUS_CLIENT_SECRET: 's1',
  SCICAT_SERVICE_USER_USERNAME: 'user',
  SCICAT_SERVICE_USER_PASSWORD: 's2',
};
const FILES: Readonly<Record<string, string>> = {
  '/run/secret': 'from file\r\n',
  '/run/empty': '\n',
  '/run/lines': 'a\nb\n\n',
};

function outcome(process: Variables, dotEnv?: Variables): unknown {
  const result = readSecrets(
    { process, dotEnv: dotEnv && { file: '/app/.env', variables: dotEnv } },
    (path) => {
      const text = FILES[path];
      if (text === undefined) throw Object.assign(new Error('x'), { code: 'ENOENT' });
      return text;
    },
  );
  if (result.kind === 'incomplete') return result.problems.map(formatProblem);
  const { globusClientId, globusClientSecret, scicatServiceUser, scicatUpdateUser } =
    result.secrets;
  return [
    globusClientId,
    globusClientSecret.reveal(),
    scicatServiceUser.username,
    scicatServiceUser.password.reveal(),
    ...(scicatUpdateUser === undefined
      ? []
      : [scicatUpdateUser.username, scicatUpdateUser.password.reveal()]),
  ];
}

describe('secrets', () => {
  test('are read from variables', () => {
    expect(outcome(COMPLETE)).toEqual(['id', 's1', 'user', 's2']);
  });

  test.each(Object.keys(COMPLETE))(
    '%s is read from a file, without its last line break',
    (name) => {
      const env = { ...COMPLETE, [name]: undefined, [`${name}_FILE`]: '/run/secret' };
      const expected = Object.entries(COMPLETE).map(([key, value]) =>
        key === name ? 'from file' : value,
      );
      expect(outcome(env)).toEqual(expected);
    },
  );

  test('only trailing line breaks are removed', () => {
    const env = { ...COMPLETE, GLOBUS_CLIENT_SECRET: '', GLOBUS_CLIENT_SECRET_FILE: '/run/lines' };
    expect(outcome(env)).toEqual(['id', 'a\nb', 'user', 's2']);
  });

  test('the update user is optional, but must be complete', () => {
    expect(
      outcome({
        ...COMPLETE,
        SCICAT_UPDATE_USER_USERNAME: 'u',
        SCICAT_UPDATE_USER_PASSWORD_FILE: '/run/secret',
      }),
    ).toEqual(['id', 's1', 'user', 's2', 'u', 'from file']);
    expect(outcome({ ...COMPLETE, SCICAT_UPDATE_USER_PASSWORD: 'very secret' })).toEqual([
      'environment: SCICAT_UPDATE_USER_USERNAME: is not set, but SCICAT_UPDATE_USER_PASSWORD is; set both, or neither',
    ]);
  });

  test('everything missing or wrong is reported at once, without any value', () => {
    expect(
      outcome({
        GLOBUS_CLIENT_ID: 'very secret',
        GLOBUS_CLIENT_ID_FILE: '/run/secret',
        GLOBUS_CLIENT_SECRET_FILE: '/run/missing',
        SCICAT_SERVICE_USER_USERNAME_FILE: '/run/empty',
      }),
    ).toEqual([
      'environment: GLOBUS_CLIENT_ID: is set, and so is GLOBUS_CLIENT_ID_FILE; set only one of them',
      "environment: GLOBUS_CLIENT_SECRET_FILE: names the file /run/missing, which can't be read (ENOENT); it must exist and be readable by the user that runs the service",
      'environment: SCICAT_SERVICE_USER_USERNAME_FILE: names the file /run/empty, which is empty',
      "environment: SCICAT_SERVICE_USER_PASSWORD: is not set; it must hold the SciCat service account's password (or set SCICAT_SERVICE_USER_PASSWORD_FILE to the path of a file that holds it)",
    ]);
  });
});

describe('.env', () => {
  test('adds to the variables of the process, which win', () => {
    const dotEnv = { ...COMPLETE, GLOBUS_CLIENT_ID: 'other' };
    expect(outcome({ GLOBUS_CLIENT_ID: 'mine', SCICAT_SERVICE_USER_USERNAME: '' }, dotEnv)).toEqual(
      ['mine', 's1', 'user', 's2'],
    );
  });

  test('a mounted secret of the process wins over a value in .env without a conflict', () => {
    expect(outcome({ GLOBUS_CLIENT_SECRET_FILE: '/run/secret' }, COMPLETE)).toEqual([
      'id',
      'from file',
      'user',
      's2',
    ]);
  });

  test('problems in it name the file', () => {
    expect(outcome({}, { ...COMPLETE, GLOBUS_CLIENT_ID_FILE: '/run/secret' })).toEqual([
      '/app/.env: GLOBUS_CLIENT_ID: is set, and so is GLOBUS_CLIENT_ID_FILE; set only one of them',
    ]);
  });

  test('may use quotes, comments and "export"', () => {
    expect({ ...parseDotEnv('# x\nA=1 # y\nexport B="x # y"\nC=\'$A\'\n') }).toEqual({
      A: '1',
      B: 'x # y',
      C: '$A',
    });
  });

  test('an empty variable of the process does not hide a variable in .env', () => {
    expect(
      allVariables({
        process: { A: '', B: 'b' },
        dotEnv: { file: 'f', variables: { A: 'a', B: 'x' } },
      }),
    ).toEqual({ A: 'a', B: 'b' });
  });
});

describe('the default data folder', () => {
  test.each([
    [{ XDG_STATE_HOME: '/state', HOME: '/h' }, '/state/scicat-globus-proxy'],
    [{ XDG_STATE_HOME: 'relative', HOME: '/h' }, '/h/.local/state/scicat-globus-proxy'],
    [{ HOME: '/h' }, '/h/.local/state/scicat-globus-proxy'],
    [{}, undefined],
  ])('with %j', (variables, expected) => {
    expect(defaultDataDir(variables, 'linux')).toBe(expected);
  });

  test('is in the user profile on Windows', () => {
    expect(defaultDataDir({ USERPROFILE: 'C:\\Users\\me' }, 'win32')).toBe(
      'C:\\Users\\me\\.local\\state\\scicat-globus-proxy',
    );
  });
});
