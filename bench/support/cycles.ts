import type { LoggedCall } from './call-log.js';

/** The calls of a poll; submissions and the like are not part of it. */
const POLL_CALLS = new Set(['list tasks', 'read task', 'event_list']);

/**
 * How many calls each poll of Globus took. Calls belong to the same poll if there is less than half a
 * poll interval between them; the first and the last poll may be incomplete, and are left out.
 *
 * @param pollMs between two polls
 */
export function callsByPoll(calls: readonly LoggedCall[], pollMs: number): readonly number[] {
  return polled(calls, pollMs).slice(1, -1);
}

/** How many polls there were fewer than the interval demands. */
export function missedPolls(
  calls: readonly LoggedCall[],
  pollMs: number,
  elapsedMs: number,
): number {
  return Math.max(0, Math.floor(elapsedMs / pollMs) - polled(calls, pollMs).length);
}

function polled(calls: readonly LoggedCall[], pollMs: number): readonly number[] {
  const polls: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { operation, at } of calls) {
    if (!POLL_CALLS.has(operation)) continue;
    if (at - last > pollMs / 2) polls.push(0);
    polls.push((polls.pop() ?? 0) + 1);
    last = at;
  }
  return polls;
}
