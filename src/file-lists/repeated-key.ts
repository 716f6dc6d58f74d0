/** A key that an object has more than once. */
export interface RepeatedKey {
  readonly key: string;
  /** Position of the object among its siblings, if it is in an array. */
  readonly index: number;
}

/**
 * The first key that an object has more than once. `JSON.parse` would silently take the last value.
 *
 * @param json valid JSON
 * @param level which objects to look at: 1 for the text itself, 2 for what is in it, and so on
 */
export function repeatedKey(json: string, level: number): RepeatedKey | undefined {
  let depth = 0;
  let index = 0;
  let keys = new Set<unknown>();
  let lastString = '';
  for (let at = 0; at < json.length; at += 1) {
    switch (json.charAt(at)) {
      case '"': {
        const end = endOfString(json, at);
        if (depth === level) lastString = json.slice(at, end + 1);
        at = end;
        break;
      }
      case '{':
      case '[':
        depth += 1;
        if (depth === level) keys = new Set();
        if (depth === level - 1) index = 0;
        break;
      case '}':
      case ']':
        depth -= 1;
        break;
      case ',':
        if (depth === level - 1) index += 1;
        break;
      case ':': {
        if (depth !== level) break;
        const key = JSON.parse(lastString) as string;
        if (keys.has(key)) return { key, index };
        keys.add(key);
        break;
      }
    }
  }
  return undefined;
}

/** Offset of the quote that ends the string that begins here. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}
