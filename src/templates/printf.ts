import { quoted, quotedCodePoint } from './go-text.js';
import { formatted, type Value } from './value.js';

/** The verbs that take an operand. */
type Verb = 's' | 'd' | 'v' | 'q';

/** A format of `printf`, taken apart. */
type Format = readonly (
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'verb'; readonly verb: Verb }
)[];

/** What is wrong with a format, as a clause without a full stop. */
interface FormatProblem {
  readonly problem: string;
}

/** Takes a format apart; verbs other than `%s %d %v %q %%`, flags and widths are refused. */
export function parsedFormat(format: string): Format | FormatProblem {
  const parts: Format[number][] = [];
  for (const [piece] of format.matchAll(/[^%]+|%[\s\S]?/gu)) {
    switch (piece) {
      case '%s':
      case '%d':
      case '%v':
      case '%q':
        parts.push({ kind: 'verb', verb: piece.charAt(1) as Verb });
        break;
      case '%%':
        parts.push({ kind: 'text', text: '%' });
        break;
      case '%':
        parts.push({ kind: 'text', text: '%!(NOVERB)' });
        break;
      default:
        if (piece.startsWith('%')) {
          return {
            problem: `the format of printf has "${piece}", which is not supported; use %s, %d, %v, %q or %%, without flags or widths`,
          };
        }
        parts.push({ kind: 'text', text: piece });
    }
  }
  return parts;
}

const described = (value: Value): string =>
  value.type === 'nil' ? formatted(value) : `${value.type}=${formatted(value)}`;

function verbApplied(verb: Verb, operand: Value): string {
  const isInteger = operand.type === 'int' || operand.type === 'uint8';
  switch (verb) {
    case 'v':
      return formatted(operand);
    case 's':
      if (operand.type === 'string') return operand.value;
      break;
    case 'd':
      if (isInteger) return formatted(operand);
      break;
    case 'q':
      if (operand.type === 'string') return quoted(operand.value);
      if (isInteger) return quotedCodePoint(operand.value);
      break;
  }
  return `%!${verb}(${described(operand)})`;
}

/** Go's `fmt.Sprintf`, with its output for missing, extra and unfitting operands. */
export function sprintf(format: Format, operands: readonly Value[]): string {
  let used = 0;
  let output = '';
  for (const part of format) {
    if (part.kind === 'text') {
      output += part.text;
      continue;
    }
    const operand = operands[used++];
    output += operand === undefined ? `%!${part.verb}(MISSING)` : verbApplied(part.verb, operand);
  }
  const extra = operands.slice(used);
  return extra.length === 0 ? output : `${output}%!(EXTRA ${extra.map(described).join(', ')})`;
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
