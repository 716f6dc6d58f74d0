import type { FatalError, GlobusTask } from '../ports/globus-transfers.port.js';

/** Globus's words for where a task is, and what they mean to the service. */
const STATUSES: ReadonlyMap<unknown, GlobusTask['status']> = new Map([
  ['ACTIVE', 'ACTIVE'],
  ['INACTIVE', 'INACTIVE'],
  ['SUCCEEDED', 'SUCCEEDED'],
  ['FAILED', 'FAILED'],
]);

/** @returns undefined for a word that Globus is not known to use */
export function taskStatus(word: unknown): GlobusTask['status'] | undefined {
  return STATUSES.get(word);
}

/** The words of Globus with one of these meanings, for a filter. */
export function wordsFor(...meanings: readonly GlobusTask['status'][]): string {
  return [...STATUSES]
    .filter(([, meaning]) => meanings.includes(meaning))
    .map(([word]) => word)
    .join(',');
}

/**
 * What ended a task. Globus shows failed, expired and cancelled tasks alike as `FAILED`; the code of
 * its fatal error tells them apart. Both spellings of the code have been seen.
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
