import { isObject } from '../domain/untyped.js';
import { parseAccessPath, type PathName, printedAccessPath } from './access-path.js';
import type { Facility } from './facility.js';

/** The value at a facility's `accessPath` in an identity document. */
type AccessFound =
  /** There is none; `missing` is the part of the path that ends at the first absent key. */
  | { readonly kind: 'nowhere'; readonly missing: string }
  | { readonly kind: 'text'; readonly value: string }
  /** The strings of a list, and the texts of its numbers. */
  | { readonly kind: 'list'; readonly values: readonly string[] }
  /** A value that can't grant access: an object, a boolean, null, a number that lost digits. */
  | { readonly kind: 'other'; readonly type: string };

/** Whether a user has access to a facility, and why. */
export interface AccessExplanation {
  readonly allowed: boolean;
  /** Name of the facility. */
  readonly facility: string;
  readonly accessPath: string;
  readonly accessValue: string;
  readonly found: AccessFound;
}

/**
 * Applies a facility's access rule to an identity document as returned by SciCat. A string must equal
 * `accessValue`, and a list must contain it; there are no substrings or patterns. A number equals its
 * text: identity providers send ids of groups in either form.
 */
export function explainAccess(
  facility: Pick<Facility, 'name' | 'accessPath' | 'accessValue'>,
  identity: unknown,
): AccessExplanation {
  const { name, accessPath, accessValue } = facility;
  const found = lookUp(identity, accessPath);
  const allowed = accessValue !== '' && grants(found, accessValue);
  return { allowed, facility: name, accessPath, accessValue, found };
}

function grants(found: AccessFound, accessValue: string): boolean {
  if (found.kind === 'text') return found.value === accessValue;
  return found.kind === 'list' && found.values.includes(accessValue);
}

function lookUp(identity: unknown, accessPath: string): AccessFound {
  const parsed = parseAccessPath(accessPath);
  if (parsed.kind === 'unusable') return { kind: 'nowhere', missing: accessPath };
  const { names } = parsed;
  const step = valueAt(identity, names, 0);
  if (!step.found) return { kind: 'nowhere', missing: upToMissing(names, step.missing) };
  const { value } = step;
  const text = textOf(value);
  if (text !== undefined) return { kind: 'text', value: text };
  if (Array.isArray(value)) {
    return { kind: 'list', values: value.map(textOf).filter((one) => one !== undefined) };
  }
  return { kind: 'other', type: value === null ? 'null' : typeof value };
}

type Step =
  | { readonly found: true; readonly value: unknown }
  /** The index of the first name that leads nowhere, on the way that got furthest. */
  | { readonly found: false; readonly missing: number };

/**
 * Follows the names from `from` on. Names of claims may have dots (`https://psi.ch/groups`), so several
 * names together can be one key. The longest key that exists goes first; a shorter one counts where
 * the longer leads nowhere. Each value is visited at most once, since its keys say which names led to it.
 */
function valueAt(value: unknown, names: readonly PathName[], from: number): Step {
  if (from === names.length) return { found: true, value };
  let missing = from;
  for (const { own, to } of keysFor(value, names, from)) {
    const step = valueAt(own, names, to);
    if (step.found) return step;
    missing = Math.max(missing, step.missing);
  }
  return { found: false, missing };
}

/** The own keys of a value that the names from `from` on make, the longest first. */
function keysFor(
  value: unknown,
  names: readonly PathName[],
  from: number,
): readonly { readonly own: unknown; readonly to: number }[] {
  const [first, ...others] = names.slice(from);
  if (first === undefined) return [];
  const own = ownValue(value, first.text) ?? (first.quoted ? undefined : goSpelling(value, first));
  const single = own === undefined ? [] : [{ own: own.value, to: from + 1 }];
  const [second] = others;
  if (first.quoted || second === undefined || second.quoted || !isObject(value)) return single;
  const end = others.findIndex(({ quoted }) => quoted);
  const text = [first, ...(end === -1 ? others : others.slice(0, end))]
    .map((name) => name.text)
    .join('.');
  const longer = Object.keys(value)
    .filter((key) => key.startsWith(`${first.text}.`) && `${text}.`.startsWith(`${key}.`))
    .map((key) => ({ own: value[key], to: from + key.split('.').length }))
    .sort((one, other) => other.to - one.to);
  return [...longer, ...single];
}

/** Configurations of the Go version use its own field names: `Profile.AccessGroups`. */
function goSpelling(value: unknown, { text }: PathName) {
  return ownValue(value, text.charAt(0).toLowerCase() + text.slice(1));
}

/** The path up to a missing name; a part of a web address alone would mean nothing to the reader. */
function upToMissing(names: readonly PathName[], missing: number): string {
  const whole = names[missing]?.quoted === false && /[^\w-]/.test(names[missing].text);
  return printedAccessPath(whole ? names : names.slice(0, missing + 1));
}

/** Numbers beyond this have lost digits on the way, and would equal the text of another number. */
const MOST_DIGITS = 15;

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') return undefined;
  const text = String(value);
  const exact = Number.isInteger(value)
    ? Number.isSafeInteger(value)
    : text.replace(/\D/g, '').length <= MOST_DIGITS;
  return exact ? text : undefined;
}

/** The value of an own key, wrapped to tell an absent key from any value. */
function ownValue(parent: unknown, key: string): { readonly value: unknown } | undefined {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key))
    return undefined;
  return { value: (parent as Readonly<Record<string, unknown>>)[key] };
}
