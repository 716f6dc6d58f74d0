import { wellFormed } from './go-text.js';
import { parseTemplate } from './parser.js';
import { renderProgram } from './renderer.js';
import { TemplateSyntaxError } from './template.errors.js';
import { stringValue } from './value.js';

/** Longest source that is compiled, in UTF-16 units. */
const MAX_SOURCE_LENGTH = 65_536;

/** A text with gaps, in a subset of Go's `text/template`: no loops, no other templates. */
export interface Template<Field extends string> {
  /** As it was given. */
  readonly source: string;
  /** The fields that the text uses, in the order in which they were offered. */
  readonly fields: ReadonlySet<Field>;
  /** The text in front of the first gap: what every rendering begins with. */
  readonly prefix: string;
  /** Whether there is no gap, so that {@link prefix} is all of the text. */
  readonly isFixed: boolean;
  /**
   * The text with the gaps filled, byte for byte what Go makes of it. Unpaired surrogates in the
   * data become U+FFFD.
   *
   * @throws TemplateRenderError if the data and the template don't go together, e.g. `index .Pid 9`
   * on a short PID, or the text gets absurdly long
   */
  render(data: Readonly<Record<Field, string>>): string;
}

/**
 * Reads a template once, so that rendering is cheap and can only fail on the data.
 *
 * @param source the template's text
 * @param fields names of the fields that may be used, without the dot; all of them hold strings
 * @throws TemplateSyntaxError at the first thing that is wrong, unknown or not supported
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
      source,
      MAX_SOURCE_LENGTH,
    );
  }
  const program = parseTemplate(wellFormed(source), fields);
  const gap = program.statements.findIndex((statement) => statement.kind !== 'text');
  const leading = gap === -1 ? program.statements : program.statements.slice(0, gap);
  return {
    source,
    fields: new Set(fields.filter((field) => program.fields.has(field))),
    prefix: leading.map((statement) => (statement.kind === 'text' ? statement.text : '')).join(''),
    isFixed: gap === -1,
    render: (data) =>
      renderProgram(program, source, (name) => stringValue(wellFormed(data[name as Field]))),
  };
}
