import { styleText } from 'node:util';
import type { Finding } from './check.js';

const MARKS = { ok: '✓', broken: '✗', unclear: '–', skipped: '–' } as const;
const COLOURS = { ok: 'green', broken: 'red', unclear: 'yellow', skipped: 'gray' } as const;
/** The longest name of a check. */
const CHECK_WIDTH = 16;
const INDENT = ' '.repeat(2 + CHECK_WIDTH + 1);

/** A finding as people read it, with a line break at its end. */
export function findingLines(finding: Finding, colours: boolean): string {
  const { check, subject, outcome, message, advice } = finding;
  const mark = coloured(MARKS[outcome], COLOURS[outcome], colours);
  const [first = '', ...more] = message.split('\n');
  const lines = [
    `${mark} ${check.padEnd(CHECK_WIDTH)} ${subject}: ${first}`,
    ...more.map((line) => INDENT + line),
    ...(advice === '' ? [] : [`${INDENT}→ ${advice}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** What came of all checks together. */
export function summaryLine(findings: readonly Finding[], colours: boolean): string {
  const count = (outcome: Finding['outcome']): number =>
    findings.filter((finding) => finding.outcome === outcome).length;
  const failed = count('broken') > 0;
  const parts = [
    `${count('ok')} ok`,
    `${count('broken')} broken`,
    `${count('unclear')} not proven`,
    `${count('skipped')} skipped`,
  ];
  return `\n${coloured(parts.join(', '), failed ? 'red' : 'green', colours)}\n`;
}

function coloured(
  text: string,
  colour: (typeof COLOURS)[Finding['outcome']],
  colours: boolean,
): string {
  return colours ? styleText(colour, text, { validateStream: false }) : text;
}
