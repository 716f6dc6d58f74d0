/** The state of a transfer. */
export type TransferState =
  'waiting' | 'transferring' | 'finalizing' | 'finished' | 'failed' | 'cancelled';

/**
 * The allowed transitions.
 *
 * - `waiting`: accepted, but Globus has not confirmed a task; see `submission` of this status.
 * - `transferring`: Globus runs a task with a known id.
 * - `finalizing`: the Globus task succeeded; the dataset is being marked and the archive job created.
 * - `finished`, `failed`, `cancelled`: final.
 */
export const transitions: Readonly<Record<TransferState, readonly TransferState[]>> = {
  waiting: ['transferring', 'failed', 'cancelled'],
  transferring: ['finalizing', 'failed', 'cancelled'],
  finalizing: ['finished', 'failed'],
  finished: [],
  failed: [],
  cancelled: [],
};

/** Whether a state has no successors. */
export function isFinal(state: TransferState): boolean {
  return transitions[state].length === 0;
}

/** Whether a transition is allowed. A state that is not final may also follow itself. */
export function mayMove(from: TransferState, to: TransferState): boolean {
  return (from === to && !isFinal(from)) || transitions[from].includes(to);
}
