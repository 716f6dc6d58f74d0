import type { TemplateFunction } from './functions.js';
import type { Value } from './value.js';

/** What gives a value. Pipelines and parentheses are gone: `a | f b` is a call of f. */
export type Expression =
  | { readonly kind: 'constant'; readonly value: Value }
  | { readonly kind: 'field'; readonly name: string }
  /** The value of the innermost `with`. */
  | { readonly kind: 'dot' }
  | { readonly kind: 'variable'; readonly slot: number }
  | {
      readonly kind: 'call';
      readonly function: TemplateFunction;
      readonly args: readonly Expression[];
      /** The last argument, when it came through `|`: evaluated first, whatever `and` skips. */
      readonly piped: Expression | undefined;
      /** Of the function's name; UTF-16 units into the source. */
      readonly offset: number;
    };

/** What happens, in order. Each variable has a slot of its own, so scopes are gone too. */
export type Statement =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly expression: Expression; readonly offset: number }
  | { readonly kind: 'set'; readonly slot: number; readonly expression: Expression }
  | {
      readonly kind: 'if' | 'with';
      readonly condition: Expression;
      /** Where the condition's value is kept, in `{{if $x := …}}`. */
      readonly slot: number | undefined;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    };

/** A template, checked and resolved: only the data is missing. */
export interface Program {
  readonly statements: readonly Statement[];
  readonly fields: ReadonlySet<string>;
}
