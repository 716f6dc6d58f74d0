import { printed } from './format-value.js';
import { queryEscaped, utf8 } from './go-text.js';
import { sprint, sprintf, sprintln } from './printf.js';
import { boundedLength, EvaluationFailure } from './text-limit.js';
import { boolValue, isInteger, isTrue, NIL, stringValue, type Value } from './value.js';

/** Arguments evaluated on demand: `and` and `or` may not need them all. */
type LazyArguments = readonly (() => Value)[];

/** A function that templates can call. */
export interface TemplateFunction {
  /** Fewest arguments. */
  readonly least: number;
  /** Most arguments. */
  readonly most: number;
  /** How many arguments, from the first on, must be strings. */
  readonly strings: number;
  /** @throws EvaluationFailure */
  readonly call: (args: LazyArguments) => Value;
}

function eager(
  least: number,
  most: number,
  call: (args: readonly Value[]) => Value,
  strings = 0,
): TemplateFunction {
  return { least, most, strings, call: (args) => call(args.map((argument) => argument())) };
}

/** Returns the first argument that decides, or else the last one: the argument, not a bool. */
function logical(decides: (value: Value) => boolean): TemplateFunction {
  return {
    least: 1,
    most: Infinity,
    strings: 0,
    call: (args) => {
      let value = NIL;
      for (const argument of args) {
        value = argument();
        if (decides(value)) break;
      }
      return value;
    },
  };
}

function textOf(value: Value): string {
  if (value.type === 'string') return value.value;
  throw new EvaluationFailure(
    value.type === 'nil'
      ? 'a string is expected, but there is no value'
      : `a string is expected, not a value of type ${value.type}`,
  );
}

const incompatible = (a: Value, b: Value): EvaluationFailure =>
  new EvaluationFailure(`values of type ${a.type} and ${b.type} can't be compared`);

function isEqual(a: Value, b: Value): boolean {
  if (a.type === 'nil' || b.type === 'nil') return a.type === b.type;
  if (a.type !== b.type && !(isInteger(a) && isInteger(b))) throw incompatible(a, b);
  return a.value === b.value;
}

function isLess(a: Value, b: Value): boolean {
  if (a.type === 'string' && b.type === 'string') {
    return Buffer.compare(utf8(a.value), utf8(b.value)) < 0;
  }
  if (a.type === 'float64' && b.type === 'float64') return a.value < b.value;
  if (isInteger(a) && isInteger(b)) return a.value < b.value;
  throw a.type === b.type
    ? new EvaluationFailure(`values of type ${a.type} have no order`)
    : incompatible(a, b);
}

function compared(compare: (a: Value, b: Value) => boolean): TemplateFunction {
  return eager(2, 2, ([a = NIL, b = NIL]) => boolValue(compare(a, b)));
}

function lengthOf(value: Value): Value {
  if (value.type === 'string') return { type: 'int', value: BigInt(utf8(value.value).length) };
  throw new EvaluationFailure(`a value of type ${value.type} has no length`);
}

/** The byte of a string at an index; with no index, the item itself. */
function indexed(item: Value, indexes: readonly Value[]): Value {
  if (item.type === 'nil') throw new EvaluationFailure('nil has no elements');
  let current: Value = item;
  for (const index of indexes) {
    if (current.type !== 'string') {
      throw new EvaluationFailure(`a value of type ${current.type} has no elements`);
    }
    if (!isInteger(index)) {
      throw new EvaluationFailure(`a value of type ${index.type} can't be an index`);
    }
    const byte: number | undefined = utf8(current.value)[Number(index.value)];
    if (byte === undefined) throw new EvaluationFailure(`the index ${index.value} is out of range`);
    current = { type: 'uint8', value: BigInt(byte) };
  }
  return current;
}

/** Go's `strings.ReplaceAll`: an empty `old` matches before each character and at the end. */
function replaced(text: string, old: string, by: string): Value {
  const pieces = old === '' ? ['', ...Array.from(text), ''] : text.split(old);
  boundedLength(text.length + (pieces.length - 1) * (by.length - old.length));
  return stringValue(pieces.join(by));
}

/** A function whose result is a string that holds the strings among its arguments. */
function producing(
  text: (args: readonly Value[]) => string,
  { least = 0, strings = 0 } = {},
): TemplateFunction {
  const call = (args: readonly Value[]): Value => {
    boundedLength(
      args.reduce((sum, value) => sum + (value.type === 'string' ? value.value.length : 0), 0),
    );
    const result = text(args);
    boundedLength(result.length);
    return stringValue(result);
  };
  return eager(least, Infinity, call, strings);
}

/** All functions, by the name that templates call them by. */
export const TEMPLATE_FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map([
  ['and', logical((value) => !isTrue(value))],
  ['or', logical(isTrue)],
  ['not', eager(1, 1, ([value = NIL]) => boolValue(!isTrue(value)))],
  [
    'eq',
    eager(2, Infinity, ([first = NIL, ...others]) =>
      boolValue(others.some((other) => isEqual(first, other))),
    ),
  ],
  ['ne', compared((a, b) => !isEqual(a, b))],
  ['lt', compared(isLess)],
  ['le', compared((a, b) => isLess(a, b) || isEqual(a, b))],
  ['gt', compared((a, b) => !isLess(a, b) && !isEqual(a, b))],
  ['ge', compared((a, b) => !isLess(a, b))],
  ['len', eager(1, 1, ([value = NIL]) => lengthOf(value))],
  ['index', eager(1, Infinity, ([item = NIL, ...indexes]) => indexed(item, indexes))],
  ['print', producing(sprint)],
  ['println', producing(sprintln)],
  [
    'printf',
    producing(([format = NIL, ...operands]) => sprintf(textOf(format), operands), {
      least: 1,
      strings: 1,
    }),
  ],
  [
    'urlquery',
    // Unlike `print`, it writes nil as an action does: `<no value>`.
    producing((args) =>
      queryEscaped(
        sprint(args.map((arg) => (arg.type === 'nil' ? stringValue(printed(arg)) : arg))),
      ),
    ),
  ],
  [
    'replace',
    eager(
      3,
      3,
      ([text = NIL, old = NIL, by = NIL]) => replaced(textOf(text), textOf(old), textOf(by)),
      3,
    ),
  ],
]);

/** Functions that Go has and this engine refuses by name. */
export const UNSUPPORTED_FUNCTIONS: ReadonlySet<string> = new Set(['html', 'js', 'call', 'slice']);
