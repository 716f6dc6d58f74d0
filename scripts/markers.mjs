import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Replaces the text between the marker comments `<!-- NAME begin … -->` and `<!-- NAME end -->` in a
 * Markdown file.
 *
 * @param {string} file
 * @param {string} name
 * @param {string} text Markdown
 */
export function writeBetweenMarkers(file, name, text) {
  const before = readFileSync(file, 'utf8');
  const begin = before.indexOf(`<!-- ${name} begin`);
  const end = before.indexOf(`<!-- ${name} end -->`);
  if (begin < 0 || end < begin) {
    throw new Error(
      `${file} has no markers "<!-- ${name} begin … -->" and "<!-- ${name} end -->".`,
    );
  }
  const from = before.indexOf('-->', begin) + '-->'.length;
  writeFileSync(file, `${before.slice(0, from)}\n\n${text.trim()}\n\n${before.slice(end)}`);
}

/**
 * Formats a Markdown table, with its columns padded as Prettier does.
 *
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
export function markdownTable(head, rows) {
  const widths = head.map((cell, column) =>
    Math.max(3, cell.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
