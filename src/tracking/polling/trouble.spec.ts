import { describe, expect, test } from '@jest/globals';
import { aTask } from '../../../test/support/builders.js';
import { isProblem, needsHuman, troubleInWords } from './trouble.js';

describe('what a scientist is told about a running task', () => {
  test.each([
    ['OK', false, false, undefined],
    [undefined, false, false, undefined],
    ['Queued', false, false, 'queued at Globus, which runs only a few transfers at a time'],
    [
      'PERMISSION_DENIED',
      true,
      true,
      'permission denied: the collection does not let the service read or write (PERMISSION_DENIED)',
    ],
    [
      'FILE_NOT_FOUND',
      true,
      true,
      'file not found: a file or folder of the dataset is not at the source (FILE_NOT_FOUND)',
    ],
    ['QUOTA_EXCEEDED', true, true, 'quota exceeded at the destination (QUOTA_EXCEEDED)'],
    ['NO_SPACE_LEFT', true, true, 'no space left at the destination (NO_SPACE_LEFT)'],
    [
      'GC_NOT_CONNECTED',
      true,
      false,
      'the computer that hosts the collection is not connected to Globus (GC_NOT_CONNECTED)',
    ],
    ['TIMEOUT', true, false, 'the collection did not answer in time (TIMEOUT)'],
    ['SOMETHING_NEW', true, false, 'Globus reports a problem (SOMETHING_NEW)'],
    ['constructor', true, false, 'Globus reports a problem (constructor)'],
    ['__proto__', true, false, 'Globus reports a problem (__proto__)'],
  ])('%p: problem %p, needs a human %p', (niceStatus, problem, human, words) => {
    const task = aTask({ niceStatus });
    expect([isProblem(task), needsHuman(task), troubleInWords(task)]).toEqual([
      problem,
      human,
      words,
    ]);
  });

  test('INACTIVE and paused are trouble that passes, not an end', () => {
    expect(
      [aTask({ status: 'INACTIVE' }), aTask({ isPaused: true })].map((task) => [
        isProblem(task),
        needsHuman(task),
        troubleInWords(task),
      ]),
    ).toEqual([
      [true, false, "suspended by Globus until the service's credentials are renewed"],
      [true, false, 'paused'],
    ]);
  });
});
