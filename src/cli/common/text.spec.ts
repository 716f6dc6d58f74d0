import { expect, test } from '@jest/globals';
import { bytesText, durationText, oneLine } from './text.js';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [734_003_200, '734.0 MB'],
  [5e15, '5.0 PB'],
  [5e18, '5000.0 PB'],
])('%i bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  [-3, '0 s'],
  [0, '0 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [61, '1 min 1 s'],
  [3599, '59 min 59 s'],
  [7980, '2 h 13 min'],
  [86_399, '23 h 59 min'],
  [86_400, '1 d'],
  [90_000, '1 d 1 h'],
  [90_000_000, '1041 d 16 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test.each([
  ['/data/ä 試料 🧪', '/data/ä 試料 🧪'],
  ['red \u001b[31m', 'red \\u{1b}[31m'],
  ['two\nlines\r', 'two\\u{a}lines\\u{d}'],
  ['\u202egnp.exe', '\\u{202e}gnp.exe'],
  ['half \ud800', 'half \\u{d800}'],
])('%j is shown as %j', (text, shown) => {
  expect(oneLine(text)).toBe(shown);
});
