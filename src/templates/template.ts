import { wellFormed } from './go-text.js';
import { parseTemplate } from './parser.js';
import { renderProgram } from './renderer.js';
import { TemplateSyntaxError } from './template.errors.js';
import { stringValue } from './value.js';

/** Longest source that is compiled, in UTF-16 units. */
const MAX_SOURCE_LENGTH = 65_536;

/** A template in a subset of Go's `text/template`, without loops and nested templates. */
export interface Template<Field extends string> {
  /** As given. */
  readonly source: string;
  /** The fields in use, in the order given to {@link compileTemplate}. */
  readonly fields: ReadonlySet<Field>;
  /** The literal text before the first action: every rendering begins with it. */
  readonly prefix: string;
  /** Whether there are no actions, so that {@link prefix} is the whole rendering. */
  readonly isFixed: boolean;
  /**
   * Renders byte for byte as Go does. Unpaired surrogates in the data become U+FFFD.
   *
   * @throws TemplateRenderError if the template can't handle the data, e.g. `index .Pid 9` on a
   * short PID, or the result gets too long
   */
  render(data: Readonly<Record<Field, string>>): string;
}

/**
 * Parses a template once, so that rendering is cheap and fails only on the data.
 *
 * @param fields names of the available fields, without the dot; all of them hold strings
 * @throws TemplateSyntaxError at the first mistake or unsupported feature
 *
 * @example compileTemplate('/data/{{ .Pid }}', ['Pid']).render({ Pid: 'a/b' }) === '/data/a/b'
 */
export function compileTemplate<Field extends string>(
  source: string,
  fields: readonly Field[],
): Template<Field> {
  if (source.length > MAX_SOURCE_LENGTH) {
    throw new TemplateSyntaxError(
      `The template is ${source.length} characters long; at most ${MAX_SOURCE_LENGTH} are allowed.`,
      MAX_SOURCE_LENGTH,
    );
  }
  const program = parseTemplate(wellFormed(source), fields);
  let prefix = '';
  const action = program.statements.find((statement) => {
    if (statement.kind !== 'text') return true;
    prefix += statement.text;
    return false;
  });
  return {
    source,
    fields: new Set(fields.filter((field) => program.fields.has(field))),
    prefix,
    isFixed: action === undefined,
    render: (data) =>
      renderProgram(program, source, (name) => stringValue(wellFormed(data[name as Field]))),
  };
}
