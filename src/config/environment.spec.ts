import { describe, expect, test } from '@jest/globals';
import {
  allVariables,
  defaultDataDir,
  parseDotEnv,
  problemsOfSecrets,
  readSecrets,
  type Variables,
} from './environment.js';
import { dotEnvLines } from './dot-env.js';
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
  '/run/breaks': 'a\n\n',
  '/run/lines': 'first-hunter2\nsecond\n',
  '/run/bom': '\uFEFFfrom file\n',
  '/run/blank': '  \n',
  '/run/quoted': '"hunter2"\n',
  '/run/colored': '\u001b[31mhunter2\n',
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
    const env = { ...COMPLETE, GLOBUS_CLIENT_SECRET: '', GLOBUS_CLIENT_SECRET_FILE: '/run/breaks' };
    expect(outcome(env)).toEqual(['id', 'a', 'user', 's2']);
  });

  test.each(['s1\n', 's1\r\n', '\uFEFFs1', '\uFEFFs1\n'])(
    'a line break at the end and a byte order mark do not belong to a variable either: %j',
    (value) => {
      expect(outcome({ ...COMPLETE, GLOBUS_CLIENT_SECRET: value })).toEqual([
        'id',
        's1',
        'user',
        's2',
      ]);
    },
  );

  test('a byte order mark does not belong to the secret in a file', () => {
    const env = { ...COMPLETE, GLOBUS_CLIENT_SECRET: '', GLOBUS_CLIENT_SECRET_FILE: '/run/bom' };
    expect(outcome(env)).toEqual(['id', 'from file', 'user', 's2']);
  });

  const LINES = 'has several lines, but must be a single line; keep only the line with the value';
  const CONTROL = 'contains a control character, such as a tab or a color code; remove it';

  test.each([
    ['hunter2\nsecond', LINES],
    ['hunter2\rsecond', LINES],
    ['hunter2\tx', CONTROL],
    ['hunter2\u0000', CONTROL],
    ['\u001b[31mhunter2\u001b[0m', CONTROL],
    ['   ', 'contains only spaces'],
    ['\u00a0', 'contains only spaces'],
    ['\n', 'contains only spaces'],
    ['"hunter2"', 'is in quotes ("…"), which count as part of the value; remove them'],
    ["'hunter2'", "is in quotes ('…'), which count as part of the value; remove them"],
    ['“hunter2”', 'is in quotes (“…”), which count as part of the value; remove them'],
    ['„hunter2“', 'is in quotes („…“), which count as part of the value; remove them'],
    ['‘hunter2’', 'is in quotes (‘…’), which count as part of the value; remove them'],
  ])('the variable %j is refused by its name, and never shown', (value, fault) => {
    for (const name of Object.keys(COMPLETE)) {
      expect(outcome({ ...COMPLETE, [name]: value })).toEqual([`environment: ${name}: ${fault}`]);
    }
  });

  test.each(['"', '"x', "x'", 'a"b"c', ' x ', '#', 'pass word', '"a\'', 'ü', '{}', '$A'])(
    'any other value is taken as it is: %j',
    (value) => {
      expect(outcome({ ...COMPLETE, GLOBUS_CLIENT_SECRET: value })).toEqual([
        'id',
        value,
        'user',
        's2',
      ]);
    },
  );

  test.each([
    ['/run/lines', LINES],
    ['/run/blank', 'contains only spaces'],
    ['/run/quoted', 'is in quotes ("…"), which count as part of the value; remove them'],
    ['/run/colored', CONTROL],
  ])('the file %s is refused in the same way', (file, fault) => {
    const env = { ...COMPLETE, GLOBUS_CLIENT_SECRET: '', GLOBUS_CLIENT_SECRET_FILE: file };
    expect(outcome(env)).toEqual([
      `environment: GLOBUS_CLIENT_SECRET_FILE: names the file ${file}, which ${fault}`,
    ]);
  });

  test('quotes around the path of a file are not part of it', () => {
    const env = { ...COMPLETE, GLOBUS_CLIENT_ID: '', GLOBUS_CLIENT_ID_FILE: '"/run/secret"' };
    expect(outcome(env)).toEqual([
      'environment: GLOBUS_CLIENT_ID_FILE: is in quotes ("…"), which count as part of the value; remove them',
    ]);
    expect(outcome({ ...env, GLOBUS_CLIENT_ID_FILE: '/run/secret\n' })).toContain('from file');
  });

  test('example values that were left in place are warned of', () => {
    const result = readSecrets(
      {
        process: { ...COMPLETE, GLOBUS_CLIENT_SECRET: 'the-secret-of-the-Globus-client' },
        dotEnv: undefined,
      },
      () => '',
    );
    expect(problemsOfSecrets(result).map(formatProblem)).toEqual([
      'environment: GLOBUS_CLIENT_SECRET: has the example value of .env.example, with which no login succeeds; replace it with your own',
    ]);
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

  test('may begin with a byte order mark, as files of Windows do', () => {
    expect({ ...parseDotEnv('\uFEFFA=1\r\nB=2\r\n') }).toEqual({ A: '1', B: '2' });
  });

  const doubts = (text: string): readonly string[] =>
    dotEnvLines(text, parseDotEnv(text), '.env').problems.map(formatProblem);
  const CUT =
    'is cut at an unquoted "#", which begins a comment here; put the whole value in quotes (or put a space before a "#" that does begin a comment)';

  test.each([
    ['SCICAT_SERVICE_USER_PASSWORD=hunter#2', `.env:1: SCICAT_SERVICE_USER_PASSWORD: ${CUT}`],
    ['# x\n\nexport A = hun#ter#2', `.env:3: A: ${CUT}`],
    ['A=#hunter2', `.env:1: A: ${CUT}`],
    [
      'A="hunter2',
      '.env:1: A: begins with a quotation mark (") that is not closed, which counts as part of the value; close it, or put the whole value in other quotes',
    ],
    [
      'A="hun"ter2"',
      '.env:1: A: ends at its second quotation mark ("), and what follows is ignored; use quotes that the value does not contain',
    ],
    [
      'GLOBUS_CLIENT_ID: hunter2',
      '.env:1: GLOBUS_CLIENT_ID: has no effect in this form; write "GLOBUS_CLIENT_ID=…"',
    ],
  ])('a value that is cut is said, without the value: %j', (text, problem) => {
    expect(doubts(text)).toEqual([problem]);
    expect(problem).not.toContain('hunter2');
  });

  test.each([
    'A=1 # a comment',
    'A="hunter#2"',
    "A='hunter#2' # a comment",
    'A="x"#y',
    '# A=x#y',
    'A=',
    'A=""',
    'A="several\nlines"',
    'A="first\nsecond#x"',
  ])('other values are not doubted: %j', (text) => {
    expect(doubts(text)).toEqual([]);
  });

  test('problems in it name the line', () => {
    const text = '# my secrets\nGLOBUS_CLIENT_ID=" "\n';
    const variables = parseDotEnv(text);
    const { lines } = dotEnvLines(text, variables, '/app/.env');
    const dotEnv = { file: '/app/.env', variables, lines };
    const result = readSecrets(
      { process: { ...COMPLETE, GLOBUS_CLIENT_ID: '' }, dotEnv },
      () => '',
    );
    expect(problemsOfSecrets(result).map(formatProblem)).toEqual([
      '/app/.env:2: GLOBUS_CLIENT_ID: contains only spaces',
    ]);
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
