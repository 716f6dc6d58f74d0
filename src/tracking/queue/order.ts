import type { Transfer } from '../../domain/transfer.js';

/**
 * Who goes next: the oldest request first; of two requests of the same moment the smaller job id, so
 * that the order is the same after a restart.
 *
 * @returns negative when `a` goes first, positive when `b` does
 */
export function oldestFirst(a: Transfer, b: Transfer): number {
  if (a.requestedAt !== b.requestedAt) return a.requestedAt - b.requestedAt;
  return a.jobId < b.jobId ? -1 : 1;
}
