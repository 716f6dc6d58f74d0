/** A moment for people, such as "30 Nov 14:00 UTC". Milliseconds since the epoch. */
export function minuteOf(ms: number): string {
  // "Mon, 30 Nov 2026 14:00:00 GMT"
  const text = new Date(ms).toUTCString();
  return `${text.slice(5, 11)} ${text.slice(17, 22)} UTC`;
}
