import type { Facility } from './facility.js';

/** What stands at a facility's `accessPath` in an identity document. */
type AccessFound =
  /** The path leads nowhere; `missing` is the part of it that ends at the first absent key. */
  | { readonly kind: 'nowhere'; readonly missing: string }
  | { readonly kind: 'text'; readonly value: string }
  /** A list; `values` are those of its elements that are texts. */
  | { readonly kind: 'list'; readonly values: readonly string[] }
  /** Something that grants nothing: a number, an object, a boolean, null. */
  | { readonly kind: 'other'; readonly type: string };

/** Whether a user has access to a facility, and all that is needed to explain it to a person. */
export interface AccessExplanation {
  readonly allowed: boolean;
  /** Name of the facility. */
  readonly facility: string;
  readonly accessPath: string;
  readonly accessValue: string;
  readonly found: AccessFound;
}

/**
 * Applies a facility's own rule to an identity document as SciCat returns it. A list must have an
 * element equal to `accessValue`, a text must be equal; no substrings, no patterns. A path that
 * leads nowhere grants nothing.
 */
export function explainAccess(
  facility: Pick<Facility, 'name' | 'accessPath' | 'accessValue'>,
  identity: unknown,
): AccessExplanation {
  const { name, accessPath, accessValue } = facility;
  const found = lookUp(identity, accessPath);
  return {
    allowed: accessValue !== '' && grants(found, accessValue),
    facility: name,
    accessPath,
    accessValue,
    found,
  };
}

function grants(found: AccessFound, accessValue: string): boolean {
  switch (found.kind) {
    case 'text':
      return found.value === accessValue;
    case 'list':
      return found.values.includes(accessValue);
    case 'nowhere':
    case 'other':
      return false;
  }
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

/**
 * The value under a key of the document itself, wrapped so that "absent" differs from any value.
 * Inherited keys (`constructor`, `__proto__`) are not part of what SciCat said.
 */
function ownValue(parent: unknown, key: string): { readonly value: unknown } | undefined {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key))
    return undefined;
  return { value: (parent as Readonly<Record<string, unknown>>)[key] };
}

/** The Go version wrote `Profile.AccessGroups`, after its own structure's names. */
function withSmallInitial(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
