/** Format of task times: `2022-01-26T19:18:21+00:00` (fact: whole seconds, with a T). */
export function taskTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}+00:00`;
}

/** Format of file times: `2023-12-18 16:52:50+00:00` (fact: with a space). */
export function fileTime(milliseconds: number): string {
  return taskTime(milliseconds).replace('T', ' ');
}

const timePattern =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?(Z|[+-]\d\d:?\d\d)?$/;

/** Parses a date with an optional time and time zone (default UTC). */
export function parseTime(text: string): number | undefined {
  const parts = timePattern.exec(text);
  if (parts === null) return undefined;
  const milliseconds = Date.parse(`${parts[1] ?? ''}T${parts[2] ?? '00:00:00'}${parts[3] ?? 'Z'}`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}
