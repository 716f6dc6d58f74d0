/** Where a transfer stands. */
export type TransferState =
  'waiting' | 'transferring' | 'finalizing' | 'finished' | 'failed' | 'cancelled';

/**
 * Which state may follow which. The one table that everything else asks.
 *
 * - `waiting`: accepted; Globus has not confirmed a task. It may have been asked (an answer that
 *   was lost), which `submission` of the waiting status tells.
 * - `transferring`: Globus runs a task whose id is known.
 * - `finalizing`: Globus succeeded; the dataset is being marked and the archive job made.
 * - `finished`, `failed`, `cancelled`: the end.
 */
export const transitions: Readonly<Record<TransferState, readonly TransferState[]>> = {
  waiting: ['transferring', 'failed', 'cancelled'],
  transferring: ['finalizing', 'failed', 'cancelled'],
  finalizing: ['finished', 'failed'],
  finished: [],
  failed: [],
  cancelled: [],
};

/** Whether nothing can follow this state. */
export function isFinal(state: TransferState): boolean {
  return transitions[state].length === 0;
}

/** Whether a transfer may go from one state to the other. Staying is allowed until the end. */
export function mayMove(from: TransferState, to: TransferState): boolean {
  return (from === to && !isFinal(from)) || transitions[from].includes(to);
}
