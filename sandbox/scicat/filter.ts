import type { Traits } from './generation.js';
import { internalServerError, Refusal } from './responses.js';

/** A filter that SciCat refuses with 400 and this message. */
export class FilterError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FilterError';
  }
}

export type Predicate = (document: unknown) => boolean;

/** A parsed list filter. */
export interface ListFilter {
  readonly matches: Predicate;
  /** The unparsed `where`, for use of an index. */
  readonly where: Readonly<Record<string, unknown>>;
  /** `undefined`: whole documents. */
  readonly project: ((document: unknown) => unknown) | undefined;
  readonly sort: readonly (readonly [path: string, direction: 1 | -1])[];
  /** `undefined`: no limit. */
  readonly limit: number | undefined;
  readonly skip: number;
}

/** How a list reads its filter. */
export interface FilterRules extends Pick<Traits['jobList'], 'sort' | 'defaultLimit'> {
  /** Fields that `where` may use. */
  readonly fields: readonly string[];
  /** Fields below which any path and operator is accepted. */
  readonly freeFields: readonly string[];
  /** Dates. Surprise: strings in a filter are not converted, and so never match a date. */
  readonly dateFields: readonly string[];
  /** Added to every projection for sorting, and removed afterwards. */
  readonly mandatoryFields: readonly string[];
}

const OPERATORS = new Set(
  '$in $nin $or $and $nor $eq $ne $gt $gte $lt $lte $not $exists $regex $options'.split(' '),
);
const KNOWN_KEYS = new Set(['where', 'fields', 'limits', 'include', 'sort']);

/**
 * Parses the `filter` parameter of a list.
 *
 * @param text `null` without the parameter: everything matches
 * @throws FilterError for what SciCat refuses; Refusal for what it crashes on
 */
export function parseListFilter(text: string | null, rules: FilterRules): ListFilter {
  const given = text === null ? {} : parseFilterJson(text);
  // Surprise: `filter=null` is a 500.
  if (given === null) throw new Refusal(internalServerError);
  if (!isRecord(given)) throw new FilterError('Invalid JSON in filter: an object is expected');
  for (const key of Object.keys(given)) {
    if (!KNOWN_KEYS.has(key)) refuseProperty(key);
  }
  const where = recordOrEmpty(given['where'], 'where');
  checkWhere(where, rules);
  const limits = recordOrEmpty(given['limits'], 'limits');
  const limit = countOf(limits['limit'], 'limit');
  const fields: unknown = given['fields'];
  return {
    where,
    matches: compileWhere(where, rules.dateFields),
    // Surprise: `fields` as an object is silently ignored.
    project: Array.isArray(fields) && fields.length > 0 ? compileProjection(fields) : undefined,
    // Surprise: the other `sort` is silently ignored.
    sort: rules.sort === 'top-level' ? sortOf(given['sort']) : pipelineSortOf(limits['sort']),
    limit: limit === 0 ? undefined : (limit ?? rules.defaultLimit),
    skip: countOf(limits['skip'], 'skip') ?? 0,
  };
}

/**
 * Sorts, pages and projects the matching documents.
 *
 * Surprises: the limit is applied before the skip, so that `limit 5, skip 5` is always empty; sorting
 * follows the projection, so that it works only with fields in `fields`.
 */
export function finishList(
  matched: readonly unknown[],
  filter: ListFilter,
  mandatoryFields: readonly string[],
): unknown[] {
  const sortable = filter.sort.filter(
    ([path]) =>
      filter.project === undefined ||
      mandatoryFields.includes(path) ||
      matched.some((document) => valueAt(filter.project?.(document), path) !== undefined),
  );
  const sorted = sortable.length === 0 ? matched : sortBy(matched, sortable);
  const cut = sorted.slice(0, filter.limit).slice(filter.skip);
  return filter.project === undefined ? cut : cut.map(filter.project);
}

function sortBy(documents: readonly unknown[], sort: ListFilter['sort']): unknown[] {
  return documents
    .map((document) => ({ document, keys: sort.map(([path]) => valueAt(document, path)) }))
    .sort((a, b) => {
      for (const [index, [, direction]] of sort.entries()) {
        const order = compareValues(a.keys[index], b.keys[index]);
        if (order !== 0) return order * direction;
      }
      return 0;
    })
    .map(({ document }) => document);
}

