import { quoted, quotedCodePoint } from './go-text.js';
import { formatted, isInteger, type Value } from './value.js';

/** What is wrong with a format of `printf`, as a clause; `undefined` if it is supported. */
export function formatProblem(format: string): string | undefined {
  const verbs = format.match(/%[\s\S]?/gu) ?? [];
  const refused = verbs.find((verb) => !/^%[sdvq%]?$/.test(verb));
  return refused === undefined
    ? undefined
    : `the format of printf has "${refused}", which is not supported; use %s, %d, %v, %q or %%, without flags or widths`;
}

const described = (value: Value): string =>
  value.type === 'nil' ? formatted(value) : `${value.type}=${formatted(value)}`;

function verbApplied(verb: string, operand: Value): string {
  if (verb === 'v') return formatted(operand);
  if (operand.type === 'string' && verb !== 'd') {
    return verb === 's' ? operand.value : quoted(operand.value);
  }
  if (isInteger(operand) && verb !== 's') {
    return verb === 'd' ? formatted(operand) : quotedCodePoint(operand.value);
  }
  return `%!${verb}(${described(operand)})`;
}

/**
 * Go's `fmt.Sprintf`, with its output for missing, extra and unfitting operands.
 *
 * @param format one without a {@link formatProblem}
 */
export function sprintf(format: string, operands: readonly Value[]): string {
  const unused = [...operands];
  const output = format.replace(/%([sdvq%]?)/g, (_, verb: string) => {
    if (verb === '%') return '%';
    if (verb === '') return '%!(NOVERB)';
    const operand = unused.shift();
    return operand === undefined ? `%!${verb}(MISSING)` : verbApplied(verb, operand);
  });
  return unused.length === 0 ? output : `${output}%!(EXTRA ${unused.map(described).join(', ')})`;
}

/** Go's `fmt.Sprint`: a space between two operands when neither is a string. */
export function sprint(operands: readonly Value[]): string {
  let output = '';
  operands.forEach((operand, index) => {
    const spaced = index > 0 && operand.type !== 'string' && operands[index - 1]?.type !== 'string';
    output += (spaced ? ' ' : '') + formatted(operand);
  });
  return output;
}

/** Go's `fmt.Sprintln`: a space between any two operands, a line feed at the end. */
export function sprintln(operands: readonly Value[]): string {
  return `${operands.map(formatted).join(' ')}\n`;
}
