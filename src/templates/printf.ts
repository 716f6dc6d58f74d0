import { formatted, formatValue, type Layout } from './format-value.js';
import { boundedLength } from './text-limit.js';
import { isInteger, type Value } from './value.js';

/** Beyond this, a width or precision is taken for a mistake, as in Go. */
const MAX_FIELD = 1_000_000;

type Flag = 'sharp' | 'zero' | 'plus' | 'minus' | 'space';

const FLAGS: Readonly<Record<string, Flag>> = {
  '#': 'sharp',
  '0': 'zero',
  '+': 'plus',
  '-': 'minus',
  ' ': 'space',
};

const described = (value: Value): string =>
  value.type === 'nil' ? formatted(value) : `${value.type}=${formatted(value)}`;

/**
 * The digits of a format from `start` on. A number that is far too large swallows everything up to
 * `end`, as in Go.
 */
function numberAt(
  format: string,
  start: number,
  end: number,
): { readonly number: number | undefined; readonly next: number } {
  let number: number | undefined;
  let next = start;
  for (; next < end && /^\d$/.test(format.charAt(next)); next++) {
    if ((number ?? 0) > MAX_FIELD) return { number: undefined, next: end };
    number = 10 * (number ?? 0) + Number(format.charAt(next));
  }
  return { number, next };
}

/**
 * Go's `fmt.Sprintf`: one pass over the format, operand by operand. What is wrong with a format or its
 * operands shows in the output, as in Go; nothing is refused but too long a result.
 */
class Formatting {
  private output = '';
  private position = 0;
  private operandIndex = 0;
  /** Whether the last part of the directive was an index like `[2]`. */
  private afterIndex = false;
  private goodIndex = true;
  /** Whether an index was used: then Go does not look for operands that are left over. */
  private reordered = false;

  constructor(
    private readonly format: string,
    private readonly operands: readonly Value[],
  ) {}

  /** @throws EvaluationFailure if the result would be too long */
  run(): string {
    for (;;) {
      const percent = this.format.indexOf('%', this.position);
      if (percent < 0) break;
      this.write(this.format.slice(this.position, percent));
      this.position = percent + 1;
      this.goodIndex = true;
      this.write(this.directive());
    }
    this.write(this.format.slice(this.position));
    this.writeExtra();
    return this.output;
  }

  /** What comes of the directive after a percent sign. */
  private directive(): string {
    const flags = this.flags();
    this.index();
    const { width, negative } = this.width();
    const precision = this.precision();
    if (!this.afterIndex) this.index();

    const codePoint = this.format.codePointAt(this.position);
    if (codePoint === undefined) return '%!(NOVERB)';
    const verb = String.fromCodePoint(codePoint);
    this.position += verb.length;
    if (verb === '%') return '%';
    if (!this.goodIndex) return `%!${verb}(BADINDEX)`;
    const operand = this.operands[this.operandIndex];
    if (operand === undefined) return `%!${verb}(MISSING)`;
    this.operandIndex++;

    const isPlain = verb === 'v' || verb === 'w';
    const layout: Layout = {
      sharp: flags.has('sharp') && !isPlain,
      literal: flags.has('sharp') && isPlain,
      zero: flags.has('zero') && !negative,
      plus: flags.has('plus') && !isPlain,
      minus: flags.has('minus') || negative,
      space: flags.has('space'),
      width,
      precision,
    };
    return formatValue(operand, verb, layout);
  }

  private flags(): ReadonlySet<Flag> {
    const flags = new Set<Flag>();
    for (;;) {
      const flag = FLAGS[this.format.charAt(this.position)];
      if (flag === undefined) return flags;
      flags.add(flag);
      this.position++;
    }
  }

  private width(): { readonly width: number; readonly negative: boolean } {
    if (this.takes('*')) {
      const width = this.numberOperand();
      if (width === undefined) this.write('%!(BADWIDTH)');
      this.afterIndex = false;
      return { width: Math.abs(width ?? 0), negative: (width ?? 0) < 0 };
    }
    const width = this.number();
    if (this.afterIndex && width !== undefined) this.goodIndex = false;
    return { width: width ?? 0, negative: false };
  }

  private precision(): number | undefined {
    // A point at the very end is taken for the verb.
    if (this.position + 1 >= this.format.length || !this.takes('.')) return undefined;
    if (this.afterIndex) this.goodIndex = false;
    this.index();
    if (!this.takes('*')) return this.number() ?? 0;
    const precision = this.numberOperand();
    this.afterIndex = false;
    if (precision !== undefined && precision >= 0) return precision;
    this.write('%!(BADPREC)');
    return undefined;
  }

  private takes(char: '*' | '.'): boolean {
    const found = this.format.charAt(this.position) === char;
    if (found) this.position++;
    return found;
  }

  private number(): number | undefined {
    const { number, next } = numberAt(this.format, this.position, this.format.length);
    this.position = next;
    return number;
  }

  /** The operand that `*` stands for. */
  private numberOperand(): number | undefined {
    const operand = this.operands[this.operandIndex];
    if (operand === undefined) return undefined;
    this.operandIndex++;
    if (!isInteger(operand)) return undefined;
    const number = Number(operand.value);
    return Math.abs(number) > MAX_FIELD ? undefined : number;
  }

  /** An index like `[2]`, if there is one here. */
  private index(): void {
    this.afterIndex = false;
    if (this.format.charAt(this.position) !== '[') return;
    this.reordered = true;
    // Go does not look for the end of an index in fewer than three bytes.
    const isCutOff = this.format.length - this.position < 3;
    const close = isCutOff ? -1 : this.format.indexOf(']', this.position);
    const { number, next } = numberAt(this.format, this.position + 1, Math.max(close, 0));
    this.afterIndex = number !== undefined && next === close;
    this.position = close < 0 ? this.position + 1 : close + 1;
    if (number !== undefined && this.afterIndex && this.operands[number - 1] !== undefined) {
      this.operandIndex = number - 1;
    } else {
      this.goodIndex = false;
    }
  }

  private writeExtra(): void {
    if (this.reordered || this.operandIndex >= this.operands.length) return;
    this.write('%!(EXTRA ');
    this.operands.slice(this.operandIndex).forEach((operand, index) => {
      this.write((index > 0 ? ', ' : '') + described(operand));
    });
    this.write(')');
  }

  private write(text: string): void {
    boundedLength(this.output.length + text.length);
    this.output += text;
  }
}

/**
 * Go's `fmt.Sprintf`, with its output for missing, extra and unfitting operands.
 *
 * @throws EvaluationFailure if the result would be too long
 */
export function sprintf(format: string, operands: readonly Value[]): string {
  return new Formatting(format, operands).run();
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
