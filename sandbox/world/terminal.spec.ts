import { describe, expect, it } from '@jest/globals';
import { counted, formatBytes, Printer } from './terminal.js';

describe('what is printed', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [27_800_000, '27.8 MB'],
    [3e18, '3000.0 PB'],
  ])('shows %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('counts in words', () => {
    expect([counted(0, 'file'), counted(1, 'file'), counted(2, 'entry', 'entries')]).toEqual([
      '0 files',
      '1 file',
      '2 entries',
    ]);
  });

  it('has colours on a terminal only, and only if they are wanted', () => {
    const printed = ([live, noColor]: readonly [boolean, string]): string => {
      let text = '';
      const write = (more: string): void => {
        text += more;
      };
      const printer = new Printer({ live, width: 80, write }, { NO_COLOR: noColor });
      printer.heading('Head');
      printer.line('name', 'text');
      printer.plain('end');
      return text;
    };
    const plain = '\nHead\n  name             text\nend\n';
    expect([printed([true, '']), printed([true, '1']), printed([false, ''])]).toEqual([
      '\n\u001B[1mHead\u001B[0m\n  \u001B[2mname             \u001B[0mtext\nend\n',
      plain,
      plain,
    ]);
  });
});
