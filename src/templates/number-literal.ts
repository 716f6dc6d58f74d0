import { unquotedChar } from './go-text.js';
import type { Value } from './value.js';

const INTEGER =
  /^([+-]?)(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?[0-7])*|[1-9](?:_?\d)*)$/;
const FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);

/** A literal's value, or what is wrong with it, as the end of a sentence. */
export type NumberLiteral = { readonly value: Value } | { readonly problem: string };

/** The value of an unsigned Go integer: `0x1F`, `0o17`, `0b11`, `017` (octal), `1_000`. */
function magnitude(digits: string): bigint {
  const plain = digits.replaceAll('_', '');
  return BigInt(/^0[0-7]+$/.test(plain) ? `0o${plain.slice(1)}` : plain);
}

/** An untyped number literal as the int or float64 that Go makes of it. */
export function numberLiteral(text: string): NumberLiteral {
  const sign = INTEGER.exec(text)?.[1];
  if (sign !== undefined) {
    const digits = magnitude(text.slice(sign.length));
    const value = sign === '-' ? -digits : digits;
    if (value > MAX_INT || value < MIN_INT) return { problem: 'does not fit in 64 bits' };
    // Go tells floats by an "e", and mistakes signed hexadecimal numbers with one for floats.
    if (sign !== '' && /^[+-]?0x.*e/i.test(text)) {
      return { value: { type: 'float64', value: Number(value) } };
    }
    return { value: { type: 'int', value } };
  }
  if (FLOAT.test(text) && /[.eE]/.test(text)) {
    const value = Number(text);
    return Number.isFinite(value)
      ? { value: { type: 'float64', value } }
      : { problem: 'is too large for a number' };
  }
  if (text.endsWith('i')) return { problem: 'is a complex number, which is not supported here' };
  if (/^[+-]?0x.*p/i.test(text)) {
    return { problem: 'is a hexadecimal fraction, which is not supported here' };
  }
  if (/[.eE]/.test(text) && FLOAT.test(text.replaceAll('_', ''))) {
    return { problem: 'has underscores in a fraction, which is not supported here' };
  }
  return { problem: 'is not a number' };
}

/** A character constant like `'a'` as the int that Go makes of it. */
export function charLiteral(text: string): NumberLiteral {
  const codePoint = unquotedChar(text);
  return codePoint === undefined
    ? { problem: 'is not a single character in single quotes' }
    : { value: { type: 'int', value: BigInt(codePoint) } };
}
