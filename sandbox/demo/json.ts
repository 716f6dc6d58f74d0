/** A JSON object of unknown contents. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Whether a parsed JSON value is an object. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands at a path of keys; `undefined` where it leads nowhere. */
export function valueIn(value: unknown, ...keys: readonly string[]): unknown {
  let found = value;
  for (const key of keys) found = isRecord(found) ? found[key] : undefined;
  return found;
}

/** The text at a path of keys; empty where there is none. */
export function textIn(value: unknown, ...keys: readonly string[]): string {
  const found = valueIn(value, ...keys);
  return typeof found === 'string' ? found : '';
}

/** The number at a path of keys; 0 where there is none. */
export function numberIn(value: unknown, ...keys: readonly string[]): number {
  const found = valueIn(value, ...keys);
  return typeof found === 'number' ? found : 0;
}
