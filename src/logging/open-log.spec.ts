import { beforeEach, describe, expect, test } from '@jest/globals';
import { openLog } from './open-log.js';

let lines: string[];
beforeEach(() => {
  lines = [];
});
const open = (env: Readonly<Record<string, string>>) =>
  openLog(env, { write: (line) => lines.push(line) });
const parsed = (): unknown[] => lines.map((line) => JSON.parse(line) as unknown);

describe('the log', () => {
  test.each([{}, { LOG_LEVEL: '', LOG_FORMAT: ' ' }])('is JSON from info on: %j', async (env) => {
    const log = await open(env);
    log.debug('not this');
    log.info({ jobId: 'x' }, 'this');
    expect(parsed()).toEqual([
      { level: 'info', time: expect.any(String), jobId: 'x', msg: 'this' },
    ]);
  });

  test('is as talkative as LOG_LEVEL says, however it is spelt', async () => {
    const log = await open({ LOG_LEVEL: 'Trace' });
    log.trace('this');
    expect(parsed()).toMatchObject([{ level: 'trace', msg: 'this' }]);
  });

  test('reports invalid settings and uses the defaults', async () => {
    const log = await open({ LOG_LEVEL: 'verbose', LOG_FORMAT: 'xml' });
    log.debug('not this');
    expect(parsed()).toMatchObject([
      {
        level: 'warn',
        problem:
          'LOG_LEVEL is "verbose", which is not one of trace, debug, info, warn, error, fatal, silent; using info.',
      },
      {
        level: 'warn',
        problem: 'LOG_FORMAT is "xml", which is not one of json, pretty; using json.',
      },
    ]);
  });

  test('is human-readable on request, with the same fields as the JSON', async () => {
    const log = await open({ LOG_FORMAT: 'pretty' });
    log.info({ jobId: 'job-1' }, 'transfer accepted');
    expect(lines.join('')).toMatch(/INFO.*: transfer accepted \{"jobId":"job-1"\}\n$/);
  });

  test.each(['json', 'pretty'])('hides what looks like a token, as %s', async (format) => {
    const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';
    const log = await open({ LOG_FORMAT: format });
    log.info({ facility: `my ${token}`, deep: { reason: token } }, `no facility ${token}`);
    expect(lines.join('')).not.toMatch(/eyJ|c2ln/);
    expect(lines.join('')).toContain('no facility [hidden]');
  });
});
