import { describe, expect, test } from '@jest/globals';
import { expressionsBelow, expressionsIn, type FoundExpression } from './expressions-in-source.js';

// Without this, the detector starts a program of another language.
process.env['RECHECK_BACKEND'] = 'pure';
const { checkSync } = await import('recheck');

/** One in how many files is judged, since that takes a while; `.ci/run` judges all. */
const EVERY = Number(process.env['EXPRESSIONS_EVERY'] ?? 4);

/** What only the operator's own configuration passes through; the size of its files is limited. */
const OPERATORS_OWN = /^(?:config|cli\/check-config)\//;

/** Not constant, and why each is as fast as it must be. */
const NOT_CONSTANT: Readonly<Record<string, string>> = {
  "new RegExp(`^${segments.join('/')}$`)": 'built from our own routes, whose parts match no slash',
};

/**
 * The detector takes these for polynomial, because it counts up to so many steps at each character. (The
 * rules in `eslint.config.mjs`, which count in another way, do not object to them.)
 */
const FEW_STEPS: Readonly<Record<string, string>> = {
  [String.raw`/\/scopes\/([0-9a-f-]{36})\/data_access\b/gi`]:
    'at most 56 characters from each beginning',
  "new RegExp(UUID, 'i')": 'at most 36 characters from each beginning',
  'new RegExp(`(\\\\{0,15})"(?:${NAMES})\\1"\\s*:\\s*\\1"`, \'gi\')':
    'at most 15 backslashes from each beginning',
};

/** The detector's effort is limited by steps, so that a busy machine changes nothing. */
const UNTIMED = { timeout: null, incubationTimeout: null, attackTimeout: null } as const;

/** Undefined if the time of the expression grows with the text's length only. */
function objectionTo({ text, source, flags }: FoundExpression): string | undefined {
  if (text in NOT_CONSTANT || text in FEW_STEPS) return undefined;
  if (source === undefined) return 'is not constant: prove it, and add it to the list';
  const found = checkSync(source, flags, UNTIMED);
  if (found.status === 'safe') return undefined;
  if (found.status === 'unknown') return `can't be judged: ${found.error.kind}`;
  return `is ${found.complexity.type}: ${found.attack.pattern}`;
}

describe('no regular expression over what others send takes longer than the length of its text says', () => {
  const found = expressionsBelow('src');
  const byFile = grouped(found);
  const files = [...byFile.keys()].filter((file) => !OPERATORS_OWN.test(file));

  test('all of them are found', () => {
    expect(found.length).toBeGreaterThan(200);
    expect(
      expressionsIn('a.ts', 'const A = "x"; new RegExp(`^${A}+\\\\d$`, "i"); /y/g.test(A)'),
    ).toEqual([
      { file: 'a.ts', text: 'new RegExp(`^${A}+\\\\d$`, "i")', source: '^x+\\d$', flags: 'i' },
      { file: 'a.ts', text: '/y/g', source: 'y', flags: 'g' },
    ]);
  });

  test.each([
    ['/(a|a)*$/', /exponential/],
    [String.raw`/\/+$/`, /polynomial/],
    [String.raw`/^(?:\d+\.?\d*)$/`, /polynomial/],
    ['new RegExp(given)', /not constant/],
  ])('the detector objects to %s', (text, objection) => {
    const [expression] = expressionsIn('a.ts', text);
    if (expression === undefined) throw new Error('not found');
    expect(objectionTo(expression)).toMatch(objection);
  });

  test.each(files.filter((_, index) => index % EVERY === 0))('%s', (file) => {
    const objections = (byFile.get(file) ?? []).flatMap((one) => {
      const objection = objectionTo(one);
      return objection === undefined ? [] : [`${one.text} ${objection}`];
    });
    expect(objections).toEqual([]);
  });
});

function grouped(found: readonly FoundExpression[]): ReadonlyMap<string, FoundExpression[]> {
  const byFile = new Map<string, FoundExpression[]>();
  for (const one of found) byFile.set(one.file, [...(byFile.get(one.file) ?? []), one]);
  return byFile;
}
