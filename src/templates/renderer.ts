import { printed } from './format-value.js';
import type { Expression, Program, Statement } from './program.js';
import { TemplateRenderError } from './template.errors.js';
import { boundedLength, EvaluationFailure } from './text-limit.js';
import { isTrue, NIL, type Value } from './value.js';

/** One rendering in progress. */
class Rendering {
  private readonly variables: Value[] = [];
  output = '';

  constructor(
    private readonly source: string,
    private readonly fieldValue: (name: string) => Value,
  ) {}

  run(statements: readonly Statement[], dot: Value): void {
    for (const statement of statements) this.step(statement, dot);
  }

  private step(statement: Statement, dot: Value): void {
    switch (statement.kind) {
      case 'text':
        this.output += statement.text;
        break;
      case 'print': {
        const text = printed(this.evaluate(statement.expression, dot));
        this.located(statement.offset, () => boundedLength(this.output.length + text.length));
        this.output += text;
        break;
      }
      case 'set':
        this.variables[statement.slot] = this.evaluate(statement.expression, dot);
        break;
      case 'if':
      case 'with': {
        const value = this.evaluate(statement.condition, dot);
        if (statement.slot !== undefined) this.variables[statement.slot] = value;
        if (!isTrue(value)) this.run(statement.otherwise, dot);
        else this.run(statement.body, statement.kind === 'with' ? value : dot);
        break;
      }
    }
  }

  private evaluate(expression: Expression, dot: Value): Value {
    switch (expression.kind) {
      case 'constant':
        return expression.value;
      case 'field':
        return this.fieldValue(expression.name);
      case 'dot':
        return dot;
      case 'variable':
        return this.variables[expression.slot] ?? NIL;
      case 'call': {
        const args = expression.args.map((argument) => () => this.evaluate(argument, dot));
        if (expression.piped !== undefined) {
          const piped = this.evaluate(expression.piped, dot);
          args.push(() => piped);
        }
        return this.located(expression.offset, () => expression.function.call(args));
      }
    }
  }

  private located<Result>(offset: number, work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof EvaluationFailure)) throw error;
      throw new TemplateRenderError(error.message, this.source, offset);
    }
  }
}

/**
 * Renders a checked template.
 *
 * @param source of the program, for error messages
 * @throws TemplateRenderError
 */
export function renderProgram(
  program: Program,
  source: string,
  fieldValue: (name: string) => Value,
): string {
  const rendering = new Rendering(source, fieldValue);
  // No checked program uses the dot outside of {{with}}.
  rendering.run(program.statements, NIL);
  return rendering.output;
}
