/** A place in a template's source. */
interface SourcePosition {
  /** UTF-16 units before the place, as in `source.slice(offset)`. */
  readonly offset: number;
  /** Counted from 1. */
  readonly line: number;
  /** UTF-16 units into the line, counted from 1. */
  readonly column: number;
}

/** Where `offset` (0-based, UTF-16 units) lies in `source`. */
function positionAt(source: string, offset: number): SourcePosition {
  const before = source.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return {
    offset,
    line: before.split('\n').length,
    column: offset - lineStart + 1,
  };
}

/**
 * A template can't be used: bad syntax, an unknown field or function, or something of Go's template
 * language that is not supported here. `message` says what is wrong and what would be right, but
 * not where: that is in `offset`, `line` and `column`, for the caller knows the file around it.
 */
export class TemplateSyntaxError extends Error implements SourcePosition {
  override readonly name = 'TemplateSyntaxError';
  readonly offset: number;
  readonly line: number;
  readonly column: number;

  constructor(message: string, source: string, offset: number) {
    super(message);
    ({ offset: this.offset, line: this.line, column: this.column } = positionAt(source, offset));
  }
}

/**
 * A sound template met data that it can't deal with, e.g. an index beyond the end of a string. The
 * message quotes the template, never the data.
 */
export class TemplateRenderError extends Error implements SourcePosition {
  override readonly name = 'TemplateRenderError';
  /** What is wrong, without the place. */
  readonly reason: string;
  readonly offset: number;
  readonly line: number;
  readonly column: number;

  constructor(reason: string, source: string, offset: number) {
    const position = positionAt(source, offset);
    const shown = source.length > 120 ? `${source.slice(0, 120)}…` : source;
    super(
      `The template "${shown}" can't be rendered: ${reason} ` +
        `(line ${position.line}, column ${position.column}).`,
    );
    this.reason = reason;
    ({ offset: this.offset, line: this.line, column: this.column } = position);
  }
}
