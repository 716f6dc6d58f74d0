import type { LoggedCall } from './call-log.js';

/** What looks at tasks are made of; submissions and the like are no part of one. */
const LOOKING = new Set(['list tasks', 'read task', 'event_list']);

/**
 * How many calls each look at Globus took. Calls belong to one look when there is less than half a
 * poll interval between them; the first and the last look may be incomplete, and are left out.
 *
 * @param pollMs between two looks
 */
export function callsByLook(calls: readonly LoggedCall[], pollMs: number): readonly number[] {
  const looks: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { operation, at } of calls) {
    if (!LOOKING.has(operation)) continue;
    if (at - last > pollMs / 2) looks.push(0);
    looks.push((looks.pop() ?? 0) + 1);
    last = at;
  }
  return looks.slice(1, -1);
}
