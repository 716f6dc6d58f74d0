import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compileTemplate } from '../templates/template.js';
import { canMeet } from './path-overlap.js';
import { isInside, segmentsOf } from './path-text.js';

const FIELDS = ['X'] as const;
const template = (text: string) => compileTemplate(text, FIELDS);

describe('whether paths of two templates can meet', () => {
  it.each([
    ['/a/{{ .X }}', '/b/{{ .X }}', false],
    ['/a/{{ .X }}', '/a/{{ .X }}', true],
    ['/a/{{ .X }}', '/a/b/{{ .X }}', true],
    ['/a/{{ .X }}', '/{{ .X }}', true],
    ['/a/{{ .X }}', '{{ .X }}', true],
    // A text alone is not enough: "archive" is no folder of "archive2".
    ['/archive/{{ .X }}', '/archive2/{{ .X }}', false],
    ['/archive{{ .X }}', '/archive2/{{ .X }}', true],
    ['/archive2{{ .X }}', '/archive/{{ .X }}', false],
    ['/run-{{ .X }}', '/exp-{{ .X }}', false],
    ['/run-{{ .X }}', '/run{{ .X }}', true],
    ['/a/b', '/a/c', false],
    ['/a/b', '/a/b/c', true],
    ['/a/b', '/a/b2', false],
    ['/a/b', '/a/{{ .X }}', true],
    // Slashes that count for nothing.
    ['a//b/{{ .X }}', '/a/b/c', true],
    ['a//b/{{ .X }}', '/a/c', false],
    // What a condition yields is not known.
    ['{{ if .X }}/a{{ else }}/b{{ end }}', '/b/{{ .X }}', true],
  ])('%s and %s: %s', (one, other, expected) => {
    expect(canMeet(template(one), template(other))).toBe(expected);
    expect(canMeet(template(other), template(one))).toBe(expected);
  });

  it('whatever stands in the gaps, paths that it keeps apart never meet', () => {
    const part = fc.constantFrom('/', 'a', 'b', 'ab', '{{ .X }}', '-');
    const text = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
    const filling = fc.constantFrom('', 'a', 'b', '/', 'a/b', '/b', '-');
    fc.assert(
      fc.property(text, text, filling, filling, (one, other, x, y) => {
        fc.pre(!canMeet(template(one), template(other)));
        const left = segmentsOf(template(one).render({ X: x }));
        const right = segmentsOf(template(other).render({ X: y }));
        expect([isInside(left, right), isInside(right, left)]).toEqual([false, false]);
      }),
    );
  });
});
