import type { TaskQuery } from '../ports/globus-transfers.port.js';
import { isUuid } from '../domain/identifiers.js';
import { RUNNING_TASK_FIELDS, wireTime } from './globus.wire.js';
import { wordsFor } from './task-status.js';

/** 50 UUIDs make a URL of about 2 kB; Globus documents no limit. */
const IDS_PER_REQUEST = 50;

/** The type is always given, because Globus does not document what is listed without it. */
const TYPE = 'type:TRANSFER';

/** Parameters of a task listing. In a `filter`, `/` means and, `,` means or. */
export function listingParameters(query: TaskQuery): {
  readonly filter: string;
  readonly orderby?: string;
  readonly fields?: string;
} {
  switch (query.by) {
    case 'ids':
      return { filter: `${TYPE}/task_id:${query.taskIds.join(',')}` };
    case 'label':
      return { filter: `${TYPE}/label:=${query.label}` };
    case 'running': {
      const { requestedFrom } = query;
      const from = requestedFrom === undefined ? '' : `/${since('request_time', requestedFrom)}`;
      return {
        filter: `${TYPE}/status:${wordsFor('ACTIVE', 'INACTIVE')}${from}`,
        orderby: 'request_time ASC',
        // Only in the listing of every cycle: running tasks have no nested fields, and it is not
        // certain that Globus can return those by name.
        fields: RUNNING_TASK_FIELDS,
      };
    }
    case 'completed':
      return {
        filter: `${TYPE}/status:${wordsFor('SUCCEEDED', 'FAILED')}/${since('completion_time', query.since)}`,
        orderby: 'completion_time ASC',
      };
  }
}

/** Rounded down to Globus's whole seconds: an extra task does no harm. */
function since(key: string, from: number): string {
  return `${key}:${wireTime(from)},`;
}

/** Splits ids for one request each. Drops those that are not UUIDs, which no task of Globus has. */
export function idChunks(taskIds: readonly string[]): readonly (readonly string[])[] {
  const ids = [...new Set(taskIds.filter(isUuid))];
  const chunks: (readonly string[])[] = [];
  for (let start = 0; start < ids.length; start += IDS_PER_REQUEST) {
    chunks.push(ids.slice(start, start + IDS_PER_REQUEST));
  }
  return chunks;
}
