import type { Transfer } from '../../domain/transfer.js';

/**
 * Queue order: the oldest request first; of two with the same time the smaller job id, so that the
 * order survives a restart.
 *
 * @returns negative when `a` goes first, positive when `b` does
 */
export function oldestFirst(a: Transfer, b: Transfer): number {
  if (a.requestedAt !== b.requestedAt) return a.requestedAt - b.requestedAt;
  return a.jobId < b.jobId ? -1 : 1;
}
