import { describe, expect, it } from '@jest/globals';
import { callsThatAreNotRun, consoleBlocks, isAsShown, withOutputs } from './console-blocks.js';

const TICKS = '```';

describe('console blocks of a document', () => {
  it('are those in which the program is called, with what is typed and printed', () => {
    const text = `
${TICKS}console
$ npm ci
${TICKS}
1. in a list
   ${TICKS}console scene=outage
   $ scicat-globus-proxy try \\
       --more
   first

   last

   $ echo $?
   1
   ${TICKS}
${TICKS}sh
$ scicat-globus-proxy serve
${TICKS}
`;
    expect(consoleBlocks(text)).toEqual([
      {
        line: 6,
        length: 8,
        indent: '   ',
        scene: 'outage',
        commands: [
          {
            typed: 'scicat-globus-proxy try \\\n    --more',
            printed: ['first', '', 'last'],
            line: 7,
          },
          { typed: 'echo $?', printed: ['1'], line: 13 },
        ],
      },
    ]);
  });

  it.each([
    'scicat-globus-proxy x',
    'TOKEN=a scicat-globus-proxy x',
    'cat token | scicat-globus-proxy x',
    'cd /etc && scicat-globus-proxy x',
  ])('"%s" is a call', (typed) => {
    expect(consoleBlocks(`${TICKS}console\n$ ${typed}\n${TICKS}\n`)).toHaveLength(1);
  });

  it('"docker run scicat-globus-proxy" is none', () => {
    const text = `${TICKS}console\n$ docker run scicat-globus-proxy\n${TICKS}\n`;
    expect(consoleBlocks(text)).toEqual([]);
  });

  it('can be given other outputs, and nothing else changes', () => {
    const text = `# Title

1. in a list
   ${TICKS}console
   $ scicat-globus-proxy try \\
       --more
   old
   $ echo $?
   0
   ${TICKS}

The end
`;
    const [block] = consoleBlocks(text);
    expect(block && withOutputs(text, block, [['new', '', 'lines'], ['1']])).toBe(
      text.replace('   old', '   new\n\n   lines').replace('   0\n', '   1\n'),
    );
    expect(block && withOutputs(text, block, [['old'], ['0']])).toBe(text);
  });

  it('calls in other blocks are found, unless they run for ever', () => {
    const block = (language: string, line: string): string =>
      `${TICKS}${language}\n${line}\n${TICKS}\n`;
    const text = [
      block('sh', 'scicat-globus-proxy doctor'),
      block('', '$ scicat-globus-proxy check-config'),
      block('sh', 'scicat-globus-proxy serve'),
      block('sh', 'docker build -t scicat-globus-proxy .'),
      block('console', '$ scicat-globus-proxy doctor'),
    ].join('');
    expect(callsThatAreNotRun(text)).toEqual([
      '2: scicat-globus-proxy doctor',
      '5: $ scicat-globus-proxy check-config',
    ]);
  });
});

describe('what is printed', () => {
  it.each<[readonly string[], readonly string[], boolean]>([
    [['a', 'b'], ['a', 'b'], true],
    [['a'], ['a', 'b'], false],
    [['a', '…'], ['a', 'b', 'c'], true],
    [['a', '…'], ['a'], true],
    [['…', 'c'], ['a', 'b', 'c'], true],
    [['a', '…', 'c'], ['a', 'b'], false],
    [['took … ms (*)'], ['took 12 ms (*)'], true],
    [['took … ms'], ['took 12', ' ms'], false],
    [['a.c'], ['abc'], false],
  ])('%j stands for %j: %s', (shown, printed, expected) => {
    expect(isAsShown(shown, printed)).toBe(expected);
  });
});
