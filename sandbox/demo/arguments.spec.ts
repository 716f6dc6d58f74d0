import { describe, expect, it } from '@jest/globals';
import { readArguments } from './arguments.js';

describe('readArguments', () => {
  it.each([
    [[], { kind: 'run', folder: undefined, keep: false }],
    [['--keep', '--folder', '/a b'], { kind: 'run', folder: '/a b', keep: true }],
    [['--folder=-x'], { kind: 'run', folder: '-x', keep: false }],
    [['-h', '--keep'], { kind: 'help' }],
    [['--folder='], { kind: 'wrong', message: '--folder needs a path.' }],
    [['--folder'], { kind: 'wrong', message: expect.stringContaining('argument missing') }],
    [['--kep'], { kind: 'wrong', message: expect.stringContaining("Unknown option '--kep'") }],
    [['/folder'], { kind: 'wrong', message: expect.stringContaining('Unexpected argument') }],
  ])('understands %j', (args, wish) => {
    expect(readArguments(args)).toEqual(wish);
  });
});
