import type { TemplateFunction } from './functions.js';
import type { Value } from './value.js';

/** What yields a value. Pipelines and parentheses are resolved: `a | f b` is a call of f. */
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
      /** The last argument if it came through `|`; always evaluated, and first. */
      readonly piped: Expression | undefined;
      /** Of the function's name, in UTF-16 units into the source. */
      readonly offset: number;
    };

/** One step of a rendering. Each variable has a slot of its own, so no scopes are left. */
export type Statement =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly expression: Expression; readonly offset: number }
  | { readonly kind: 'set'; readonly slot: number; readonly expression: Expression }
  | {
      readonly kind: 'if' | 'with';
      readonly condition: Expression;
      /** Where `{{if $x := …}}` keeps the condition's value. */
      readonly slot: number | undefined;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    };

/** A checked template, ready to render. */
export interface Program {
  readonly statements: readonly Statement[];
  readonly fields: ReadonlySet<string>;
}