/** Compiles a MongoDB condition. @throws FilterError for unknown operators */
export function compileWhere(
  where: Readonly<Record<string, unknown>>,
  dateFields: readonly string[] = [],
): Predicate {
  const parts = Object.entries(where).map(([key, condition]): Predicate => {
    switch (key) {
      case '$and': {
        const all = branches(condition, dateFields);
        return (document) => all.every((branch) => branch(document));
      }
      case '$or': {
        const any = branches(condition, dateFields);
        return (document) => any.some((branch) => branch(document));
      }
      case '$nor': {
        const none = branches(condition, dateFields);
        return (document) => !none.some((branch) => branch(document));
      }
      default:
        return compileField(key, condition, dateFields.includes(key));
    }
  });
  const [only] = parts;
  return parts.length === 1 && only !== undefined
    ? only
    : (document) => parts.every((part) => part(document));
}

/** Compiles dotted paths into a projection, as MongoDB's `$project` does. */
export function compileProjection(fields: readonly unknown[]): (document: unknown) => unknown {
  interface Tree {
    [key: string]: Tree | true;
  }
  const root: Tree = {};
  for (const field of fields) {
    if (typeof field !== 'string') throw new FilterError('fields must be strings');
    let node = root;
    const path = field.split('.');
    path.forEach((key, index) => {
      const below = node[key];
      if (below === true) return;
      if (index === path.length - 1) node[key] = true;
      else node = node[key] = below ?? {};
    });
  }
  const pick = (value: unknown, tree: Tree): unknown => {
    if (Array.isArray(value)) return value.map((item: unknown) => pick(item, tree));
    if (!isRecord(value)) return undefined;
    const picked: Record<string, unknown> = {};
    for (const [key, below] of Object.entries(tree)) {
      const kept = below === true ? value[key] : pick(value[key], below);
      if (kept !== undefined) picked[key] = kept;
    }
    return picked;
  };
  return (document) => pick(document, root);
}

/** The value at a dotted path, not through arrays. */
export function valueAt(document: unknown, path: string): unknown {
  let value = document;
  for (const key of path.split('.')) {
    if (!isRecord(value)) return undefined;
    value = value[key];
  }
  return value;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseFilterJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FilterError(`Invalid JSON in filter: ${(error as Error).message}`);
  }
}

function refuseProperty(path: string): never {
  throw new FilterError(`Property ${path} should not exist in the filter object`);
}

function recordOrEmpty(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw new FilterError(`${name} must be an object`);
  return value;
}

function countOf(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw new FilterError(`limits.${name} must be a number from 0`);
  }
  return value;
}

function sortOf(value: unknown): readonly (readonly [string, 1 | -1])[] {
  return Object.entries(recordOrEmpty(value, 'sort')).map(([path, direction]) => {
    if (direction !== 1 && direction !== -1) throw new FilterError('Invalid sort direction');
    return [path, direction] as const;
  });
}

/** Surprise: anything but "asc" is descending, 1 as well. */
function pipelineSortOf(value: unknown): readonly (readonly [string, 1 | -1])[] {
  return Object.entries(recordOrEmpty(value, 'limits.sort')).map(([path, direction]) => [
    path,
    direction === 'asc' ? 1 : -1,
  ]);
}

function checkWhere(where: Readonly<Record<string, unknown>>, rules: FilterRules): void {
  for (const [key, condition] of Object.entries(where)) {
    if (key === '$and' || key === '$or' || key === '$nor') {
      for (const branch of arrayOf(condition, key)) checkWhere(recordOrEmpty(branch, key), rules);
      continue;
    }
    const [first] = key.split('.', 1);
    if (first !== undefined && rules.freeFields.includes(first)) continue;
    if (!rules.fields.includes(key)) refuseProperty(`where.${key}`);
    if (!isRecord(condition)) continue;
    for (const operator of Object.keys(condition)) {
      if (!OPERATORS.has(operator)) refuseProperty(`where.${key}.${operator}`);
    }
  }
}

function branches(condition: unknown, dateFields: readonly string[]): Predicate[] {
  return arrayOf(condition, '$and, $or and $nor').map((branch) =>
    compileWhere(recordOrEmpty(branch, '$and, $or and $nor'), dateFields),
  );
}

function arrayOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new FilterError(`${name} must be an array`);
  return value;
}

type Test = (value: unknown) => boolean;

