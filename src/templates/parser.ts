import { TEMPLATE_FUNCTIONS, UNSUPPORTED_FUNCTIONS } from './functions.js';
import { unquoted } from './go-text.js';
import { Lexer, type Token, type TokenKind } from './lexer.js';
import { charLiteral, numberLiteral, type NumberLiteral } from './number-literal.js';
import { parsedFormat } from './printf.js';
import type { Expression, Program, Statement } from './program.js';
import { nearestName } from './suggestion.js';
import { TemplateSyntaxError } from './template.errors.js';
import { boolValue, NIL, stringValue, type Value } from './value.js';

/** Blocks or parentheses inside each other; more is no sensible template, but a deep recursion. */
const MAX_DEPTH = 100;

const UNSUPPORTED_KEYWORDS = ['range', 'define', 'template', 'block', 'break', 'continue'];
const KEYWORDS = [...UNSUPPORTED_KEYWORDS, 'if', 'with', 'else', 'end'];

/** Written between spaces in an action, before it is known what it is to its command. */
type Operand = { readonly offset: number; readonly written: string } & (
  | { readonly kind: 'value'; readonly expression: Expression }
  | { readonly kind: 'function'; readonly name: string }
  /** `.` outside of `with`, or `$`: the record of all fields. It has fields, and is nothing else. */
  | { readonly kind: 'record' }
);

type Command = readonly [Operand, ...Operand[]];

/** A pipeline, and the variable that takes its value. */
interface Pipeline {
  readonly expression: Expression;
  readonly offset: number;
  readonly slot: number | undefined;
}

/** What ended a list of statements. */
type ListEnd =
  | { readonly kind: 'end' | 'else'; readonly token: Token }
  | { readonly kind: 'end-of-input'; readonly token: Token };

/**
 * Go's template parser (`text/template/parse`) and, in the same pass, what Go finds out only when it
 * renders: fields, variables, argument counts and types as far as the text alone tells them.
 */
class Parser {
  private readonly lexer: Lexer;
  private readonly ahead: Token[] = [];
  private readonly usedFields = new Set<string>();
  /** Variables that can be seen, innermost last. */
  private scope: { readonly name: string; readonly slot: number }[] = [];
  private slots = 0;
  /** `{{with}}` blocks around, each of which makes `.` a value. */
  private withDepth = 0;
  private depth = 0;

  constructor(
    private readonly source: string,
    private readonly fields: readonly string[],
  ) {
    this.lexer = new Lexer(source);
  }

  program(): Program {
    const statements: Statement[] = [];
    const end = this.list(statements);
    if (end.kind !== 'end-of-input') {
      this.fail(`{{${end.kind}}} without an {{if}} or {{with}} before it`, end.token);
    }
    return { statements, fields: this.usedFields };
  }

  /** Statements up to `{{end}}` or the word `else`, which are taken, or the end of the input. */
  private list(statements: Statement[]): ListEnd {
    for (;;) {
      const token = this.take();
      if (token.kind === 'end-of-input') return { kind: 'end-of-input', token };
      if (token.kind === 'text') {
        statements.push({ kind: 'text', text: token.text });
        continue;
      }
      const first = this.peekPastSpace();
      const keyword = first.kind === 'identifier' ? first.text : '';
      if (KEYWORDS.includes(keyword)) this.take();
      switch (keyword) {
        case 'if':
        case 'with':
          statements.push(this.control(keyword, first));
          break;
        case 'else':
          return { kind: 'else', token: first };
        case 'end':
          this.expectRightDelimiter('end');
          return { kind: 'end', token: first };
        default:
          if (UNSUPPORTED_KEYWORDS.includes(keyword)) this.failUnsupported(first);
          statements.push(this.action());
      }
    }
  }

  private action(): Statement {
    const { expression, offset, slot } = this.pipeline('right-delimiter');
    return slot === undefined
      ? { kind: 'print', expression, offset }
      : { kind: 'set', slot, expression };
  }

