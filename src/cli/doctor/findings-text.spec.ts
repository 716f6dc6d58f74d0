import { describe, expect, it } from '@jest/globals';
import type { Finding } from '../../doctor/check.js';
import { findingText, summaryText } from './findings-text.js';

const finding = (parts: Partial<Finding>): Finding => ({
  check: 'scicat-login',
  subject: 'globus-proxy',
  outcome: 'ok',
  message: 'Logged in.',
  advice: '',
  ...parts,
});

describe('findings as text', () => {
  it('are one line each, with the advice below', () => {
    const shown = [
      finding({}),
      finding({ check: 'scopes', outcome: 'broken', message: 'It is not.', advice: 'Mend it.' }),
      finding({ outcome: 'unclear', message: 'Two lines:\na: b' }),
      finding({ outcome: 'skipped', message: 'Not tried.' }),
    ].map((one) => findingText(one, false));
    expect(shown.join('')).toBe(`✓ scicat-login     globus-proxy: Logged in.
✗ scopes           globus-proxy: It is not.
                   → Mend it.
– scicat-login     globus-proxy: Two lines:
                   a: b
– scicat-login     globus-proxy: Not tried.
`);
  });

  it('have colours on a terminal only', () => {
    expect(findingText(finding({ outcome: 'broken' }), true)).toBe(
      '\u001b[31m✗\u001b[39m scicat-login     globus-proxy: Logged in.\n',
    );
    expect(summaryText([finding({})], false)).not.toContain('\u001b');
  });

  it('are counted', () => {
    const findings = (['ok', 'ok', 'broken', 'unclear', 'skipped'] as const).map((outcome) =>
      finding({ outcome }),
    );
    expect(summaryText(findings, false)).toBe('\n2 ok, 1 broken, 1 unclear, 1 skipped\n');
    expect(summaryText(findings, true)).toContain('\u001b[31m');
    expect(summaryText([finding({})], true)).toContain('\u001b[32m');
  });
});
