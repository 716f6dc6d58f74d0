import { describe, expect, it } from '@jest/globals';
import { readArguments } from './arguments.js';

describe('the arguments of the benchmark', () => {
  const whole = {
    kind: 'run',
    groups: ['request', 'tracking', 'lists', 'start', 'hostile'],
    latencies: [
      { scicatMs: 50, globusMs: 80 },
      { scicatMs: 0, globusMs: 0 },
    ],
    repetitions: 4,
    short: false,
    markdown: false,
    out: 'bench/results.json',
    profileFolder: undefined,
  };

  it('measure all by default, with and without latency, and keep the results', () => {
    expect(readArguments([])).toEqual(whole);
  });

  it.each([
    [['--only', 'lists,start'], { groups: ['lists', 'start'], out: undefined }],
    [['--short', '--markdown'], { short: true, markdown: true, out: undefined }],
    [['--scicat-ms', '10'], { latencies: [{ scicatMs: 10, globusMs: 80 }], out: undefined }],
    [['--globus-ms=0'], { latencies: [{ scicatMs: 50, globusMs: 0 }], out: undefined }],
    [['--repetitions', '2', '--out', 'x'], { repetitions: 2, out: 'x' }],
    [['--profile', 'p'], { profileFolder: 'p' }],
  ])('%j is part of it, and does not replace the results of all', (args, parts) => {
    expect(readArguments(args)).toEqual({ ...whole, ...parts });
  });

  it.each([
    [['--only', 'speed'], 'Unknown group "speed"'],
    [['--repetitions', '0'], '--repetitions must be a whole number from 1'],
    [['--scicat-ms', 'x'], '--scicat-ms must be a whole number from 0'],
    [['--fast'], '--fast'],
  ])('%j is answered with what would be right', (args, message) => {
    expect(readArguments(args)).toMatchObject({
      kind: 'wrong',
      message: expect.stringContaining(message),
    });
  });
});
