import { field } from './untyped.js';

/** SciCat's replacement for e-mail addresses, except for administrators. */
const MASK = '*****';

/** Whether SciCat has hidden part of a string. */
export function isMasked(text: string): boolean {
  return text.includes(MASK);
}

/** Whether `shown` can be the JSON value `wanted` with parts of its strings masked. */
export function sameUnderMask(wanted: unknown, shown: unknown): boolean {
  if (typeof wanted === 'string' && typeof shown === 'string') {
    return wanted === shown || (isMasked(shown) && matchesMask(wanted, shown.split(MASK)));
  }
  if (typeof wanted !== 'object' || wanted === null) return wanted === shown;
  if (typeof shown !== 'object' || shown === null) return false;
  const names = Object.keys(wanted);
  return (
    names.length === Object.keys(shown).length &&
    names.every((name) => sameUnderMask(field(wanted, name), field(shown, name)))
  );
}

function matchesMask(wanted: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? '';
  const last = pieces.at(-1) ?? '';
  if (!wanted.startsWith(first) || !wanted.endsWith(last)) return false;
  let from = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const at = wanted.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return from <= wanted.length - last.length;
}
