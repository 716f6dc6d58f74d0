import { badRequest } from './refusals.js';
import { spanTest, textTest } from './task-query.js';
import { parseTime } from './times.js';

/** A file document, as `ls` shows it. */
export type FileDocument = Readonly<Record<string, unknown>>;

/** What `ls` shows of a folder, and in which order. */
export interface FileQuery {
  readonly showHidden: boolean;
  /** Undefined if there is no filter. */
  readonly passes: ((file: FileDocument) => boolean) | undefined;
  /** Undefined for the order of the file system port: by name. */
  readonly order: ((left: FileDocument, right: FileDocument) => number) | undefined;
}

/**
 * Parses the query of `ls`. Fact: several `filter` parameters are alternatives (globus-cli lists
 * recursively with `filter=type:dir&filter=name:~*.txt`); `/` within one means and.
 *
 * @throws TransferRefusal 400 for an unknown field or an invalid value
 */
export function parseFileQuery(query: URLSearchParams): FileQuery {
  const filters = query.getAll('filter').filter((text) => text !== '');
  const tests = filters.map((text) =>
    text
      .split('/')
      .filter((part) => part !== '')
      .map(clauseOf),
  );
  return {
    showHidden: query.get('show_hidden') !== '0',
    passes:
      tests.length === 0
        ? undefined
        : (file) => tests.some((clauses) => clauses.every((clause) => clause(file))),
    order: orderOf(query.get('orderby') ?? ''),
  };
}

function clauseOf(text: string): (file: FileDocument) => boolean {
  const colon = text.indexOf(':');
  const field = text.slice(0, Math.max(0, colon));
  const values = text.slice(colon + 1).split(',');
  if (textFields.has(field)) {
    const test = textTest(values);
    return (file) => test(valueOf(file, field));
  }
  if (field === 'last_modified') {
    const test = spanTest(values);
    return (file) => test(parseTime(valueOf(file, field)) ?? 0);
  }
  throw badRequest(`'${text}' is not a filter of ls`);
}

const textFields = new Set(['name', 'type', 'size', 'permissions', 'user', 'group', 'link_target']);
const sortFields = new Set([...textFields, 'last_modified']);

function orderOf(text: string): FileQuery['order'] {
  if (text === '') return undefined;
  const orders = text.split(',').map((part) => {
    const [, field = '', direction] = /^\s*(\w+)(?:\s+(ASC|DESC))?\s*$/i.exec(part) ?? [];
    if (!sortFields.has(field)) throw badRequest(`ls can't be ordered by '${part}'`);
    return { field, sign: direction?.toUpperCase() === 'DESC' ? -1 : 1 };
  });
  return (left, right) => {
    for (const { field, sign } of orders) {
      const compared = compare(left[field], right[field]);
      if (compared !== 0) return sign * compared;
    }
    return 0;
  };
}

function compare(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  const [one, other] = [textOf(left), textOf(right)];
  return one < other ? -1 : one > other ? 1 : 0;
}

function valueOf(file: FileDocument, field: string): string {
  return textOf(file[field]);
}

function textOf(value: unknown): string {
  return typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '';
}
