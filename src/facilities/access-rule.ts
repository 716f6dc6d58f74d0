import type { Facility } from './facility.js';

/** The value at a facility's `accessPath` in an identity document. */
type AccessFound =
  /** There is none; `missing` is the part of the path that ends at the first absent key. */
  | { readonly kind: 'nowhere'; readonly missing: string }
  | { readonly kind: 'text'; readonly value: string }
  /** The strings of a list. */
  | { readonly kind: 'list'; readonly values: readonly string[] }
  /** A value that can't grant access: a number, an object, a boolean, null. */
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
 * `accessValue`, and a list must contain it; there are no substrings or patterns.
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
  const names = accessPath.split('.');
  let value = identity;
  for (const [index, name] of names.entries()) {
    const step = ownValue(value, name) ?? ownValue(value, withSmallInitial(name));
    if (step === undefined)
      return { kind: 'nowhere', missing: names.slice(0, index + 1).join('.') };
    value = step.value;
  }
  if (typeof value === 'string') return { kind: 'text', value };
  if (Array.isArray(value)) {
    return { kind: 'list', values: value.filter((element) => typeof element === 'string') };
  }
  return { kind: 'other', type: value === null ? 'null' : typeof value };
}

/** The value of an own key, wrapped to tell an absent key from any value. */
function ownValue(parent: unknown, key: string): { readonly value: unknown } | undefined {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key))
    return undefined;
  return { value: (parent as Readonly<Record<string, unknown>>)[key] };
}

/** Configurations of the Go version use its own field names: `Profile.AccessGroups`. */
function withSmallInitial(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
