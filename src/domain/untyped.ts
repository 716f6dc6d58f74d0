/*
 * Readers of what JSON gave: nothing in it is believed before its type was checked.
 */

/** A field of something that may not even be an object. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** A field that is a string with something in it; undefined for anything else. */
export function stringField(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** A field that is a whole number from 0; undefined for anything else. */
export function countField(value: unknown, name: string): number | undefined {
  const found = field(value, name);
  return typeof found === 'number' && Number.isSafeInteger(found) && found >= 0 ? found : undefined;
}

/** The items of an array; none for anything else. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The strings with something in them of an array; none for anything else. */
export function stringsOf(value: unknown): readonly string[] {
  return itemsOf(value).filter((item): item is string => typeof item === 'string' && item !== '');
}