  private control(keyword: 'if' | 'with', opening: Token): Statement {
    this.enter(opening);
    const outerScope = [...this.scope];
    const { expression: condition, slot } = this.pipeline('right-delimiter');
    const branchScope = [...this.scope];

    const body: Statement[] = [];
    if (keyword === 'with') this.withDepth++;
    const bodyEnd = this.list(body);
    if (keyword === 'with') this.withDepth--;

    const otherwise: Statement[] = [];
    if (bodyEnd.kind === 'else') {
      this.scope = branchScope;
      const next = this.peekPastSpace();
      if (next.kind === 'identifier' && next.text === keyword) {
        this.take();
        // `{{else if}}` opens a block of its own, and its {{end}} stands for both.
        otherwise.push(this.control(keyword, next));
      } else {
        this.expectRightDelimiter('else');
        const end = this.list(otherwise);
        if (end.kind === 'else') this.fail('a second {{else}}; {{end}} is expected', end.token);
        if (end.kind === 'end-of-input') this.failUnclosed(keyword, opening);
      }
    } else if (bodyEnd.kind === 'end-of-input') {
      this.failUnclosed(keyword, opening);
    }
    this.scope = outerScope;
    this.depth--;
    return { kind: keyword, condition, slot, body, otherwise };
  }

  private expectRightDelimiter(after: string): void {
    const token = this.takePastSpace();
    if (token.kind !== 'right-delimiter') {
      this.fail(`unexpected "${token.text}" after "${after}"; }} is expected`, token);
    }
  }

  /** `$x := command | command …`, up to and with `end`. */
  private pipeline(end: 'right-delimiter' | 'right-parenthesis'): Pipeline {
    const { offset } = this.peekPastSpace();
    const variable = this.declaredVariable(end);
    let expression: Expression | undefined;
    for (;;) {
      const token = this.peekPastSpace();
      if (token.kind === end) {
        this.take();
        break;
      }
      expression = this.commandResult(this.command(), expression);
    }
    if (expression === undefined) {
      this.failAt('a value is missing; write a field, a string or a function here', offset);
    }
    return { expression, offset, slot: variable?.() };
  }

  /**
   * The variable that the pipeline sets, if any: a function to be called when the pipeline has been
   * read, for a variable can't be seen in its own declaration.
   */
  private declaredVariable(end: TokenKind): (() => number) | undefined {
    const variable = this.peekPastSpace();
    if (variable.kind !== 'variable') return undefined;
    const operator = this.peek(this.peek(1).kind === 'space' ? 2 : 1);
    if (operator.text === ',') {
      this.fail('only one variable can be set at a time', operator);
    }
    if (operator.kind !== 'declare' && operator.kind !== 'assign') return undefined;
    if (end === 'right-parenthesis') {
      this.fail('setting a variable inside parentheses is not supported', variable);
    }
    this.take();
    this.takePastSpace();
    const name = variable.text;
    if (name === '$') {
      this.fail('setting "$" is not supported; give the variable a name, like $x', variable);
    }
    if (operator.kind === 'declare') {
      return () => {
        const slot = this.slots++;
        this.scope.push({ name, slot });
        return slot;
      };
    }
    const slot = this.slotOf(variable);
    return () => slot;
  }

  private slotOf(variable: Token): number {
    const found = this.scope.findLast(({ name }) => name === variable.text);
    if (found !== undefined) return found.slot;
    const known = this.scope.map(({ name }) => name);
    const suggestion = nearestName(variable.text, known);
    this.fail(
      `the variable "${variable.text}" is not known here; ` +
        (suggestion === undefined
          ? `it must be declared before, as in {{${variable.text} := …}}, in this block or one around it`
          : `did you mean "${suggestion}"?`),
      variable,
    );
  }

  /** Operands up to a pipe, which is taken, or the end of the pipeline, which is not. */
  private command(): Command {
    const operands: Operand[] = [];
    const start = this.peekPastSpace();
    for (;;) {
      this.peekPastSpace();
      const operand = this.operand();
      if (operand !== undefined) operands.push(operand);
      const next = this.peek();
      if (next.kind === 'right-delimiter' || next.kind === 'right-parenthesis') break;
      this.take();
      if (next.kind === 'pipe') break;
      if (next.kind !== 'space') this.failUnexpected(next, operands.length > 0);
    }
    const [first, ...others] = operands;
    if (first === undefined) this.failUnexpected(start, false);
    return [first, ...others];
  }

  /** A term and the fields right behind it; `undefined` if there is none here. */
  private operand(): Operand | undefined {
    const token = this.peek();
    const term = this.term();
    const field = this.peek();
    if (term === undefined || field.kind !== 'field') return term;
    this.take();
    if (term.kind !== 'record' || token.kind !== 'variable') {
      this.fail(
        `"${term.written}" has no fields, so "${field.text}" can't follow it; ` +
          'put a space between two arguments',
        field,
      );
    }
    const result = this.field(field, `${term.written}${field.text}`, term.offset);
    const another = this.peek();
    if (another.kind === 'field') {
      this.fail(`"${result.written}" is a string and has no field "${another.text}"`, another);
    }
    return result;
  }

