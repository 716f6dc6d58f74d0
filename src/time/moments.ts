/** A moment for people, such as "30 Nov 14:00 UTC". Milliseconds since the epoch. */
export function minuteOf(ms: number): string {
  // "Mon, 30 Nov 2026 14:00:00 GMT"
  const text = new Date(ms).toUTCString();
  return `${text.slice(5, 11)} ${text.slice(17, 22)} UTC`;
}

/** Go writes up to nine digits after the second. */
const WITH_ZONE = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;
/** Longer than any such text. */
const LONGEST_TEXT = 50;

/** A date and time of ISO 8601 with a time zone, in milliseconds since the epoch. */
export function momentOf(value: unknown): number | undefined {
  const day =
    typeof value === 'string' && value.length < LONGEST_TEXT
      ? WITH_ZONE.exec(value)?.[1]
      : undefined;
  // Date takes 30 February for 2 March.
  if (day === undefined || !isDay(day)) return undefined;
  const at = Date.parse(String(value));
  return Number.isNaN(at) ? undefined : at;
}

function isDay(text: string): boolean {
  const ms = Date.parse(`${text}T00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}
