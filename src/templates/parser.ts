import { TEMPLATE_FUNCTIONS, type TemplateFunction, UNSUPPORTED_FUNCTIONS } from './functions.js';
import { unquoted } from './go-text.js';
import { Lexer, type Token, type TokenKind } from './lexer.js';
import { charLiteral, numberLiteral, type NumberLiteral } from './number-literal.js';
import type { Expression, Program, Statement } from './program.js';
import { nearestName } from './suggestion.js';
import { TemplateSyntaxError } from './template.errors.js';
import { boolValue, NIL, stringValue, type Value } from './value.js';

/** How deep blocks and parentheses may nest; the parser recurses into each. */
const MAX_DEPTH = 100;

const UNSUPPORTED_KEYWORDS = ['range', 'define', 'template', 'block', 'break', 'continue'];
const KEYWORDS = [...UNSUPPORTED_KEYWORDS, 'if', 'with', 'else', 'end'];

/** One operand of a command, before its role in the command is known. */
type Operand = { readonly offset: number; readonly written: string } & (
  | { readonly kind: 'value'; readonly expression: Expression }
  | { readonly kind: 'function'; readonly called: TemplateFunction }
  /** `.` outside of `with`, or `$`: the record of all fields, which is good only for its fields. */
  | { readonly kind: 'record' }
);

type Command = readonly [Operand, ...Operand[]];

/** A pipeline, and the variable that takes its value. */
interface Pipeline {
  readonly expression: Expression;
  readonly offset: number;
  readonly slot: number | undefined;
}

/** Statements, and what ended them. */
interface List {
  readonly statements: readonly Statement[];
  readonly end: 'end' | 'else' | 'end-of-input';
  readonly token: Token;
}

/**
 * Go's template parser (`text/template/parse`). In the same pass it checks what Go checks only when
 * it renders: fields, variables, argument counts and, where the source alone tells them, types.
 */
class Parser {
  private readonly lexer: Lexer;
  private readonly ahead: Token[] = [];
  private readonly usedFields = new Set<string>();
  /** Visible variables, innermost last. */
  private scope: { readonly name: string; readonly slot: number }[] = [];
  private slots = 0;
  /** Enclosing `{{with}}` blocks; inside one, `.` is a value. */
  private withDepth = 0;
  private depth = 0;

  constructor(
    source: string,
    private readonly fields: readonly string[],
  ) {
    this.lexer = new Lexer(source);
  }

  program(): Program {
    const { statements, end, token } = this.list();
    if (end !== 'end-of-input') {
      this.fail(`{{${end}}} without an {{if}} or {{with}} before it`, token);
    }
    return { statements, fields: this.usedFields };
  }

