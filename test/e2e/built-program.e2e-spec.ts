import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { serviceVersion } from '../../src/health/service-version.js';

const PROJECT = resolve(import.meta.dirname, '../..');

/** What was built must run where nothing but it and its packages were copied to. */
describe('dist and node_modules, alone', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'built-'));
    await cp(join(PROJECT, 'dist'), join(folder, 'dist'), { recursive: true });
    await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const run = (program: string, ...args: readonly string[]) => runWith([], program, ...args);

  const runWith = (options: readonly string[], program: string, ...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [...options, join(folder, 'dist', program), ...args], {
      cwd: folder,
      env: { HOME: folder, LOG_FORMAT: 'pretty', LOG_LEVEL: 'loud' },
      timeout: 20_000,
    }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: unknown) => error as { code: number; stdout: string; stderr: string },
    );

  it('know their version', async () => {
    expect(await run('cli/main.js', '--version')).toMatchObject({
      code: 0,
      stdout: `${serviceVersion()}\n`,
    });
  });

  it('start as far as their configuration lets them', async () => {
    const { code, stderr, stdout } = await run('main.js');
    expect([code, stderr]).toEqual([1, expect.stringContaining('No configuration file was found')]);
    // The log for people is loaded only where it is wanted.
    expect(stdout).toMatch(/WARN: logging .*LOG_LEVEL is /);
  });

  it('load no HTTP client of Node that nobody uses, which would take 13 MB', async () => {
    const tell = 'process.on("exit", () => console.error("LOADED", ...process.moduleLoadList))';
    const { stderr } = await runWith(['--import', `data:text/javascript,${tell}`], 'main.js');
    expect(stderr).toContain('NativeModule http');
    expect(stderr).not.toContain('undici');
  });

  it('load none of their packages one file at a time', async () => {
    await rm(join(folder, 'node_modules'));
    const { code, stderr } = await run('main.js');
    expect([code, stderr]).toEqual([1, expect.stringContaining('No configuration file was found')]);
  });
});
