import { badRequest } from './refusals.js';
import { statusOf, type Task } from './task.js';
import { parseTime } from './times.js';

/** Fact: a task list ends at 1,000 tasks in total, however it is paged. */
const listingEnd = 1000;
const statuses = ['ACTIVE', 'INACTIVE', 'FAILED', 'SUCCEEDED'];

/** Whole seconds since the epoch, both ends included. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** A parsed `filter`; absent parts match everything. */
export interface TaskFilter {
  readonly taskIds: readonly string[] | undefined;
  readonly statuses: readonly string[] | undefined;
  readonly types: readonly string[];
  readonly label: ((label: string) => boolean) | undefined;
  readonly requested: Span | undefined;
  readonly completed: Span | undefined;
}

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/**
 * Parses `limit` and `offset`. Fact: the default limit is 10.
 *
 * @throws TransferRefusal 400
 */
export function parsePage(query: URLSearchParams, maxLimit = 1000): Page {
  return {
    limit: wholeNumber(query, 'limit', 10, 1, maxLimit),
    offset: wholeNumber(query, 'offset', 0, 0, Number.MAX_SAFE_INTEGER),
  };
}

/**
 * Parses `filter=key:v1,v2/key2:v`: `/` means and, `,` means or.
 *
 * @throws TransferRefusal 400 for an unknown key or an invalid value
 */
export function parseTaskFilter(texts: readonly string[]): TaskFilter {
  const parts = new Map<string, readonly string[]>();
  for (const clause of texts.flatMap((text) => text.split('/')).filter((text) => text !== '')) {
    const colon = clause.indexOf(':');
    const key = clause.slice(0, Math.max(0, colon));
    if (!filterKeys.has(key)) throw badRequest(`'${clause}' is not a filter of task_list`);
    parts.set(
      key,
      clause
        .slice(colon + 1)
        .split(',')
        .map((value) => value.trim()),
    );
  }
  const labels = parts.get('label');
  return {
    taskIds: parts.get('task_id'),
    statuses: known(parts.get('status'), statuses),
    // Fact: the API's default is transfers only.
    types: known(parts.get('type'), ['TRANSFER', 'DELETE']) ?? ['TRANSFER'],
    label: labels === undefined ? undefined : textTest(labels),
    requested: parseSpan(parts.get('request_time')),
    completed: parseSpan(parts.get('completion_time')),
  };
}

const filterKeys = new Set([
  'task_id',
  'status',
  'type',
  'label',
  'request_time',
  'completion_time',
]);

/** Whether a task matches the filter, apart from `taskIds`. */
export function passes(filter: TaskFilter, task: Task): boolean {
  if (!filter.types.includes('TRANSFER')) return false;
  if (filter.statuses !== undefined && !filter.statuses.includes(statusOf(task))) return false;
  if (filter.requested !== undefined && !within(filter.requested, task.requestedAt)) return false;
  if (filter.completed !== undefined) {
    if (task.phase.kind !== 'ended' || !within(filter.completed, task.phase.at)) return false;
  }
  return filter.label?.(task.label ?? '') ?? true;
}

/** Whether only ended tasks can match the filter, or only live ones. */
export function lifeOf(filter: TaskFilter): 'alive' | 'ended' | 'any' {
  if (filter.completed !== undefined) return 'ended';
  if (filter.statuses === undefined) return 'any';
  const ended = filter.statuses.some((status) => status === 'FAILED' || status === 'SUCCEEDED');
  const alive = filter.statuses.some((status) => status === 'ACTIVE' || status === 'INACTIVE');
  if (ended && alive) return 'any';
  return ended ? 'ended' : 'alive';
}

/**
 * Parses `orderby`: comma-separated `field [ASC|DESC]`. Without it, the newest request is first.
 *
 * @throws TransferRefusal 400 for a field that can't be used for sorting
 */
