import type { FatalError, GlobusTask } from '../ports/globus-transfers.port.js';

/** Globus's task statuses, and what they mean to the service. */
const STATUSES: ReadonlyMap<unknown, GlobusTask['status']> = new Map([
  ['ACTIVE', 'ACTIVE'],
  ['INACTIVE', 'INACTIVE'],
  ['SUCCEEDED', 'SUCCEEDED'],
  ['FAILED', 'FAILED'],
]);

/** @returns undefined for an unknown status */
export function taskStatus(word: unknown): GlobusTask['status'] | undefined {
  return STATUSES.get(word);
}

/** Globus's statuses with one of these meanings, for a filter. */
export function wordsFor(...meanings: readonly GlobusTask['status'][]): string {
  return [...STATUSES]
    .filter(([, meaning]) => meanings.includes(meaning))
    .map(([word]) => word)
    .join(',');
}

/**
 * What ended a task. The status of failed, expired and cancelled tasks is `FAILED`; only the code of
 * the fatal error distinguishes them. Both spellings of `CANCELED` occur.
 */
export function fatalErrorKind(code: string): FatalError['kind'] {
  switch (code.toUpperCase()) {
    case 'CANCELED':
    case 'CANCELLED':
      return 'cancelled';
    case 'EXPIRED':
      return 'expired';
    default:
      return 'failed';
  }
}
