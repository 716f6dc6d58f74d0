import { styleText } from 'node:util';

/** A style or color of Node's `styleText`, or several. */
type Style = Parameters<typeof styleText>[0];

/** Gives a string a style, or returns it unchanged. */
export type Painter = (style: Style, text: string) => string;

/** @param colours as in `Terminal.colours` */
export function painter(colours: boolean): Painter {
  // Without validateStream: false, Node would check a stream of its own choice.
  return (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
}

/** Line breaks, and what moves a terminal's cursor or reverses the order of letters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Escapes everything but printable characters: users can write anything into SciCat. */
export function oneLine(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}

/** `1 error`, `2 errors`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** An amount of data in decimal units, as Globus shows it, e.g. `734.0 MB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // Below 1000, but `toFixed` would round it to 1000.0.
  while (value >= 999.95 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[unit] ?? ''}`;
}

const TIME_UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** A duration in its largest unit and the next one, e.g. `2 h 13 min`; rounded down. */
export function durationText(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts = TIME_UNITS.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest %= size;
    return { count, text: `${count} ${unit}` };
  });
  const largest = parts.findIndex(({ count }) => count > 0);
  if (largest < 0) return '0 s';
  const shown = parts.slice(largest, largest + 2).filter(({ count }) => count > 0);
  return shown.map(({ text }) => text).join(' ');
}
