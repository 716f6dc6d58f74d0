import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { memoryTerminal } from '../../../test/support/memory-terminal.js';
import type { ConfigFiles } from '../../config/load-config.js';
import { runCli } from '../common/program.js';
import type { Terminal } from '../common/terminal.js';
import { checkConfigCommand } from './check-config.command.js';

const SECRETS = {
  GLOBUS_CLIENT_ID: 'client',
  GLOBUS_CLIENT_SECRET: 'globus-hunter2',
  SCICAT_SERVICE_USER_USERNAME: 'proxy',
  SCICAT_SERVICE_USER_PASSWORD: 'scicat-hunter2',
};
const GOOD = `
scicatUrl: https://scicat.test/
port: 8080
dataDir: data
transfer: { syncLevel: 3 }
facilities:
  - name: A
    collection: 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f
    collectionRootPath: /data
    allowedSourceFolders: ["/data/{{ .OwnerGroup }}"]
    destinationPath: "/in/{{ .Pid }}"
`;
const BROKEN = GOOD.replace('port: 8080', 'port: 80800').replace('transfer', 'transfr');
const FILES: Readonly<Record<string, string>> = {
  '/etc/proxy/good.yaml': GOOD,
  '/etc/proxy/broken.yaml': BROKEN,
  '/etc/proxy/warned.yaml': GOOD.replace('/in/{{ .Pid }}', '/in'),
  '/etc/proxy/hostile.yaml': `${GOOD}"\\e[2Jpaints": 1\n`,
  '/etc/other/good.yaml': GOOD,
};

async function run(argv: readonly string[], parts: Partial<Terminal> = {}) {
  const files: ConfigFiles = {
    exists: (path) => path in FILES,
    read: (path) => FILES[path] ?? '',
  };
  const terminal = memoryTerminal({
    workingFolder: '/etc/proxy',
    env: { HOME: '/home/me', ...SECRETS },
    ...parts,
  });
  const code = await runCli(['check-config', ...argv], terminal, [checkConfigCommand(files)]);
  return { code, ...terminal.written };
}

const MISSING_SECRETS = Object.keys(SECRETS).map((name) =>
  expect.stringMatching(new RegExp(`^environment: error: ${name}: is not set; it must hold .`)),
);

describe('check-config', () => {
  it('prints one line for a valid file', async () => {
    expect(await run(['good.yaml'])).toEqual({
      code: 0,
      out: 'good.yaml: valid, 1 facility\n',
      err: '',
    });
  });

  it('shows every problem with its location, line and suggestion; exit code 1', async () => {
    expect(await run(['broken.yaml'])).toEqual({
      code: 1,
      err: '',
      out: `\
broken.yaml:3:7: error: port: is 80800; it must be a whole number between 1 and 65535
  3 | port: 80800
    |       ^

broken.yaml:5:1: warning: transfr: is not a known setting and has no effect; if it only holds YAML anchors, start its name with "x-"
  5 | transfr: { syncLevel: 3 }
    | ^ did you mean "transfer"?

broken.yaml: 1 error, 1 warning
`,
    });
  });

  it('exits with 0 if there are only warnings', async () => {
    const { code, out } = await run(['warned.yaml']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^warned\.yaml:11:22: warning: .*\n\nwarned\.yaml: no errors, 1 warning\n$/s,
    );
  });

  it('finds the file as the service does', async () => {
    expect((await run(['--config', '/etc/other/good.yaml'])).out).toBe(
      '/etc/other/good.yaml: valid, 1 facility\n',
    );
    const env = { HOME: '/h', ...SECRETS, SCICAT_GLOBUS_PROXY_CONFIG: '/etc/other/good.yaml' };
    expect((await run([], { env })).code).toBe(0);
    // What is written behind the command is meant, whatever is set.
    expect((await run(['broken.yaml'], { env })).code).toBe(1);
  });

  it('reports a missing file, and that no file was found', async () => {
    expect(await run(['no.yaml'])).toEqual({
      code: 1,
      out: "configuration: error: file: The file /etc/proxy/no.yaml, specified by the command's argument, does not exist\n\n1 error\n",
      err: '',
    });
    const { code, out } = await run([]);
    expect([code, out]).toEqual([1, expect.stringContaining('No configuration file was found')]);
  });

  it('exits with 2 after a usage error', async () => {
    expect(await run(['good.yaml', '--config', 'broken.yaml'])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('given twice'),
    });
    expect(await run(['good.yaml', 'broken.yaml'])).toMatchObject({ code: 2, out: '' });
  });

  it('reports missing secrets as the service does at its start', async () => {
    const { code, out } = await run(['good.yaml'], { env: { HOME: '/h' } });
    expect(code).toBe(1);
    expect(out.trimEnd().split('\n\n')).toEqual([
      ...MISSING_SECRETS,
      'good.yaml: 4 errors; no errors in the file itself (use --no-secrets to check only the file)',
    ]);
  });

  it('checks the file alone with --no-secrets', async () => {
    const alone = { env: { HOME: '/h', GLOBUS_CLIENT_SECRET_FILE: '/nowhere' } };
    expect(await run(['--no-secrets', 'good.yaml'], alone)).toMatchObject({ code: 0, err: '' });
    expect(await run(['--no-secrets', 'broken.yaml'], alone)).toMatchObject({ code: 1 });
  });

  it('prints no control characters of a file', async () => {
    const { out } = await run(['hostile.yaml']);
    expect(out).toContain('warning: \uFFFD[2Jpaints: is not a known setting');
    expect(out).not.toContain('\u001b');
  });

  it('uses colours on a terminal only', async () => {
    const plain = await run(['broken.yaml']);
    const painted = await run(['broken.yaml'], { colours: true });
    expect(plain.out).not.toContain('\u001b');
    expect(painted.out).toContain('\u001b[');
    expect(painted.out.replace(/\u001b\[\d+m/g, '')).toBe(plain.out);
  });
});

