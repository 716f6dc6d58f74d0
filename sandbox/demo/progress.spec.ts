import { describe, expect, it } from '@jest/globals';
import { ProgressDisplay, progressLine } from './progress.js';

const total = { files: 20, bytes: 2_000_000 };

function at(bytes: number, files: number, elapsedMs: number, message = 'transferring') {
  return { bytes, files, total, elapsedMs, message };
}

function display(
  live: boolean,
  width = 200,
): { readonly shown: ProgressDisplay; text: () => string } {
  let text = '';
  const write = (more: string): void => {
    text += more;
  };
  return { shown: new ProgressDisplay({ live, width, write }), text: () => text };
}

describe('progressLine', () => {
  it.each([
    [
      at(999_999, 3, 1234),
      '[##############----------------]  49 %    1.0 MB of 2.0 MB   3 of 20 files   1.2 s  transferring',
    ],
    [
      at(2_000_000, 20, 60_000, 'finished'),
      '[##############################] 100 %    2.0 MB of 2.0 MB  20 of 20 files  60.0 s  finished',
    ],
    [
      { ...at(999_999, 5, 1234), total: { files: 20, bytes: 0 } },
      '[#######-----------------------]  25 %    1.0 MB   5 of 20 files   1.2 s  transferring',
    ],
  ])('shows %j', (state, line) => {
    expect(progressLine(state)).toBe(line);
  });
});

describe('ProgressDisplay', () => {
  it('overwrites one line on a terminal, cut to its width, and ends it once', () => {
    const { shown, text } = display(true, 20);
    shown.show(at(0, 0, 0));
    shown.end(at(2_000_000, 20, 5));
    shown.close();
    expect(text()).toBe('\r  [----------------\u001B[K\r  [################\u001B[K\n');
  });

  it('writes at most a line per second elsewhere, only for changes, and always the last one', () => {
    const { shown, text } = display(false);
    shown.show(at(0, 0, 0));
    shown.show(at(0, 0, 2_000));
    shown.show(at(500_000, 1, 2_200));
    shown.show(at(600_000, 1, 2_400));
    shown.show(at(700_000, 1, 3_300));
    shown.end(at(2_000_000, 20, 3_400, 'finished'));
    shown.close();
    const percentages = text()
      .split('\n')
      .map((line) => /\d+ %/.exec(line)?.[0]);
    expect(percentages).toEqual(['0 %', '25 %', '35 %', '100 %', undefined]);
  });
});
