import { compareAsUtf8, queryEscaped, utf8 } from './go-text.js';
import { parsedFormat, sprint, sprintf, sprintln } from './printf.js';
import { boolValue, isTrue, NIL, printed, stringValue, type Value } from './value.js';

/**
 * Strings longer than this (UTF-16 units) are an error. A path is never so long; but strings that are
 * put together from themselves again and again double each time, and must not take the service down.
 */
const MAX_TEXT_LENGTH = 1024 * 1024;

/** Why a function can't do its work on these arguments; the renderer adds where. */
export class EvaluationFailure extends Error {
  override readonly name = 'EvaluationFailure';
}

/** Arguments that are evaluated when they are asked for: `and` and `or` may not need them all. */
type LazyArguments = readonly (() => Value)[];

/** A function that templates can call. */
export interface TemplateFunction {
  readonly leastArguments: number;
  readonly mostArguments: number;
  /** How many arguments, from the first on, must be strings. */
  readonly stringArguments: number;
  /** @throws EvaluationFailure */
  readonly call: (args: LazyArguments) => Value;
}

/** @throws EvaluationFailure when a string of this `length` is too long to go on with */
export function boundedLength(length: number): void {
  if (length > MAX_TEXT_LENGTH) {
    throw new EvaluationFailure(`the string gets longer than ${MAX_TEXT_LENGTH} characters`);
  }
}

interface Signature {
  readonly least: number;
  readonly most?: number;
  readonly strings?: number;
}

function eager(
  { least, most = Infinity, strings = 0 }: Signature,
  call: (args: readonly Value[]) => Value,
): TemplateFunction {
  return {
    leastArguments: least,
    mostArguments: most,
    stringArguments: strings,
    call: (args) => call(args.map((argument) => argument())),
  };
}

/** Returns the first argument that decides, or else the last one: the argument, not a bool. */
function logical(decides: (value: Value) => boolean): TemplateFunction {
  return {
    leastArguments: 1,
    mostArguments: Infinity,
    stringArguments: 0,
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

const argumentAt = (args: readonly Value[], index: number): Value => args[index] ?? NIL;

function textOf(value: Value): string {
  if (value.type === 'string') return value.value;
  throw new EvaluationFailure(
    value.type === 'nil'
      ? 'a string is expected, and there is no value'
      : `a string is expected, not a value of type ${value.type}`,
  );
}

const isInteger = (value: Value): value is Extract<Value, { readonly value: bigint }> =>
  value.type === 'int' || value.type === 'uint8';

const incompatible = (a: Value, b: Value): EvaluationFailure =>
  new EvaluationFailure(`values of type ${a.type} and ${b.type} can't be compared`);

function isEqual(a: Value, b: Value): boolean {
  if (a.type === 'nil' || b.type === 'nil') return a.type === b.type;
  const comparable = a.type === b.type || (isInteger(a) && isInteger(b));
  if (!comparable) throw incompatible(a, b);
  return a.value === b.value;
}

function isLess(a: Value, b: Value): boolean {
  if (a.type === 'string' && b.type === 'string') return compareAsUtf8(a.value, b.value) < 0;
  if (a.type === 'float64' && b.type === 'float64') return a.value < b.value;
  if (isInteger(a) && isInteger(b)) return a.value < b.value;
  throw a.type === b.type
    ? new EvaluationFailure(`values of type ${a.type} have no order`)
    : incompatible(a, b);
}

function compared(compare: (a: Value, b: Value) => boolean): TemplateFunction {
  return eager({ least: 2, most: 2 }, (args) =>
    boolValue(compare(argumentAt(args, 0), argumentAt(args, 1))),
  );
}

function lengthOf(value: Value): Value {
  if (value.type !== 'string') {
    throw new EvaluationFailure(`a value of type ${value.type} has no length`);
  }
  return { type: 'int', value: BigInt(utf8(value.value).length) };
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
      throw new EvaluationFailure(`a value of type ${index.type} is no index`);
    }
    const byte: number | undefined = utf8(current.value)[Number(index.value)];
    if (byte === undefined) throw new EvaluationFailure(`the index ${index.value} is out of range`);
    current = { type: 'uint8', value: BigInt(byte) };
  }
  return current;
}

/** Go's `strings.ReplaceAll`: an empty `old` stands before each character and at the end. */
function replaced(text: string, old: string, by: string): string {
  const pieces = old === '' ? ['', ...Array.from(text), ''] : text.split(old);
  boundedLength(text.length + (pieces.length - 1) * (by.length - old.length));
  return pieces.join(by);
}

/** Go's `urlquery` writes nil as an action does, `<no value>`, unlike `print`. */
function queryText(args: readonly Value[]): string {
  return sprint(args.map((value) => (value.type === 'nil' ? stringValue(printed(value)) : value)));
}

function printfResult(args: readonly Value[]): string {
  const format = parsedFormat(textOf(argumentAt(args, 0)));
  if ('problem' in format) throw new EvaluationFailure(format.problem);
  return sprintf(format, args.slice(1));
}

/** A function whose result is a string that holds the strings among its arguments. */
function producing(
  signature: Signature,
  text: (args: readonly Value[]) => string,
): TemplateFunction {
  return eager(signature, (args) => {
    boundedLength(
      args.reduce((sum, value) => sum + (value.type === 'string' ? value.value.length : 0), 0),
    );
    const result = text(args);
    boundedLength(result.length);
    return stringValue(result);
  });
}

/** All functions, by the name that templates call them by. */
export const TEMPLATE_FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map([
  ['and', logical((value) => !isTrue(value))],
  ['or', logical(isTrue)],
  ['not', eager({ least: 1, most: 1 }, (args) => boolValue(!isTrue(argumentAt(args, 0))))],
  [
    'eq',
    eager({ least: 2 }, ([first = NIL, ...others]) =>
      boolValue(others.some((other) => isEqual(first, other))),
    ),
  ],
  ['ne', compared((a, b) => !isEqual(a, b))],
  ['lt', compared(isLess)],
  ['le', compared((a, b) => isLess(a, b) || isEqual(a, b))],
  ['gt', compared((a, b) => !isLess(a, b) && !isEqual(a, b))],
  ['ge', compared((a, b) => !isLess(a, b))],
  ['len', eager({ least: 1, most: 1 }, (args) => lengthOf(argumentAt(args, 0)))],
  ['index', eager({ least: 1 }, ([item = NIL, ...indexes]) => indexed(item, indexes))],
  ['print', producing({ least: 0 }, sprint)],
  ['println', producing({ least: 0 }, sprintln)],
  ['printf', producing({ least: 1, strings: 1 }, printfResult)],
  ['urlquery', producing({ least: 0 }, (args) => queryEscaped(queryText(args)))],
  [
    'replace',
    eager({ least: 3, most: 3, strings: 3 }, ([text = NIL, old = NIL, by = NIL]) =>
      stringValue(replaced(textOf(text), textOf(old), textOf(by))),
    ),
  ],
]);

/** Functions that Go has and this engine refuses by name. */
export const UNSUPPORTED_FUNCTIONS: ReadonlySet<string> = new Set(['html', 'js', 'call', 'slice']);
