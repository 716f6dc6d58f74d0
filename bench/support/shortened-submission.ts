import type { EmulatedRequest } from '../../sandbox/http/emulator.js';

/** Characters; shorter submissions are read as they are. */
const LONG = 100_000;
const LIST = '"DATA":[';
const ITEM = '"source_path"';

/**
 * Cuts all items but the first out of a long submission, without parsing it.
 *
 * @returns undefined for anything else
 */
export function shortened(request: EmulatedRequest): EmulatedRequest | undefined {
  const { method, path, body } = request;
  if (method !== 'POST' || !path.endsWith('/transfer') || body.length < LONG) return undefined;
  const list = body.indexOf(LIST);
  const firstEnd = body.indexOf('}', list);
  const lastEnd = body.lastIndexOf('}]');
  if (list < 0 || firstEnd < 0 || lastEnd < firstEnd) return undefined;
  return { ...request, body: body.slice(0, firstEnd) + body.slice(lastEnd) };
}

/** How many items a submission lists. */
export function countItems(body: string): number {
  let count = 0;
  for (let at = body.indexOf(ITEM); at >= 0; at = body.indexOf(ITEM, at + ITEM.length)) count += 1;
  return count;
}
