/**
 * A value as Go's template engine holds it. `type` is Go's name for the type, which shows in output
 * such as `%!d(string=abc)`. Strings are well-formed Unicode, so UTF-16 here and UTF-8 in Go hold
 * the same characters.
 */
export type Value =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int' | 'uint8'; readonly value: bigint }
  | { readonly type: 'float64'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'nil' };

/** Go's untyped nil. */
export const NIL: Value = { type: 'nil' };

export function stringValue(value: string): Value {
  return { type: 'string', value };
}

export function boolValue(value: boolean): Value {
  return { type: 'bool', value };
}

export function isInteger(value: Value): value is Extract<Value, { readonly value: bigint }> {
  return value.type === 'int' || value.type === 'uint8';
}

/** Go's `IsTrue`: anything but the zero value of its type. */
export function isTrue(value: Value): boolean {
  return value.type !== 'nil' && Boolean(value.value);
}
