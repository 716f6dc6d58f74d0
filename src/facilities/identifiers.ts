import { hasDotSegment, hasUnprintable } from './path-text.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a text is a UUID: of any version, since Globus and SciCat make several. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/**
 * Whether a text can be a SciCat job id. Anything else must not be asked for: `fullquery` and
 * `fullfacet` are other routes of SciCat, not jobs.
 */
export function isJobId(text: string): boolean {
  return isUuid(text);
}

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