  private term(): Operand | undefined {
    const token = this.peek();
    switch (token.kind) {
      case 'identifier':
        this.take();
        return this.word(token);
      case 'dot':
        this.take();
        return this.withDepth > 0
          ? this.value(token, { kind: 'dot' })
          : { kind: 'record', offset: token.offset, written: token.text };
      case 'field':
        this.take();
        if (this.withDepth > 0) {
          this.fail(
            `inside {{with}} the dot is a value without fields; write "$${token.text}"`,
            token,
          );
        }
        return this.field(token, token.text, token.offset);
      case 'variable':
        this.take();
        return token.text === '$'
          ? { kind: 'record', offset: token.offset, written: token.text }
          : this.value(token, { kind: 'variable', slot: this.slotOf(token) });
      case 'number':
        this.take();
        return this.number(token, numberLiteral(token.text));
      case 'char':
        this.take();
        return this.number(token, charLiteral(token.text));
      case 'string':
        this.take();
        return this.constant(token, stringValue(this.interpreted(token)));
      case 'raw-string':
        this.take();
        return this.constant(token, stringValue(token.text.slice(1, -1).replaceAll('\r', '')));
      case 'left-parenthesis':
        return this.parenthesized(token);
      default:
        return undefined;
    }
  }

  private word(token: Token): Operand {
    switch (token.text) {
      case 'true':
      case 'false':
        return this.constant(token, boolValue(token.text === 'true'));
      case 'nil':
        return this.constant(token, NIL);
    }
    if (UNSUPPORTED_KEYWORDS.includes(token.text) || UNSUPPORTED_FUNCTIONS.has(token.text)) {
      this.failUnsupported(token);
    }
    if (KEYWORDS.includes(token.text)) {
      this.fail(`"${token.text}" must be the first word in its {{ }}`, token);
    }
    if (TEMPLATE_FUNCTIONS.has(token.text)) {
      return { kind: 'function', name: token.text, offset: token.offset, written: token.text };
    }
    const names = [...TEMPLATE_FUNCTIONS.keys()];
    const suggestion = this.fields.includes(token.text)
      ? `.${token.text}`
      : nearestName(token.text, names);
    this.fail(
      `unknown function "${token.text}"` +
        (suggestion === undefined ? '' : `; did you mean "${suggestion}"?`) +
        `${suggestion === undefined ? '.' : ''} Known functions: ${names.join(', ')}`,
      token,
    );
  }

  private field(token: Token, written: string, offset: number): Operand {
    const name = token.text.slice(1);
    if (!this.fields.includes(name)) {
      const suggestion = nearestName(name, this.fields);
      const known = this.fields.map((field) => `.${field}`).join(', ');
      this.fail(
        `unknown field ".${name}"${suggestion === undefined ? '.' : `; did you mean ".${suggestion}"?`} ` +
          (known === '' ? 'No fields can be used here' : `Known fields: ${known}`),
        token,
      );
    }
    this.usedFields.add(name);
    return { kind: 'value', expression: { kind: 'field', name }, offset, written };
  }

  private interpreted(token: Token): string {
    const result = unquoted(token.text);
    if ('text' in result) return result.text;
    this.fail(
      result.problem === 'not-text'
        ? `the bytes of ${token.text} are not UTF-8, which is not supported`
        : `the string ${token.text} has an escape that does not exist; a backslash itself is written \\\\`,
      token,
    );
  }

  private number(token: Token, literal: NumberLiteral): Operand {
    if ('problem' in literal) this.fail(`"${token.text}" ${literal.problem}`, token);
    return this.constant(token, literal.value);
  }

  private parenthesized(opening: Token): Operand {
    this.take();
    this.enter(opening);
    const { expression } = this.pipeline('right-parenthesis');
    this.depth--;
    return { kind: 'value', expression, offset: opening.offset, written: '(…)' };
  }

  private constant(token: Token, value: Value): Operand {
    return this.value(token, { kind: 'constant', value });
  }

  private value({ offset, text }: Token, expression: Expression): Operand {
    return { kind: 'value', expression, offset, written: text };
  }