function compileField(path: string, condition: unknown, isDate: boolean): Predicate {
  const keys = path.split('.');
  const tests = conditionTests(condition).map(({ test, negated }): Predicate => {
    // A date equals no JSON value.
    const applied: Test = isDate ? (value) => test(value === undefined ? value : DATE) : test;
    return (document) => anyAt(document, keys, 0, applied) !== negated;
  });
  return (document) => tests.every((test) => test(document));
}

const DATE = Symbol('a date');

function conditionTests(condition: unknown): { test: Test; negated: boolean }[] {
  if (!isRecord(condition) || !Object.keys(condition).some((key) => key.startsWith('$'))) {
    return [{ test: equals(condition), negated: false }];
  }
  return Object.entries(condition)
    .filter(([operator]) => operator !== '$options')
    .map(([operator, operand]) => operatorTest(operator, operand, condition));
}

function operatorTest(
  operator: string,
  operand: unknown,
  condition: Readonly<Record<string, unknown>>,
): { test: Test; negated: boolean } {
  const positive = (test: Test): { test: Test; negated: boolean } => ({ test, negated: false });
  const negative = (test: Test): { test: Test; negated: boolean } => ({ test, negated: true });
  switch (operator) {
    case '$eq':
      return positive(equals(operand));
    case '$ne':
      return negative(equals(operand));
    case '$in':
      return positive(equalsAny(arrayOf(operand, operator)));
    case '$nin':
      return negative(equalsAny(arrayOf(operand, operator)));
    case '$gt':
      return positive(ordered(operand, (order) => order > 0));
    case '$gte':
      return positive(ordered(operand, (order) => order >= 0));
    case '$lt':
      return positive(ordered(operand, (order) => order < 0));
    case '$lte':
      return positive(ordered(operand, (order) => order <= 0));
    case '$exists':
      return {
        test: (value) => value !== undefined,
        negated: operand === false || operand === 0 || operand === null,
      };
    case '$regex': {
      const expression = regexOf(operand, condition['$options']);
      return positive((value) => typeof value === 'string' && expression.test(value));
    }
    case '$not': {
      const tests = conditionTests(operand);
      return negative((value) => tests.every(({ test, negated }) => test(value) !== negated));
    }
    case '$size':
      return positive((value) => Array.isArray(value) && value.length === operand);
    case '$elemMatch': {
      const matches = compileWhere(recordOrEmpty(operand, operator));
      return positive(
        (value) => Array.isArray(value) && value.some((item: unknown) => matches(item)),
      );
    }
    default:
      throw new FilterError(`unknown operator: ${operator}`);
  }
}

/** Follows a path as MongoDB does: into every element of an array, and to the whole array at the end. */
function anyAt(value: unknown, keys: readonly string[], index: number, test: Test): boolean {
  const key = keys[index];
  if (key === undefined) {
    return test(value) || (Array.isArray(value) && value.some((item: unknown) => test(item)));
  }
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return (
      (/^\d+$/.test(key) && anyAt(items[Number(key)], keys, index + 1, test)) ||
      items.some((item) => isRecord(item) && anyAt(item, keys, index, test))
    );
  }
  return anyAt(isRecord(value) ? value[key] : undefined, keys, index + 1, test);
}

/** An absent value equals `null`; the keys of equal objects must be in the same order. */
function equals(wanted: unknown): Test {
  if (wanted === null) return (value) => value === null || value === undefined;
  if (typeof wanted !== 'object') return (value) => value === wanted;
  const text = JSON.stringify(wanted);
  return (value) => typeof value === 'object' && value !== null && JSON.stringify(value) === text;
}

function equalsAny(wanted: readonly unknown[]): Test {
  const tests = wanted.map(equals);
  return (value) => tests.some((test) => test(value));
}

/** Compares only values of the same type. */
function ordered(operand: unknown, holds: (order: number) => boolean): Test {
  if (typeof operand !== 'string' && typeof operand !== 'number') return () => false;
  return (value) => typeof value === typeof operand && holds(compareValues(value, operand));
}

function regexOf(operand: unknown, options: unknown): RegExp {
  try {
    return new RegExp(String(operand), typeof options === 'string' ? options : '');
  } catch (error) {
    throw new FilterError((error as Error).message);
  }
}

/** In MongoDB's order of types: nothing, numbers, strings, others. */
function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return rank(a) - rank(b);
}

function rank(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === 'number') return 1;
  return typeof value === 'string' ? 2 : 3;
}
