import type { Finding } from '../../doctor/check.js';
import { painter } from '../common/text.js';

const MARKS = { ok: '✓', broken: '✗', unclear: '–', skipped: '–' } as const;
const COLOURS = { ok: 'green', broken: 'red', unclear: 'yellow', skipped: 'gray' } as const;
/** The longest name of a check. */
const CHECK_WIDTH = 16;
const INDENT = ' '.repeat(2 + CHECK_WIDTH + 1);

/** A finding for people, with a line break at its end. */
export function findingText(finding: Finding, colours: boolean): string {
  const { check, subject, outcome, message, advice } = finding;
  const mark = painter(colours)(COLOURS[outcome], MARKS[outcome]);
  const [first = '', ...more] = message.split('\n');
  const lines = [
    `${mark} ${check.padEnd(CHECK_WIDTH)} ${subject}: ${first}`,
    ...more.map((line) => INDENT + line),
    ...(advice === '' ? [] : [`${INDENT}→ ${advice}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** How many findings of each outcome there are. */
export function summaryText(findings: readonly Finding[], colours: boolean): string {
  const counts = (['ok', 'broken', 'unclear', 'skipped'] as const).map((outcome) => ({
    outcome,
    count: findings.filter((finding) => finding.outcome === outcome).length,
  }));
  const failed = counts.some(({ outcome, count }) => outcome === 'broken' && count > 0);
  const sum = counts.map(({ outcome, count }) => `${count} ${outcome}`).join(', ');
  return `\n${painter(colours)(failed ? 'red' : 'green', sum)}\n`;
}