describe('check-config --print', () => {
  it('prints an equivalent file with all defaults, without secrets', async () => {
    const first = await run(['--print', 'good.yaml']);
    expect([first.code, first.err]).toEqual([0, 'good.yaml: valid, 1 facility\n']);
    expect(first.out).not.toContain('hunter2');
    expect(first.out).toContain('#   GLOBUS_CLIENT_SECRET: set\n');
    expect(first.out).toContain('#   SCICAT_UPDATE_USER_PASSWORD: not set\n');

    const files = { exists: () => true, read: () => first.out };
    const terminal = memoryTerminal({ env: { HOME: '/h', ...SECRETS } });
    const argv = ['check-config', '--print', '/etc/proxy/printed.yaml'];
    await runCli(argv, terminal, [checkConfigCommand(files)]);
    expect(terminal.written.out).toBe(first.out);
    expect(parse(first.out)).toMatchObject({
      port: 8080,
      task: { maxConcurrency: 10 },
      transfer: { syncLevel: 3 },
      dataDir: '/etc/proxy/data',
    });
  });

  it('prints nothing of a broken file, nor secrets with --no-secrets', async () => {
    expect(await run(['--print', 'broken.yaml'])).toMatchObject({ code: 1, out: '' });
    const { out } = await run(['--print', '--no-secrets', 'good.yaml']);
    expect(out).not.toContain('GLOBUS_CLIENT_SECRET');
  });

  it('prints the file even if secrets are missing', async () => {
    const { code, out } = await run(['--print', 'good.yaml'], { env: { HOME: '/h' } });
    expect([code, out]).toEqual([1, expect.stringContaining('#   GLOBUS_CLIENT_ID: not set\n')]);
  });
});

describe('check-config --json', () => {
  const json = async (...argv: readonly string[]): Promise<unknown> => {
    const { out, err } = await run(['--json', ...argv]);
    expect(err).toBe('');
    return JSON.parse(out) as unknown;
  };

  it('always has the same shape', async () => {
    expect(await json('broken.yaml')).toEqual({
      file: '/etc/proxy/broken.yaml',
      ok: false,
      errors: 1,
      warnings: 1,
      problems: [
        {
          severity: 'error',
          file: '/etc/proxy/broken.yaml',
          line: 3,
          column: 7,
          path: 'port',
          message: 'is 80800; it must be a whole number between 1 and 65535',
          suggestion: null,
        },
        expect.objectContaining({ path: 'transfr', suggestion: 'did you mean "transfer"?' }),
      ],
    });
    expect(await json()).toMatchObject({
      file: null,
      ok: false,
      errors: 1,
      warnings: 0,
      problems: [{ file: 'configuration', line: null, column: null, suggestion: null }],
    });
    expect(await json('good.yaml')).toEqual({
      file: '/etc/proxy/good.yaml',
      ok: true,
      errors: 0,
      warnings: 0,
      problems: [],
    });
  });

  it('contains the configuration with --print, null for unset values, and no secrets', async () => {
    const { out } = await run(['--json', '--print', 'good.yaml']);
    expect(out).not.toContain('hunter2');
    expect(JSON.parse(out)).toMatchObject({
      config: {
        scicatUrl: 'https://scicat.test',
        transfer: { syncLevel: 3, deadlineHours: null },
        facilities: [{ name: 'A', accessValue: 'A', verifyChecksum: null }],
      },
      secrets: {
        GLOBUS_CLIENT_ID: true,
        GLOBUS_CLIENT_SECRET: true,
        SCICAT_SERVICE_USER_USERNAME: true,
        SCICAT_SERVICE_USER_PASSWORD: true,
        SCICAT_UPDATE_USER_USERNAME: false,
        SCICAT_UPDATE_USER_PASSWORD: false,
      },
    });
    expect(await json('--print', '--no-secrets', 'broken.yaml')).toMatchObject({
      config: null,
      secrets: null,
    });
  });
});
