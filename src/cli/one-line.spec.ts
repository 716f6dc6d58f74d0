import { expect, test } from '@jest/globals';
import { oneLine } from './one-line.js';

test.each([
  ['/data/ä 試料 🧪', '/data/ä 試料 🧪'],
  ['red \u001b[31m', 'red \\u{1b}[31m'],
  ['two\nlines\r', 'two\\u{a}lines\\u{d}'],
  ['\u202egnp.exe', '\\u{202e}gnp.exe'],
  ['half \ud800', 'half \\u{d800}'],
])('%j is shown as %j', (text, shown) => {
  expect(oneLine(text)).toBe(shown);
});
