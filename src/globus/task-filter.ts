import type { TaskQuery } from '../transfers/application/ports/globus-transfers.port.js';
import { isUuid, wireTime } from './globus.wire.js';

/** 50 UUIDs make an address of some 2 kB; how many Globus takes is written nowhere. */
const IDS_PER_REQUEST = 50;

/**
 * The `filter` of a task listing: `/` means and, `,` means or. The type is always named, because
 * what Globus lists without it is not documented.
 */
export function taskFilter(query: TaskQuery): string {
  return ['type:TRANSFER', ...conditions(query)].join('/');
}

function conditions(query: TaskQuery): readonly string[] {
  switch (query.by) {
    case 'ids':
      return [`task_id:${query.taskIds.join(',')}`];
    case 'running':
      return [
        'status:ACTIVE,INACTIVE',
        ...range('request_time', query.requestedFrom, query.requestedTo),
      ];
    case 'completed':
      return ['status:SUCCEEDED,FAILED', ...range('completion_time', query.since, query.until)];
    case 'label':
      return [`label:=${query.label}`];
  }
}

/** Rounded outwards: a task too many does no harm. */
function range(key: string, from: number | undefined, to: number | undefined): readonly string[] {
  if (from === undefined && to === undefined) return [];
  const start = from === undefined ? '' : wireTime(from, 'down');
  const end = to === undefined ? '' : wireTime(to, 'up');
  return [`${key}:${start},${end}`];
}

/**
 * Ids in portions for one request each. What is no UUID is no task of Globus, and must not become
 * part of a filter.
 */
export function idChunks(taskIds: readonly string[]): readonly (readonly string[])[] {
  const ids = [...new Set(taskIds.filter(isUuid))];
  const chunks: (readonly string[])[] = [];
  for (let start = 0; start < ids.length; start += IDS_PER_REQUEST) {
    chunks.push(ids.slice(start, start + IDS_PER_REQUEST));
  }
  return chunks;
}
