import { hasDotSegment, hasUnprintable } from './path-text.js';

/** A UUID of any version, since Globus and SciCat make several; the whole string, in either case. */
export const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Why a PID is refused, as the end of a sentence that begins with the PID, or `undefined` if it can
 * be asked for. An empty one or a `.` would address another route of SciCat, and PIDs reach paths.
 */
export function refusePid(pid: string): string | undefined {
  if (pid.trim() === '') return 'is empty';
  if (hasDotSegment(pid)) return 'has a "." or ".." segment';
  if (hasUnprintable(pid)) return 'contains a control character or broken text';
  return undefined;
}
