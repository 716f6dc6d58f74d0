import { describe, expect, it, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { ConfigSnapshots } from '../../config/config-snapshots.js';
import { type ConfigReading, loadConfig, readConfig } from '../../config/load-config.js';
import type { Problem } from '../../config/problem.js';
import { createLogger } from '../../logging/logger.js';
import { ConfigReload } from './config-reload.js';

const ENV = {
  HOME: '/h',
  GLOBUS_CLIENT_ID: 'client',
  GLOBUS_CLIENT_SECRET: 'hunter1',
  SCICAT_SERVICE_USER_USERNAME: 'proxy',
  SCICAT_SERVICE_USER_PASSWORD: 'hunter2',
};
const FILE = `
scicatUrl: https://scicat.test
port: 8080
transfer: { syncLevel: 3 }
facilities:
  - name: A
    collection: 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f
    direction: DST
    destinationPath: /a/{{ .Pid }}
`;

/** A service whose file and variables can be changed. */
function service() {
  const state = { text: FILE as string | undefined, env: ENV as Record<string, string> };
  const input = () => ({
    file: '/c.yaml',
    argv: [],
    env: state.env,
    platform: 'linux' as const,
    applicationFolder: '/app',
    workingFolder: '/',
    files: {
      exists: (path: string) => path === '/c.yaml' && state.text !== undefined,
      read: () => state.text ?? '',
    },
  });
  const snapshots = new ConfigSnapshots(loadConfig(input()).config);
  const log: unknown[] = [];
  const line =
    (level: string) =>
    (facts: object, msg?: string): void => {
      log.push({ level, ...facts, msg });
    };
  let read = (): ConfigReading => readConfig(input());
  const reload = new ConfigReload({
    snapshots,
    read: () => read(),
    text: FILE,
    logger: { info: line('info'), warn: line('warn'), error: line('error') } as never,
  });
  return {
    state,
    snapshots,
    log,
    reload,
    failToRead: (error: Error) => {
      read = () => {
        throw error;
      };
    },
  };
}

const KEPT = 'configuration rejected; the previous one stays in effect';

/** Log lines as they are written, and as docs/configuration.md shows them: without their times. */
function withoutTime(line: string): unknown {
  const { time, ...rest } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  return rest;
}

test('the log lines in docs/configuration.md are up to date', () => {
  const textOf = (path: string) =>
    readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  const shown = textOf('docs/configuration.md')
    .split('\n')
    .filter((line) => line.startsWith('{"level":'));
  expect(shown).toHaveLength(6);

  const good = textOf('docs/examples/good.yaml');
  const changed = `${good.replace('/archive/', '/tape/')}task: { maxConcurrency: 20 }\n`;
  const written: string[] = [];
  let env: Readonly<Record<string, string>> = ENV;
  let text = good;
  const input = () => ({
    file: '/home/you/good.yaml',
    argv: [],
    env,
    platform: 'linux' as const,
    applicationFolder: '/app',
    workingFolder: '/',
    files: { exists: (path: string) => path === '/home/you/good.yaml', read: () => text },
  });
  const reload = new ConfigReload({
    snapshots: new ConfigSnapshots(loadConfig(input()).config),
    read: () => readConfig(input()),
    text,
    logger: createLogger('info', { write: (line) => written.push(line) }),
  });
  text = changed;
  reload.reload('SIGHUP');
  text = changed.replace('destinationPath', 'destnationPath');
  reload.reload('SIGHUP');
  text = changed.replace('8080', '9090').replace(' }\n', ', queueSize: 50 }\n');
  env = { ...ENV, GLOBUS_CLIENT_SECRET: 'hunter3' };
  reload.reload('file changed');
  // A facility that is not read as it was meant may be doubtful, too; the document shows errors.
  const errorsAndNews = written
    .map(withoutTime)
    .filter((line) => (line as { problem?: Problem }).problem?.severity !== 'warning');
  expect(errorsAndNews).toEqual(shown.map(withoutTime));
});

describe('reloading the configuration', () => {
  it('puts a valid one into effect and logs what changes', () => {
    const { state, snapshots, log, reload } = service();
    const before = snapshots.current();
    state.text = FILE.replace('/a/', '/b/');
    reload.reload('SIGHUP');
    expect(snapshots.current().facilities[0]?.destinationPath.source).toBe('/b/{{ .Pid }}');
    expect(before.facilities[0]?.destinationPath.source).toBe('/a/{{ .Pid }}');
    expect(log).toEqual([
      {
        level: 'info',
        cause: 'SIGHUP',
        file: '/c.yaml',
        changed: ['facilities.A.destinationPath'],
        msg: 'configuration reloaded',
      },
    ]);
  });

  it('rejects a broken one as a whole and logs all its errors', () => {
    const { state, snapshots, log, reload } = service();
    const before = snapshots.current();
    state.text = FILE.replace('8080', '80800').replace('/a/{{ .Pid }}', '/b/{{ .Pod }}');
    reload.reload('file changed');
    expect(snapshots.current()).toBe(before);
    expect(log).toEqual([
      {
        level: 'error',
        problem: expect.objectContaining({ file: '/c.yaml', line: 3, path: 'port' }),
        msg: 'configuration',
      },
      {
        level: 'error',
        problem: expect.objectContaining({ line: 9, path: 'facilities[0].destinationPath' }),
        msg: 'configuration',
      },
      { level: 'error', cause: 'file changed', file: '/c.yaml', errors: 2, msg: KEPT },
    ]);
  });

  it.each([
    ['gone', undefined],
    ['empty, as while an editor writes it', ''],
    ['cut in the middle of a line', FILE.slice(0, FILE.indexOf('collection') + 20)],
  ])('keeps the old one while the file is %s', (_how, text) => {
    const { state, snapshots, log, reload } = service();
    const before = snapshots.current();
    state.text = text;
    reload.reload('file changed');
    expect(snapshots.current()).toBe(before);
    expect(log.at(-1)).toMatchObject({ level: 'error', msg: KEPT });

    state.text = FILE.replace('/a/', '/b/');
    reload.reload('file changed');
    expect(log.at(-1)).toMatchObject({ changed: ['facilities.A.destinationPath'] });
  });

  it('survives a failure to read anything', () => {
    const { snapshots, log, reload, failToRead } = service();
    const before = snapshots.current();
    const err = Object.assign(new Error('EACCES'), { code: 'EACCES' });
    failToRead(err);
    reload.reload('SIGHUP');
    expect(snapshots.current()).toBe(before);
    expect(log).toEqual([{ level: 'error', cause: 'SIGHUP', file: '/c.yaml', err, msg: KEPT }]);
  });

  it('ignores a file that was only touched, but responds to a signal', () => {
    const { state, log, reload } = service();
    reload.reload('file changed');
    state.text = undefined;
    reload.reload('file changed');
    expect(log.splice(0)).toHaveLength(2);
    reload.reload('file changed');
    expect(log).toEqual([]);

    state.text = FILE;
    reload.reload('file changed');
    expect(log.splice(0)).toMatchObject([{ msg: 'configuration reloaded without changes' }]);
    reload.reload('file changed');
    expect(log).toEqual([]);
    reload.reload('SIGHUP');
    expect(log).toMatchObject([{ msg: 'configuration reloaded without changes' }]);
  });

  it('warns as at start', () => {
    const { state, log, reload } = service();
    state.text = FILE.replace('/a/{{ .Pid }}', '/a');
    reload.reload('SIGHUP');
    expect(log).toEqual([
      {
        level: 'warn',
        problem: expect.objectContaining({ path: 'facilities[0].destinationPath' }),
        msg: 'configuration',
      },
      expect.objectContaining({ level: 'info', changed: ['facilities.A.destinationPath'] }),
    ]);
  });

  it('logs each time what needs a restart, keeps those values and applies the rest', () => {
    const { state, snapshots, log, reload } = service();
    state.text = `${FILE.replace('8080', '9090')}task: { queueSize: 5 }\n`;
    state.env = { ...ENV, GLOBUS_CLIENT_SECRET: 'hunter3' };
    const needRestart = ['port', 'GLOBUS_CLIENT_SECRET'].map((setting) => ({
      level: 'warn',
      setting,
      msg: 'changed setting takes effect after a restart',
    }));
    reload.reload('SIGHUP');
    expect(log.splice(0)).toEqual([
      ...needRestart,
      expect.objectContaining({ level: 'info', changed: ['task.queueSize'] }),
    ]);
    const { port, task } = snapshots.current();
    expect([port, task.queueSize]).toEqual([8080, 5]);

    reload.reload('SIGHUP');
    expect(log).toEqual([
      ...needRestart,
      {
        level: 'info',
        cause: 'SIGHUP',
        file: '/c.yaml',
        msg: 'configuration reloaded without changes',
      },
    ]);
    expect(JSON.stringify(log)).not.toContain('hunter');
  });
});
