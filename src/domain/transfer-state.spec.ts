import { describe, expect, test } from '@jest/globals';
import { isFinal, mayMove, type TransferState, transitions } from './transfer-state.js';

const STATES = Object.keys(transitions) as readonly TransferState[];

/** All states that can follow, in any number of steps. */
function reachableFrom(start: TransferState): ReadonlySet<TransferState> {
  const reached = new Set<TransferState>([start]);
  // A set that grows while it is walked is walked to its new end.
  for (const state of reached) for (const next of transitions[state]) reached.add(next);
  return reached;
}

describe('the table of transitions', () => {
  test('is exactly the documented one', () => {
    expect(transitions).toEqual({
      waiting: ['transferring', 'failed', 'cancelled'],
      transferring: ['finalizing', 'failed', 'cancelled'],
      finalizing: ['finished', 'failed'],
      finished: [],
      failed: [],
      cancelled: [],
    });
  });

  test('every state is reachable from the first one, or users would never see it', () => {
    expect([...reachableFrom('waiting')].sort()).toEqual([...STATES].sort());
  });

  test.each(STATES.filter((state) => !isFinal(state)))(
    '%s can end, or a transfer would stay open for ever',
    (state) => {
      expect([...reachableFrom(state)].filter(isFinal)).not.toEqual([]);
    },
  );

  test('the three ends are final and the others are not', () => {
    expect(STATES.filter(isFinal)).toEqual(['finished', 'failed', 'cancelled']);
  });

  test('staying is allowed until the end, and else only what the table says', () => {
    for (const from of STATES) {
      for (const to of STATES) {
        expect([from, to, mayMove(from, to)]).toEqual([
          from,
          to,
          (from === to && transitions[from].length > 0) || transitions[from].includes(to),
        ]);
      }
    }
  });
});
