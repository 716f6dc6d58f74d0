import { type FloatFormat, formatFloat } from './go-float.js';
import {
  canBackquote,
  characterOf,
  isPrintable,
  quoted,
  quotedCharacter,
  utf8,
} from './go-text.js';
import type { Value } from './value.js';

/** The flags, width and precision of one directive of `printf`. */
export interface Layout {
  readonly sharp: boolean;
  /** `#` of the verbs `v` and `w`: as a Go literal. */
  readonly literal: boolean;
  readonly zero: boolean;
  readonly plus: boolean;
  readonly minus: boolean;
  readonly space: boolean;
  /** In characters; at most a million, as in Go. */
  readonly width: number;
  /** At most a million, as in Go. */
  readonly precision: number | undefined;
}

/** Values of some types. */
type Of<Type extends Value['type']> = Extract<Value, { readonly type: Type }>;

/** No flags, no width, no precision. */
const PLAIN: Layout = {
  sharp: false,
  literal: false,
  zero: false,
  plus: false,
  minus: false,
  space: false,
  width: 0,
  precision: undefined,
};

function characterCount(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff]/g)?.length ?? 0);
}

function padded(text: string, { width, minus, zero }: Layout): string {
  if (width === 0) return text;
  const missing = Math.max(width - characterCount(text), 0);
  return minus ? text + ' '.repeat(missing) : (zero ? '0' : ' ').repeat(missing) + text;
}

function paddedWithSpaces(text: string, layout: Layout): string {
  return padded(text, { ...layout, zero: false });
}

/** The first characters of a text, as many as the precision says. */
function truncated(text: string, { precision }: Layout): string {
  if (precision === undefined || precision >= text.length) return text;
  // Half of a pair may be left at the end of the longer part, but not within the precision.
  return Array.from(text.slice(0, 2 * precision))
    .slice(0, precision)
    .join('');
}

/** Whether a number starts with something before its digits even if it is not negative. */
function signOf(isNegative: boolean, { plus, space }: Layout): string {
  if (isNegative) return '-';
  if (plus) return '+';
  return space ? ' ' : '';
}

function hexadecimalBytes(text: string, verb: 'x' | 'X', layout: Layout): string {
  const { precision, sharp, space } = layout;
  // Each UTF-16 unit is at least one byte; the last unit may be half of a pair.
  const bytes = utf8(precision === undefined ? text : text.slice(0, precision + 1));
  const octets = Array.from(bytes.subarray(0, precision), (byte) =>
    byte.toString(16).padStart(2, '0'),
  );
  const prefix = sharp && octets.length > 0 ? '0x' : '';
  const written = prefix + octets.join(space ? ` ${prefix}` : '');
  return padded(verb === 'x' ? written : written.toUpperCase(), layout);
}

function quotedText(text: string, layout: Layout): string {
  const shown = truncated(text, layout);
  return padded(
    layout.sharp && canBackquote(shown) ? `\`${shown}\`` : quoted(shown, layout.plus),
    layout,
  );
}

function formattedText(text: string, verb: string, layout: Layout): string | undefined {
  switch (verb) {
    case 'v':
      return layout.literal ? quotedText(text, layout) : padded(truncated(text, layout), layout);
    case 's':
      return padded(truncated(text, layout), layout);
    case 'x':
    case 'X':
      return hexadecimalBytes(text, verb, layout);
    case 'q':
      return quotedText(text, layout);
    default:
      return undefined;
  }
}

/**
 * An integer in the given base.
 *
 * @param prefix what stands before the digits; a single zero only if they don't begin with one
 */
function integerInBase(value: bigint, base: number, prefix: string, layout: Layout): string {
  const { precision, zero, minus, width } = layout;
  if (precision === 0 && value === 0n) return ' '.repeat(width);
  const sign = signOf(value < 0n, layout);
  const zeroPadded = zero && !minus && precision === undefined;
  const digits = (value < 0n ? -value : value)
    .toString(base)
    .padStart(zeroPadded ? width - sign.length : (precision ?? 0), '0');
  const shownPrefix = digits.startsWith('0') ? prefix.replace(/0$/, '') : prefix;
  return paddedWithSpaces(sign + shownPrefix + digits, layout);
}

/** Like `U+0061`, or with `#`, like `U+0061 'a'`. */
function codePointNotation(value: bigint, layout: Layout): string {
  const number = BigInt.asUintN(64, value);
  const digits = number.toString(16).toUpperCase();
  const char = layout.sharp && number <= 0x10ffffn ? String.fromCodePoint(Number(number)) : '';
  const shown = char !== '' && isPrintable(char) ? ` '${char}'` : '';
  return paddedWithSpaces(
    `U+${digits.padStart(Math.max(layout.precision ?? 0, 4), '0')}${shown}`,
    layout,
  );
}

