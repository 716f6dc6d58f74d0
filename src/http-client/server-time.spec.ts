import { expect, it } from '@jest/globals';
import { serverAheadMs } from './server-time.js';

const NOON = Date.UTC(2026, 0, 1, 12);

it.each([
  ['Thu, 01 Jan 2026 12:00:00 GMT', 500],
  ['Thu, 01 Jan 2026 12:10:00 GMT', 600_500],
  ['Thu, 01 Jan 2026 11:59:00 GMT', -59_500],
  ['yesterday', undefined],
  [undefined, undefined],
])('a server that says it is %s is %p ms ahead at noon', (date, ahead) => {
  const headers: Record<string, string> = date === undefined ? {} : { date };
  expect(serverAheadMs({ headers }, NOON - 100, NOON + 100)).toBe(ahead);
});