export function parseOrder(text: string | null): (left: Task, right: Task) => number {
  const orders = (text === null || text === '' ? 'request_time DESC' : text)
    .split(',')
    .map((part) => {
      const [, name, direction] = /^\s*(\w+)(?:\s+(ASC|DESC))?\s*$/i.exec(part) ?? [];
      const key = sortKeys[name ?? ''];
      if (key === undefined) throw badRequest(`task_list can't be ordered by '${part}'`);
      return { key, sign: direction?.toUpperCase() === 'DESC' ? -1 : 1 };
    });
  const newestFirst = (orders[0]?.sign ?? 1) < 0;
  return (left, right) => {
    for (const { key, sign } of orders) {
      const leftKey = key(left);
      const rightKey = key(right);
      if (leftKey < rightKey) return -sign;
      if (leftKey > rightKey) return sign;
    }
    return newestFirst ? right.sequence - left.sequence : left.sequence - right.sequence;
  };
}

const sortKeys: Readonly<Record<string, (task: Task) => string | number>> = {
  request_time: (task) => task.requestedAt,
  completion_time: (task) => (task.phase.kind === 'ended' ? task.phase.at : Infinity),
  deadline: (task) => task.deadline,
  label: (task) => task.label ?? '',
  status: (task) => statusOf(task),
  task_id: (task) => task.id,
  faults: (task) => task.faults,
};

/** A page of the sorted tasks, and their total, which is at most 1,000. */
export function pageOf<T>(all: readonly T[], page: Page): { page: readonly T[]; total: number } {
  const total = Math.min(all.length, listingEnd);
  return { page: all.slice(page.offset, Math.min(total, page.offset + page.limit)), total };
}

/** `~pattern` (wildcards, any case), `!~pattern`, `=exact`, `!exact`, `!=exact`, or the plain text. */
export function textTest(values: readonly string[]): (label: string) => boolean {
  const wanted: ((label: string) => boolean)[] = [];
  const unwanted: ((label: string) => boolean)[] = [];
  for (const value of values) {
    if (value.startsWith('!~')) unwanted.push(wildcard(value.slice(2)));
    else if (value.startsWith('!=')) unwanted.push((label) => label === value.slice(2));
    else if (value.startsWith('!')) unwanted.push((label) => label === value.slice(1));
    else if (value.startsWith('~')) wanted.push(wildcard(value.slice(1)));
    else wanted.push((label) => label === (value.startsWith('=') ? value.slice(1) : value));
  }
  return (label) =>
    (wanted.length === 0 || wanted.some((test) => test(label))) &&
    !unwanted.some((test) => test(label));
}

function wildcard(pattern: string): (label: string) => boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\?]/g, '\\$&').replaceAll('*', '.*');
  const expression = new RegExp(`^${source}$`, 'is');
  return (label) => expression.test(label);
}

function known(
  values: readonly string[] | undefined,
  allowed: readonly string[],
): readonly string[] | undefined {
  const wrong = values?.find((value) => !allowed.includes(value));
  if (wrong !== undefined) throw badRequest(`'${wrong}' is not one of ${allowed.join(', ')}`);
  return values;
}

/** `start,end`, either of which may be empty. */
function parseSpan(values: readonly string[] | undefined): Span | undefined {
  if (values === undefined) return undefined;
  const [from = '', to = '', more] = values;
  if (more !== undefined) throw badRequest('A time filter is a start and an end');
  return { from: secondsOf(from, -Infinity), to: secondsOf(to, Infinity) };
}

/** A test of milliseconds since the epoch, by `start,end`. @throws TransferRefusal 400 */
export function spanTest(values: readonly string[]): (milliseconds: number) => boolean {
  const span = parseSpan(values);
  return (milliseconds) => span === undefined || within(span, milliseconds);
}

function secondsOf(text: string, whenEmpty: number): number {
  if (text === '') return whenEmpty;
  const milliseconds = parseTime(text);
  if (milliseconds === undefined) throw badRequest(`'${text}' is not a time`);
  return Math.floor(milliseconds / 1000);
}

function within(span: Span, milliseconds: number): boolean {
  const seconds = Math.floor(milliseconds / 1000);
  return span.from <= seconds && seconds <= span.to;
}

function wholeNumber(
  query: URLSearchParams,
  name: string,
  whenAbsent: number,
  least: number,
  most: number,
): number {
  const text = query.get(name);
  if (text === null) return whenAbsent;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw badRequest(`${name} must be a whole number from ${least} to ${most}`);
  }
  return value;
}
