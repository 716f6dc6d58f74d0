import { describe, expect, test } from '@jest/globals';
import { jobIdOf } from '../../test/support/builders.js';
import { labelFits, taskLabel } from './task-label.js';

const JOB = jobIdOf(1);
const OTHER = jobIdOf(2);

describe('the label of a task', () => {
  test('frozen, carries the job id, and is one that Globus takes', () => {
    expect(taskLabel(JOB)).toBe(`SciCat transfer ${JOB}`);
    expect(taskLabel(JOB)).toMatch(/^[A-Za-z0-9][A-Za-z0-9 _.:-]{0,126}[A-Za-z0-9]$/);
  });

  test.each([
    [taskLabel(JOB), 'recorded', true],
    [taskLabel(OTHER), 'recorded', false],
    [undefined, 'recorded', false],
    ['', 'recorded', false],
    [JOB, 'recorded', false],
    [`${taskLabel(JOB)} `, 'recorded', false],
    [`my ${taskLabel(JOB)}`, 'recorded', false],
    [taskLabel(JOB.toUpperCase()), 'recorded', false],
    [undefined, 'go-version', true],
    ['', 'go-version', true],
    ['a hand-made label', 'go-version', true],
    [taskLabel(JOB), 'go-version', true],
    [taskLabel(OTHER), 'go-version', false],
    [`re-run of ${OTHER.toUpperCase()}`, 'go-version', false],
  ] as const)('%p of a %s job: %p', (label, origin, fits) => {
    expect(labelFits(label, JOB, origin)).toBe(fits);
  });
});