  /** Statements up to and including `{{end}}` or the word `else`, or up to the end of input. */
  private list(): List {
    const statements: Statement[] = [];
    for (;;) {
      const token = this.take();
      if (token.kind === 'end-of-input') return { statements, end: 'end-of-input', token };
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
          return { statements, end: 'else', token: first };
        case 'end':
          this.expectRightDelimiter('end');
          return { statements, end: 'end', token: first };
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

    if (keyword === 'with') this.withDepth++;
    const body = this.list();
    if (keyword === 'with') this.withDepth--;

    let otherwise: readonly Statement[] = [];
    if (body.end === 'end-of-input') this.failUnclosed(keyword, opening);
    if (body.end === 'else') {
      this.scope = branchScope;
      const next = this.peekPastSpace();
      if (next.kind === 'identifier' && next.text === keyword) {
        this.take();
        // `{{else if}}` opens a block of its own, and its {{end}} ends both.
        otherwise = [this.control(keyword, next)];
      } else {
        this.expectRightDelimiter('else');
        const { statements, end, token } = this.list();
        if (end === 'else') this.fail('a second {{else}}; {{end}} is expected', token);
        if (end === 'end-of-input') this.failUnclosed(keyword, opening);
        otherwise = statements;
      }
    }
    this.scope = outerScope;
    this.depth--;
    return { kind: keyword, condition, slot, body: body.statements, otherwise };
  }

  private expectRightDelimiter(after: string): void {
    const token = this.peekPastSpace();
    if (token.kind !== 'right-delimiter') {
      this.fail(`unexpected "${token.text}" after "${after}"; }} is expected`, token);
    }
    this.take();
  }

  /** `$x := command | command …`, up to and including `end`. */
  private pipeline(end: 'right-delimiter' | 'right-parenthesis'): Pipeline {
    const { offset } = this.peekPastSpace();
    const variable = this.declaredVariable(end);
    let expression: Expression | undefined;
    while (this.peekPastSpace().kind !== end) {
      expression = this.commandResult(this.command(), expression);
    }
    this.take();
    if (expression === undefined) {
      this.fail('a value is missing; write a field, a string or a function here', { offset });
    }
    return { expression, offset, slot: variable?.() };
  }

  /**
   * The variable that the pipeline sets, if any: a function to call once the pipeline has been
   * parsed, because a variable is not visible in its own declaration.
   */
  private declaredVariable(end: TokenKind): (() => number) | undefined {
    const variable = this.peekPastSpace();
    if (variable.kind !== 'variable') return undefined;
    const operator = this.peek(this.peek(1).kind === 'space' ? 2 : 1);
    if (operator.text === ',') this.fail('only one variable can be set at a time', operator);
    if (operator.kind !== 'declare' && operator.kind !== 'assign') return undefined;
    if (end === 'right-parenthesis') {
      this.fail('setting a variable inside parentheses is not supported', variable);
    }
    const name = variable.text;
    if (name === '$') {
      this.fail('setting "$" is not supported; give the variable a name, like $x', variable);
    }
    while (this.take() !== operator);
    if (operator.kind === 'assign') {
      const slot = this.slotOf(variable);
      return () => slot;
    }
    return () => {
      const slot = this.slots++;
      this.scope.push({ name, slot });
      return slot;
    };
  }

  private slotOf(variable: Token): number {
    const found = this.scope.findLast(({ name }) => name === variable.text);
    if (found !== undefined) return found.slot;
    const { text } = variable;
    const known = this.scope.map(({ name }) => name);
    const suggestion = nearestName(text, known);
    this.fail(
      suggestion === undefined
        ? `unknown variable "${text}"; declare it first, as in {{${text} := …}}, in this block or one around it`
        : `unknown variable "${text}"${meant(suggestion)}`,
      variable,
    );
  }

  /** Operands up to and including a pipe, or up to the end of the pipeline. */
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

  /** A term and the field right behind it; `undefined` if there is none here. */
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
    const token = this.take();
    const { text, offset } = token;
    switch (token.kind) {
      case 'identifier':
        return this.word(token);
      case 'dot':
        return this.withDepth > 0
          ? this.value(token, { kind: 'dot' })
          : { kind: 'record', offset, written: text };
      case 'field':
        if (this.withDepth > 0) {
          this.fail(`inside {{with}} the dot is a value without fields; write "$${text}"`, token);
        }
        return this.field(token, text, offset);
      case 'variable':
        return text === '$'
          ? { kind: 'record', offset, written: text }
          : this.value(token, { kind: 'variable', slot: this.slotOf(token) });
      case 'number':
        return this.number(token, numberLiteral(text));
      case 'char':
        return this.number(token, charLiteral(text));
      case 'string':
        return this.constant(token, stringValue(this.interpreted(token)));
      case 'raw-string':
        return this.constant(token, stringValue(text.slice(1, -1).replaceAll('\r', '')));
      case 'left-parenthesis': {
        this.enter(token);
        const { expression } = this.pipeline('right-parenthesis');
        this.depth--;
        return { kind: 'value', expression, offset, written: '(…)' };
      }
      default:
        this.ahead.unshift(token);
        return undefined;
    }
  }

  private word(token: Token): Operand {
    const { text, offset } = token;
    if (text === 'nil') return this.constant(token, NIL);
    if (text === 'true' || text === 'false') {
      return this.constant(token, boolValue(text === 'true'));
    }
    if (UNSUPPORTED_KEYWORDS.includes(text) || UNSUPPORTED_FUNCTIONS.has(text)) {
      this.failUnsupported(token);
    }
    if (KEYWORDS.includes(text)) {
      this.fail(`"${text}" must be the first word in its {{ }}`, token);
    }
    const called = TEMPLATE_FUNCTIONS.get(text);
    if (called !== undefined) return { kind: 'function', called, offset, written: text };
    const names = [...TEMPLATE_FUNCTIONS.keys()];
    const suggestion = this.fields.includes(text) ? `.${text}` : nearestName(text, names);
    this.fail(
      `unknown function "${text}"${meant(suggestion)} Known functions: ${names.join(', ')}`,
      token,
    );
  }

