/** A JSON object of unknown contents. */
export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path of keys, if any. */
export function valueIn(value: unknown, ...keys: readonly string[]): unknown {
  let found = value;
  for (const key of keys) found = isRecord(found) ? found[key] : undefined;
  return found;
}

/** The string at a path of keys; empty without one. */
export function textIn(value: unknown, ...keys: readonly string[]): string {
  const found = valueIn(value, ...keys);
  return typeof found === 'string' ? found : '';
}

/** The number at a path of keys; 0 without one. */
export function numberIn(value: unknown, ...keys: readonly string[]): number {
  const found = valueIn(value, ...keys);
  return typeof found === 'number' ? found : 0;
}
