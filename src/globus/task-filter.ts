import type { TaskQuery } from '../ports/globus-transfers.port.js';
import { isUuid } from '../domain/identifiers.js';
import { wireTime } from './globus.wire.js';
import { wordsFor } from './task-status.js';

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
        `status:${wordsFor('ACTIVE', 'INACTIVE')}`,
        ...(query.requestedFrom === undefined ? [] : [since('request_time', query.requestedFrom)]),
      ];
    case 'completed':
      return [`status:${wordsFor('SUCCEEDED', 'FAILED')}`, since('completion_time', query.since)];
    case 'label':
      return [`label:=${query.label}`];
  }
}

/** Rounded down to Globus's whole seconds: a task too many does no harm. */
function since(key: string, from: number): string {
  return `${key}:${wireTime(from)},`;
}

/** The `orderby` of a task listing; undefined where the order does not matter. */
export function taskOrder(query: TaskQuery): string | undefined {
  switch (query.by) {
    case 'running':
      return 'request_time ASC';
    case 'completed':
      return 'completion_time ASC';
    case 'ids':
    case 'label':
      return undefined;
  }
}

/**
 * Ids in portions for one request each. What is not a UUID is not a task of Globus, and must not become
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