  private field(token: Token, written: string, offset: number): Operand {
    const name = token.text.slice(1);
    if (!this.fields.includes(name)) {
      const nearest = nearestName(name, this.fields);
      const known = this.fields.map((field) => `.${field}`);
      this.fail(
        `unknown field ".${name}"${meant(nearest === undefined ? undefined : `.${nearest}`)} ` +
          (known.length === 0 ? 'No fields can be used here' : `Known fields: ${known.join(', ')}`),
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
        : `the string ${token.text} has an unknown escape; write a backslash as \\\\`,
      token,
    );
  }

  private number(token: Token, literal: NumberLiteral): Operand {
    if ('problem' in literal) this.fail(`"${token.text}" ${literal.problem}`, token);
    return this.constant(token, literal.value);
  }

  private constant(token: Token, value: Value): Operand {
    return this.value(token, { kind: 'constant', value });
  }

  private value({ offset, text }: Token, expression: Expression): Operand {
    return { kind: 'value', expression, offset, written: text };
  }

  /** A command as an expression; the result of the command before the pipe is its last argument. */
  private commandResult(command: Command, piped: Expression | undefined): Expression {
    const [first, ...args] = command;
    if (first.kind === 'function') return this.call(first, args, piped);
    const argument = args[0];
    if (argument !== undefined) {
      this.fail(
        `"${first.written}" is not a function, so it can't take the argument "${argument.written}"`,
        argument,
      );
    }
    if (piped !== undefined) {
      this.fail(`"${first.written}" is not a function, so nothing can be piped into it`, first);
    }
    const expression = this.argument(first);
    if (expression.kind === 'constant' && expression.value.type === 'nil') {
      this.fail('nil can only be an argument of a function', first);
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
        this.fail(
          `"${operand.written}" is all fields together here, not a value; name one of them, ` +
            `such as "${operand.written === '$' ? '$' : ''}.${this.fields[0] ?? 'Name'}"`,
          operand,
        );
    }
  }

  private call(
    operand: Operand & { readonly kind: 'function' },
    operands: readonly Operand[],
    piped: Expression | undefined,
  ): Expression {
    const { called, written: name } = operand;
    const { least, most } = called;
    const args = operands.map((argument) => this.argument(argument));
    const all = piped === undefined ? args : [...args, piped];
    if (all.length < least || all.length > most) {
      this.fail(
        `the function ${name} takes ${least === most ? 'exactly' : 'at least'} ${least} ` +
          `${least === 1 ? 'argument' : 'arguments'}, but was given ${all.length}`,
        operand,
      );
    }
    all.slice(0, called.strings).forEach((argument, index) => {
      if (argument.kind === 'constant' && argument.value.type !== 'string') {
        this.fail(
          `argument ${index + 1} of the function ${name} must be a string, not ` +
            (argument.value.type === 'nil' ? 'nil' : `a value of type ${argument.value.type}`),
          operands[index] ?? operand,
        );
      }
    });
    return { kind: 'call', function: called, args, piped, offset: operand.offset };
  }

  private enter(token: Token): void {
    if (++this.depth > MAX_DEPTH) {
      this.fail(`blocks and parentheses may be nested at most ${MAX_DEPTH} deep`, token);
    }
  }

  private peek(index = 0): Token {
    while (this.ahead.length < index) this.ahead.push(this.lexer.next());
    return (this.ahead[index] ??= this.lexer.next());
  }

  private take(): Token {
    const token = this.peek();
    this.ahead.shift();
    return token;
  }

  /** Takes spaces and returns the token after them, without taking it. */
  private peekPastSpace(): Token {
    while (this.peek().kind === 'space') this.take();
    return this.peek();
  }

  private failUnsupported(token: Token): never {
    this.fail(`"${token.text}" is not supported in templates here`, token);
  }

  private failUnclosed(keyword: string, opening: Token): never {
    this.fail(`this {{${keyword}}} has no {{end}}`, opening);
  }

  private failUnexpected(token: Token, afterOperand: boolean): never {
    const advice =
      afterOperand && token.kind !== 'symbol'
        ? 'put a space between two arguments'
        : 'a field, a string, a number, a variable or a function is expected';
    this.fail(`unexpected "${token.text}"; ${advice}`, token);
  }

  private fail(message: string, { offset }: Pick<Token, 'offset'>): never {
    throw new TemplateSyntaxError(/[.?!]$/.test(message) ? message : `${message}.`, offset);
  }
}

/** The end of the sentence on something unknown. */
function meant(suggestion: string | undefined): string {
  return suggestion === undefined ? '.' : `; did you mean "${suggestion}"?`;
}

/**
 * Parses and checks a template.
 *
 * @param source a well-formed string
 * @param fields names that may follow a dot
 * @throws TemplateSyntaxError at the first problem
 */
export function parseTemplate(source: string, fields: readonly string[]): Program {
  return new Parser(source, fields).program();
}
