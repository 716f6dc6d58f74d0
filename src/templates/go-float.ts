/*
 * Go's `strconv.FormatFloat` as far as `fmt` needs it. Numbers with a precision are rounded on the
 * exact decimal value, half to even; JavaScript's `toFixed` rounds half up, and stops at 100 digits.
 */

/** How Go writes a float64: the letter of `strconv.FormatFloat`. */
export type FloatFormat = 'b' | 'e' | 'E' | 'f' | 'g' | 'G' | 'x' | 'X';

/** 0.`digits` × 10^`point`, without zeros at either end; no digits for zero. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

/** `mantissa` × 2^`exponent`, with the hidden bit in the mantissa. */
interface Binary {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const FRACTION_BITS = 52;

function binaryOf(value: number): Binary {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & (2n ** 52n - 1n);
  return exponent === 0
    ? { mantissa: fraction, exponent: -1022 - FRACTION_BITS }
    : { mantissa: fraction | (2n ** 52n), exponent: exponent - 1023 - FRACTION_BITS };
}

function decimal(digits: string, point: number): Decimal {
  const significant = withoutTrailingZeros(digits);
  return { digits: significant, point: significant === '' ? 0 : point };
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (digits.charAt(end - 1) === '0') end -= 1;
  return digits.slice(0, end);
}

/** All digits of the exact value. */
function exactDecimal(value: number): Decimal {
  const { mantissa, exponent } = binaryOf(value);
  const digits =
    exponent < 0 ? `${mantissa * 5n ** BigInt(-exponent)}` : `${mantissa << BigInt(exponent)}`;
  return decimal(digits, digits.length + Math.min(exponent, 0));
}

/** The fewest digits that read back as the same value. */
function shortestDecimal(value: number): Decimal {
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  return decimal(digits.replace('.', ''), Number(exponent) + 1);
}

/** Rounded to `count` digits, half to even. */
function rounded({ digits, point }: Decimal, count: number): Decimal {
  if (count < 0 || count >= digits.length) return { digits, point };
  const kept = digits.slice(0, count);
  const next = digits.charAt(count);
  const isHalf = next === '5' && count + 1 === digits.length;
  const up = isHalf ? /[13579]$/.test(kept) : next >= '5';
  if (!up) return decimal(kept, point);
  const raised = (BigInt(kept) + 1n).toString();
  return decimal(raised, point + raised.length - count);
}

function exponential({ digits, point }: Decimal, precision: number, letter: string): string {
  const fraction = digits.slice(1, 1 + precision).padEnd(precision, '0');
  const exponent = digits === '' ? 0 : point - 1;
  const sign = exponent < 0 ? '-' : '+';
  return (
    (digits.charAt(0) || '0') +
    (fraction === '' ? '' : `.${fraction}`) +
    `${letter}${sign}${String(Math.abs(exponent)).padStart(2, '0')}`
  );
}

function positional({ digits, point }: Decimal, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (precision === 0) return whole;
  const leadingZeros = Math.min(Math.max(-point, 0), precision);
  const rest = digits.slice(Math.max(point, 0), Math.max(point + precision, 0));
  return `${whole}.${('0'.repeat(leadingZeros) + rest).padEnd(precision, '0')}`;
}

/** Exponential for large and small numbers, else positional. */
function general(value: number, precision: number | undefined, letter: string): string {
  const digitCount = precision === 0 ? 1 : precision;
  const shown =
    digitCount === undefined ? shortestDecimal(value) : rounded(exactDecimal(value), digitCount);
  const { digits, point } = shown;
  let limit = 6;
  if (digitCount !== undefined) {
    limit = digitCount > digits.length && digits.length >= point ? digits.length : digitCount;
  }
  const exponent = point - 1;
  return exponent < -4 || exponent >= limit
    ? exponential(shown, Math.max(digits.length - 1, 0), letter)
    : positional(shown, Math.max(digits.length - point, 0));
}

/** Like `4503599627370496p-52`. */
function binaryExponent({ mantissa, exponent }: Binary): string {
  return `${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`;
}

/** Like `0x1.8p+01`; the fraction is rounded to `precision` hexadecimal digits, half to even. */
function hexadecimal(value: number, precision: number | undefined, upper: boolean): string {
  let { mantissa, exponent } = binaryOf(value);
  exponent = mantissa === 0n ? 0 : exponent + FRACTION_BITS;
  while (mantissa !== 0n && mantissa < 2n ** 52n) {
    mantissa <<= 1n;
    exponent--;
  }
  const dropped = BigInt(FRACTION_BITS - 4 * Math.min(precision ?? 13, 13));
  const half = dropped === 0n ? 0n : 1n << (dropped - 1n);
  const rest = mantissa & ((1n << dropped) - 1n);
  mantissa >>= dropped;
  if (rest > half || (rest === half && half > 0n && (mantissa & 1n) === 1n)) mantissa++;
  mantissa <<= dropped;
  if (mantissa >= 2n ** 53n) {
    mantissa >>= 1n;
    exponent++;
  }
  const whole = mantissa >> 52n;
  const digits = (mantissa & (2n ** 52n - 1n)).toString(16).padStart(13, '0');
  const fraction =
    precision === undefined
      ? withoutTrailingZeros(digits)
      : digits.slice(0, precision).padEnd(precision, '0');
  const sign = exponent < 0 ? '-' : '+';
  const text =
    `0x${whole}${fraction === '' ? '' : `.${fraction}`}` +
    `p${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  return upper ? text.toUpperCase() : text;
}

/**
 * A finite float64 as Go's package `fmt` writes it, with a sign only if it is negative.
 *
 * @param precision digits after the point, or of all digits for `g` and `G`. Without it, `e` and `f`
 * have 6 digits, and the others as many as it takes to read back the same value; `b` has none
 */
export function formatFloat(
  value: number,
  format: FloatFormat,
  precision: number | undefined,
): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return sign + formatMagnitude(Math.abs(value), format, precision);
}

function formatMagnitude(
  value: number,
  format: FloatFormat,
  precision: number | undefined,
): string {
  switch (format) {
    case 'b':
      return binaryExponent(binaryOf(value));
    case 'x':
    case 'X':
      return hexadecimal(value, precision, format === 'X');
    case 'g':
    case 'G':
      return general(value, precision, format === 'g' ? 'e' : 'E');
    case 'e':
    case 'E': {
      const count = precision ?? 6;
      return exponential(rounded(exactDecimal(value), count + 1), count, format);
    }
    case 'f': {
      const count = precision ?? 6;
      const exact = exactDecimal(value);
      return positional(rounded(exact, exact.point + count), count);
    }
  }
}
