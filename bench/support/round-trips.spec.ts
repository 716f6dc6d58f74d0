import { expect, it } from '@jest/globals';
import { roundTrips } from './round-trips.js';

it.each([
  [0, []],
  [
    1,
    [
      [0, 50],
      [10, 60],
    ],
  ],
  [
    2,
    [
      [0, 50],
      [50, 100],
    ],
  ],
  [
    3,
    [
      [0, 50],
      [1, 51],
      [55, 105],
      [55, 135],
      [110, 190],
    ],
  ],
  [
    2,
    [
      [0, 100],
      [0, 10],
      [10, 20],
    ],
  ],
])('counts %d round trips in a row', (count, calls) => {
  expect(roundTrips(calls.map(([from = 0, to = 0]) => ({ from, to })))).toBe(count);
});
