/**
 * A template can't be used: bad syntax, an unknown field or function, or a part of Go's template
 * language that is not supported here. `message` says what is wrong and how to fix it.
 */
export class TemplateSyntaxError extends Error {
  override readonly name = 'TemplateSyntaxError';

  /** @param offset of the mistake, in UTF-16 units into the source */
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

/**
 * A valid template can't handle its data, e.g. an index beyond the end of a string. The message
 * quotes the template, never the data.
 */
export class TemplateRenderError extends Error {
  override readonly name = 'TemplateRenderError';

  /** @param reason what is wrong, without the position */
  constructor(
    readonly reason: string,
    source: string,
    offset: number,
  ) {
    const before = source.slice(0, offset).split('\n');
    const shown = source.length > 120 ? `${source.slice(0, 120)}…` : source;
    super(
      `The template "${shown}" can't be rendered: ${reason} ` +
        `(line ${before.length}, column ${(before.at(-1) ?? '').length + 1}).`,
    );
  }
}
