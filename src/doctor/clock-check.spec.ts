import { describe, expect, it } from '@jest/globals';
import { clockCheck } from './clock-check.js';

const verdict = (aheadMs: number | undefined) =>
  clockCheck('globus-clock', 'Globus', [], () => Promise.resolve(aheadMs)).run(
    new AbortController().signal,
  );

describe('clocks', () => {
  it.each([
    [undefined, 'unclear', 'Globus sends no time to compare with.'],
    [0, 'ok', 'The clocks agree to within 1 s.'],
    [-30_000, 'ok', 'The clocks agree to within 30 s.'],
    [31_000, 'unclear', "This machine's clock is 31 s behind that of Globus."],
    [300_000, 'unclear', "This machine's clock is 300 s behind that of Globus."],
    [-301_000, 'broken', "This machine's clock is 301 s ahead of that of Globus."],
  ])('%p ms apart: %s', async (aheadMs, outcome, message) => {
    expect(await verdict(aheadMs)).toMatchObject({ outcome, message });
  });

  it('says what to do', async () => {
    expect((await verdict(900_000)).advice).toMatch(/^Synchronize this machine's clock using NTP;/);
  });
});