function formattedInteger(
  { type, value }: Of<'int' | 'uint8'>,
  verb: string,
  layout: Layout,
): string | undefined {
  const { sharp, literal, plus } = layout;
  switch (verb) {
    case 'v':
      return literal && type === 'uint8'
        ? integerInBase(value, 16, '0x', layout)
        : integerInBase(value, 10, '', layout);
    case 'd':
      return integerInBase(value, 10, '', layout);
    case 'b':
      return integerInBase(value, 2, sharp ? '0b' : '', layout);
    case 'o':
      return integerInBase(value, 8, sharp ? '0' : '', layout);
    case 'O':
      return integerInBase(value, 8, sharp ? '0o0' : '0o', layout);
    case 'x':
      return integerInBase(value, 16, sharp ? '0x' : '', layout);
    case 'X':
      return integerInBase(value, 16, sharp ? '0x' : '', layout).toUpperCase();
    case 'c':
      return padded(characterOf(value), layout);
    case 'q':
      return padded(quotedCharacter(characterOf(value), plus), layout);
    case 'U':
      return codePointNotation(value, layout);
    default:
      return undefined;
  }
}

/** `#`: always a point, and zeros at the end that would be left out otherwise. */
function withPoint(number: string, format: FloatFormat, precision: number | undefined): string {
  const tailStart = number.search(format === 'x' || format === 'X' ? /p/i : /e/i);
  const end = tailStart < 0 ? number.length : tailStart;
  const mantissa = number.slice(0, end);
  // A single zero counts as a digit, and so does the x of a hexadecimal number: as in Go.
  const digits = mantissa === '0' ? mantissa : mantissa.replace('.', '').replace(/^0+/, '');
  const wanted = format === 'g' || format === 'G' || format === 'x' ? (precision ?? 6) : 0;
  const point = mantissa.includes('.') ? '' : '.';
  return mantissa + point + '0'.repeat(Math.max(wanted - digits.length, 0)) + number.slice(end);
}

const FLOAT_FORMATS: Readonly<Record<string, FloatFormat>> = {
  v: 'g',
  F: 'f',
  b: 'b',
  e: 'e',
  E: 'E',
  f: 'f',
  g: 'g',
  G: 'G',
  x: 'x',
  X: 'X',
};

function formattedFloat(value: number, verb: string, layout: Layout): string | undefined {
  const format = FLOAT_FORMATS[verb];
  if (format === undefined) return undefined;
  const { precision, sharp, zero, minus, width } = layout;
  const isNegative = value < 0 || Object.is(value, -0);
  const sign = signOf(isNegative, layout);
  const plain = formatFloat(Math.abs(value), format, precision);
  const number = sharp && format !== 'b' ? withPoint(plain, format, precision) : plain;
  return zero && !minus
    ? sign + number.padStart(width - sign.length, '0')
    : padded(sign + number, layout);
}

/** As the verb says; `undefined` if it does not fit the value. */
function fitting(
  value: Of<'string' | 'int' | 'uint8' | 'float64' | 'bool'>,
  verb: string,
  layout: Layout,
): string | undefined {
  if (verb === 'T') return padded(truncated(value.type, layout), layout);
  switch (value.type) {
    case 'string':
      return formattedText(value.value, verb, layout);
    case 'int':
    case 'uint8':
      return formattedInteger(value, verb, layout);
    case 'float64':
      return formattedFloat(value.value, verb, layout);
    case 'bool':
      return verb === 't' || verb === 'v' ? padded(String(value.value), layout) : undefined;
  }
}

/** One operand of `printf`, as Go writes it, including its complaints: `%!d(string=a)`. */
export function formatValue(value: Value, verb: string, layout: Layout): string {
  if (value.type === 'nil') {
    return verb === 'v' || verb === 'T' ? padded('<nil>', layout) : `%!${verb}(<nil>)`;
  }
  return (
    fitting(value, verb, layout) ?? `%!${verb}(${value.type}=${fitting(value, 'v', layout) ?? ''})`
  );
}

/** Go's verb `%v`. */
export function formatted(value: Value): string {
  return formatValue(value, 'v', PLAIN);
}

/** What `{{ value }}` prints. */
export function printed(value: Value): string {
  return value.type === 'nil' ? '<no value>' : formatted(value);
}
