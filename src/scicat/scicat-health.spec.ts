import { describe, expect, it } from '@jest/globals';
import {
  answer,
  failing,
  type Reply,
  ScriptedScicat,
} from '../../test/contract/scicat/scripted-scicat.js';
import { ScicatHealth } from './scicat-health.js';

const check = async (reply: Reply) => {
  const scicat = new ScriptedScicat([reply]);
  return { report: await new ScicatHealth(scicat.api).check(), scicat };
};

describe('ScicatHealth', () => {
  it('asks SciCat’s own health route without a login, once and briefly', async () => {
    const { report, scicat } = await check(answer(200, { status: 'ok' }));
    expect(report).toEqual({ up: true });
    expect(scicat.sent).toEqual([
      {
        method: 'GET',
        url: 'https://scicat.test/api/v3/health',
        headers: { Accept: 'application/json' },
        freshConnection: false,
      },
    ]);
    expect(scicat.timeoutsMs).toEqual([3_000]);
    expect(scicat.logins).toEqual([]);
  });

  it.each([
    [answer(503, { status: 'error' }), 'SciCat reports that it is unhealthy (status 503).'],
    [answer(200, '<html>'), 'SciCat reports that it is unhealthy (status 200).'],
    [
      'timeout',
      'SciCat did not answer in time (check health, 1 attempt). Please try again in a few minutes.',
    ],
  ] as const)('says what is wrong (%#)', async (reply, reason) => {
    expect((await check(reply)).report).toEqual({ up: false, reason });
  });

  it('ends with the signal’s reason', async () => {
    const scicat = new ScriptedScicat();
    const reason = new Error('Stopping.');
    const health = new ScicatHealth(scicat.api);
    expect(await failing(health.check(AbortSignal.abort(reason)))).toBe(reason);
  });
});
