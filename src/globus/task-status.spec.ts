import { expect, test } from '@jest/globals';
import { fatalErrorKind, taskStatus, wordsFor } from './task-status.js';

test('a task in a state of Globus is read, one in any other is not', () => {
  expect(['ACTIVE', 'FAILED', 'DONE', 'constructor', undefined, 7].map(taskStatus)).toEqual([
    'ACTIVE',
    'FAILED',
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('running and ended tasks are listed by the words of Globus', () => {
  expect(wordsFor('ACTIVE', 'INACTIVE')).toBe('ACTIVE,INACTIVE');
  expect(wordsFor('SUCCEEDED', 'FAILED')).toBe('SUCCEEDED,FAILED');
});

test.each([
  ['CANCELED', 'cancelled'],
  ['CANCELLED', 'cancelled'],
  ['canceled', 'cancelled'],
  ['EXPIRED', 'expired'],
  ['PERMISSION_DENIED', 'failed'],
  ['UNCANCELED', 'failed'],
])('a task that ended with %s was %s', (code, kind) => {
  expect(fatalErrorKind(code)).toBe(kind);
});
