import { describe, expect, it } from '@jest/globals';
import { explanationText } from './explanation-text.js';
import type { Explanation } from './explanation.js';

const EXPLANATION: Explanation = {
  decision: 'refused',
  decidedBy: 'destination-access',
  answer: { status: 403, code: 'ACCESS_DENIED', message: 'You have no access.' },
  user: { username: 'alice', accessGroups: ['p1', 'p2'], from: 'a test' },
  dataset: {
    pid: '20.500/1',
    ownerGroup: { known: true, value: 'p1', from: 'SciCat' },
    sourceFolder: { known: false, because: 'SciCat is away.' },
  },
  destination: { facility: 'B', collection: 'c-1', path: '/in/1' },
  rules: [
    { rule: 'source-facility', outcome: 'passed', facility: 'A', message: 'It may.' },
    {
      rule: 'destination-access',
      outcome: 'refused',
      facility: 'B',
      message: 'You have no access.',
      accessPath: 'profile.accessGroups',
      required: ['B-users'],
      found: ['p1', 'p2'],
      change: 'Add alice.',
    },
    { rule: 'inside-root', outcome: 'not-needed', message: 'There is no root.' },
    { rule: 'source-path', outcome: 'not-checked', message: 'It is not known.' },
  ],
};

describe('an explanation for people', () => {
  it('shows the decision, the answer to the user, the facts, and each rule', () => {
    expect(explanationText(EXPLANATION, false)).toBe(`\
Refused by rule destination-access of facility B.
POST /transfer returns 403: You have no access.

user           alice (from a test)
groups         p1, p2
dataset        20.500/1
owner group    p1 (from SciCat)
source folder  unknown: SciCat is away.
to             /in/1 on B (collection c-1)

Rules, in the order in which they apply (✓ passed, ✗ refused, – not needed or not checked):
✓ source-facility       It may.
✗ destination-access    alice's SciCat account does not have "B-users" at profile.accessGroups; it has p1, p2.
                        → Add alice.
– inside-root           There is no root.
– source-path           It is not known.
`);
  });

  it('has the same content with colours', () => {
    const painted = explanationText(EXPLANATION, true);
    expect(painted).toContain('\u001b[');
    expect(painted.replace(/\u001b\[\d+m/g, '')).toBe(explanationText(EXPLANATION, false));
  });

  it.each<[Explanation, string]>([
    [
      {
        decision: 'refused',
        answer: { status: 401, code: 'UNAUTHENTICATED', message: 'Log in.' },
        rules: [],
      },
      'Refused: this token belongs to no known user.\nPOST /transfer returns 401: Log in.\n',
    ],
    [
      {
        decision: 'undecided',
        answer: { status: 503, code: 'UPSTREAM_TIMEOUT', message: 'Later.' },
        rules: [],
      },
      'Undecided.\nPOST /transfer returns 503: Later.\n',
    ],
  ])('says that the user is unknown: %j', (explanation, text) => {
    expect(explanationText(explanation, false)).toBe(text);
  });

  it('counts the rules that could not be checked', () => {
    const rules = EXPLANATION.rules.filter(({ outcome }) => outcome !== 'refused');
    const [first] = explanationText({ ...EXPLANATION, decision: 'undecided', rules }, false).split(
      '\n',
    );
    expect(first).toBe('Undecided: no rule refuses this request, but 1 could not be checked.');
  });

  it('lists only some of a thousand groups', () => {
    const accessGroups = Array.from({ length: 1000 }, (_none, n) => `g${n}`);
    const text = explanationText(
      { ...EXPLANATION, user: { username: 'alice', accessGroups, from: 'a test' } },
      false,
    );
    expect(text).toMatch(/^groups {9}g0, .*g11 and 988 more$/m);
  });

  it('prints no control characters from SciCat', () => {
    const evil = '\u001b[2Jx';
    const text = explanationText(
      {
        ...EXPLANATION,
        user: { username: evil, accessGroups: [evil], from: 'a test' },
        rules: EXPLANATION.rules.map((rule) => ({ ...rule, found: [evil], message: evil })),
      },
      false,
    );
    expect(text).not.toContain('\u001b');
    expect(text).toContain('\\u{1b}[2Jx');
  });
});
