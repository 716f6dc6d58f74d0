import type { Finding } from '../../doctor/check.js';
import { painter } from '../common/text.js';

const STYLES = {
  ok: { mark: '✓', colour: 'green' },
  broken: { mark: '✗', colour: 'red' },
  unclear: { mark: '–', colour: 'yellow' },
  skipped: { mark: '–', colour: 'gray' },
} as const;
/** The longest name of a check. */
const CHECK_WIDTH = 16;
const INDENT = ' '.repeat(2 + CHECK_WIDTH + 1);

/** A finding for people, ending in a line break. */
export function findingText(finding: Finding, colours: boolean): string {
  const { check, subject, outcome, message, advice } = finding;
  const { mark, colour } = STYLES[outcome];
  const lines = [
    `${painter(colours)(colour, mark)} ${check.padEnd(CHECK_WIDTH)} ${subject}: ${message.replaceAll('\n', `\n${INDENT}`)}`,
    ...(advice === '' ? [] : [`${INDENT}→ ${advice}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** The number of findings of each outcome. */
export function summaryText(findings: readonly Finding[], colours: boolean): string {
  const count = (outcome: string): number =>
    findings.filter((finding) => finding.outcome === outcome).length;
  const sum = Object.keys(STYLES).map((outcome) => `${count(outcome)} ${outcome}`);
  return `\n${painter(colours)(count('broken') > 0 ? 'red' : 'green', sum.join(', '))}\n`;
}