  /** What a command gives, with the result of the command before the pipe as its last argument. */
  private commandResult(command: Command, piped: Expression | undefined): Expression {
    const [first, ...args] = command;
    if (first.kind === 'function') return this.call(first, args, piped);
    const argument = args[0];
    if (argument !== undefined) {
      this.failAt(
        `"${first.written}" is no function and can't be given the argument "${argument.written}"`,
        argument.offset,
      );
    }
    if (piped !== undefined) {
      this.failAt(
        `"${first.written}" is no function, so nothing can be piped into it`,
        first.offset,
      );
    }
    const expression = this.argument(first);
    if (expression.kind === 'constant' && expression.value.type === 'nil') {
      this.failAt('nil can only be an argument of a function', first.offset);
    }
    return expression;
  }

  private argument(operand: Operand): Expression {
    switch (operand.kind) {
      case 'value':
        return operand.expression;
      case 'function':
        return this.call(operand, [], undefined);
      case 'record':
        this.failAt(
          `"${operand.written}" stands for all fields together here, which is no value; ` +
            'name one of them, like ' +
            `"${operand.written === '$' ? '$' : ''}.${this.fields[0] ?? 'Name'}"`,
          operand.offset,
        );
    }
  }

  private call(
    operand: Operand & { readonly kind: 'function' },
    operands: readonly Operand[],
    piped: Expression | undefined,
  ): Expression {
    const { name, offset } = operand;
    const called = TEMPLATE_FUNCTIONS.get(name);
    if (called === undefined) throw new Error(`The function ${name} was known a moment ago.`);
    const args = operands.map((argument) => this.argument(argument));
    const all = piped === undefined ? args : [...args, piped];
    const { leastArguments: least, mostArguments: most } = called;
    if (all.length < least || all.length > most) {
      this.failAt(
        `the function ${name} takes ${least === most ? 'exactly' : 'at least'} ${least} ` +
          `${least === 1 ? 'argument' : 'arguments'}, but is given ${all.length}`,
        offset,
      );
    }
    all.slice(0, called.stringArguments).forEach((argument, index) => {
      if (argument.kind === 'constant' && argument.value.type !== 'string') {
        this.failAt(
          `argument ${index + 1} of the function ${name} must be a string, not ` +
            (argument.value.type === 'nil' ? 'nil' : `a value of type ${argument.value.type}`),
          operands[index]?.offset ?? offset,
        );
      }
    });
    if (name === 'printf') this.checkFormat(all[0], operands[0]?.offset ?? offset);
    return { kind: 'call', function: called, args, piped, offset };
  }

  private checkFormat(argument: Expression | undefined, offset: number): void {
    if (argument?.kind !== 'constant' || argument.value.type !== 'string') return;
    const format = parsedFormat(argument.value.value);
    if ('problem' in format) this.failAt(format.problem, offset);
  }

  private enter(token: Token): void {
    if (++this.depth > MAX_DEPTH) {
      this.fail(`blocks and parentheses may lie at most ${MAX_DEPTH} deep in each other`, token);
    }
  }

  private peek(index = 0): Token {
    for (;;) {
      const token = this.ahead[index];
      if (token !== undefined) return token;
      this.ahead.push(this.lexer.next());
    }
  }

  private take(): Token {
    const token = this.peek();
    this.ahead.shift();
    return token;
  }

  /** The next token that is no space, still to be taken; the spaces before it are. */
  private peekPastSpace(): Token {
    while (this.peek().kind === 'space') this.take();
    return this.peek();
  }

  private takePastSpace(): Token {
    this.peekPastSpace();
    return this.take();
  }

  private failUnsupported(token: Token): never {
    this.fail(`"${token.text}" is not supported in templates here`, token);
  }

  private failUnclosed(keyword: string, opening: Token): never {
    this.fail(`this {{${keyword}}} has no {{end}}`, opening);
  }

  private failUnexpected(token: Token, afterOperand: boolean): never {
    this.fail(
      `unexpected "${token.text}"` +
        (afterOperand && token.kind !== 'symbol'
          ? '; put a space between two arguments'
          : '; a field, a string, a number, a variable or a function is expected'),
      token,
    );
  }

  private fail(message: string, token: Token): never {
    this.failAt(message, token.offset);
  }

  private failAt(message: string, offset: number): never {
    throw new TemplateSyntaxError(
      /[.?!]$/.test(message) ? message : `${message}.`,
      this.source,
      offset,
    );
  }
}

/**
 * Reads and checks a template.
 *
 * @param source well-formed text
 * @param fields names that may follow a dot
 * @throws TemplateSyntaxError at the first problem
 */
export function parseTemplate(source: string, fields: readonly string[]): Program {
  return new Parser(source, fields).program();
}
