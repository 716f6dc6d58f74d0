import { parseAccessPath } from '../facilities/access-path.js';
import {
  type AnyPathField,
  DESTINATION_FIELDS,
  type DestinationField,
  FOLDER_FIELDS,
  NAME_FIELDS,
  PATH_FIELDS,
} from '../facilities/facility.js';
import { keepsTransferKey } from '../facilities/path-resolution.js';
import { hasDotSegment, hasUnprintable, normalizedPath } from '../facilities/path-text.js';
import { TemplateRenderError, TemplateSyntaxError } from '../templates/template.errors.js';
import { compileTemplate, type Template } from '../templates/template.js';
import type { Kind, Place } from './define-setting.js';
import { text } from './value-kinds.js';
import { pathOf } from './yaml-source.js';

/* Kinds of values that only facilities have: templates. */

const BACKSLASH = 'has a backslash, which is not a folder separator here; write "/"';

/** A kind whose resolved values differ from the written ones. */
type ResolvedKind<Written, Resolved> = Kind<Written, Resolved> &
  Required<Pick<Kind<Written, Resolved>, 'resolve' | 'print'>>;

/** An ordinary dataset, to try path templates on. */
const SAMPLE: Readonly<Record<AnyPathField, string>> = {
  Pid: '20.500.12345/0a1b2c',
  PidPrefix: '20.500.12345',
  PidShort: '0a1b2c',
  PidEncoded: '20.500.12345%2F0a1b2c',
  SourceFolder: '/data/p12345/run1',
  RelativeSourceFolder: 'p12345/run1',
  DatasetFolder: 'run1',
  Username: 'someone',
  OwnerGroup: 'p12345',
  TransferKey: '5b1c0f3a-9d27-4e86-b0a4-71c2d8e9f635',
};

const EMPTY = 'is a template that renders as an empty string';
/** A YAML block (`|`) ends in a line break unless it is written as `|-`, and would match nothing. */
const CONTROL_CHARACTER =
  'renders with a line break or another control character; write the value on one line, or as a block with "|-"';
const KEY_ELSEWHERE =
  'uses .TransferKey, which only destinationPath can use: the key is generated for each transfer, so no existing folder has it in its name; remove it';
const KEY_CHANGED =
  'shortens or changes .TransferKey; write {{ .TransferKey }} without functions, or every request would be refused';
const DOT_SEGMENT =
  'renders as a path with a "." or ".." segment, so every transfer would be refused; remove the segment';
/** What `printf` writes, like Go, in place of an operand that is missing or does not fit. */
const PRINTF_COMPLAINT =
  /%!.?\((?:(?:string|int|uint8|float64|bool)=|<nil>|MISSING|NOVERB|BAD[A-Z]+)|%!\(EXTRA /u;

/**
 * A template that depends on the facility alone, rendered while the configuration is loaded.
 *
 * @param problemOf what is wrong with the rendered string, if anything
 */
export function fixedTemplate(
  what: string,
  fields: readonly string[],
  problemOf: (rendered: string) => string | undefined = () => undefined,
): ResolvedKind<string, string> {
  return {
    ...text(what),
    resolve: (written, place) => {
      const { path, findings, variables } = place;
      const rendered = reporting(place, () => compileTemplate(written, fields).render(variables));
      if (rendered === undefined) return undefined;
      warnOfPrintf(rendered, place);
      const broken = hasUnprintable(rendered) ? CONTROL_CHARACTER : problemOf(rendered);
      const problem = rendered.trim() === '' ? EMPTY : broken;
      if (problem === undefined) {
        warnOfOtherNotations(written, fields, place);
        return rendered;
      }
      findings.error(path, problem);
      return undefined;
    },
    // As a template that renders to the same string.
    print: (rendered) => rendered.replaceAll('{{', '{{ "{{" }}'),
  };
}

const OTHER_PATH_NOTATION =
  'is a path in another notation, which leads nowhere; write names separated by dots, such as profile.oidcClaims."https://psi.ch/groups"';

/** Names separated by dots, as a {@link fixedTemplate}. */
export function accessPath(what: string): ResolvedKind<string, string> {
  return fixedTemplate(what, NAME_FIELDS, (rendered) => {
    const parsed = parseAccessPath(rendered);
    if (/^\$(?:\.|$)|\[["'*\d]/.test(rendered)) return OTHER_PATH_NOTATION;
    return parsed.kind === 'unusable'
      ? `renders as "${rendered}", which has ${parsed.fault}; it must be names separated by single dots, such as "profile.accessGroups"${/["']/.test(rendered) ? '; quotation marks, if any, must enclose a whole name, as in profile.oidcClaims."https://psi.ch/groups"' : ''}`
      : undefined;
  });
}

/** An absolute path on a facility's machines, as a {@link fixedTemplate}. */
export function rootPath(what: string): ResolvedKind<string, string> {
  const template = fixedTemplate(what, NAME_FIELDS, (rendered) =>
    rendered.startsWith('/') && !hasDotSegment(rendered)
      ? undefined
      : `renders as "${rendered}"; it must be an absolute path without "." and ".." segments, such as "/data"`,
  );
  return {
    ...template,
    resolve: (written, place) => {
      const rendered = template.resolve(written, place);
      return rendered === undefined ? undefined : normalizedPath(rendered);
    },
  };
}

/** A template of a path, rendered for each dataset. */
export function pathTemplate<Field extends AnyPathField>(
  what: string,
  fields: readonly Field[],
): ResolvedKind<string, Template<Field>> {
  return {
    ...text(what),
    resolve: (written, place) => {
      if (!fields.some((field) => field === 'TransferKey') && usesTransferKey(written)) {
        place.findings.error(place.path, KEY_ELSEWHERE);
        return undefined;
      }
      const template = reporting(place, () => compileTemplate(written, fields));
      const sample = template === undefined ? '' : sampleOf(template);
      if (hasUnprintable(sample)) place.findings.error(place.path, CONTROL_CHARACTER);
      if (hasDotSegment(sample)) place.findings.error(place.path, DOT_SEGMENT);
      if (template !== undefined) warnOfOtherNotations(written, fields, place);
      warnOfPrintf(sample, place);
      if (withoutActions(written).includes('\\')) place.findings.warning(place.path, BACKSLASH);
      return template;
    },
    print: ({ source }) => source,
  };
}

/** A {@link pathTemplate} in which the transfer's key may stand, as it is. */
export function destinationTemplate(
  what: string,
  fields: readonly DestinationField[],
): ResolvedKind<string, Template<DestinationField>> {
  const path = pathTemplate(what, fields);
  return {
    ...path,
    resolve: (written, place) => {
      const template = path.resolve(written, place);
      if (template !== undefined && !keepsTransferKey(template, SAMPLE)) {
        place.findings.error(place.path, KEY_CHANGED);
      }
      return template;
    },
  };
}

/** Whether a template is valid but for its use of the transfer's key. */
function usesTransferKey(written: string): boolean {
  try {
    const known = [...DESTINATION_FIELDS, 'OwnerGroup'] as const;
    return compileTemplate(written, known).fields.has('TransferKey');
  } catch (error) {
    if (error instanceof TemplateSyntaxError) return false;
    throw error;
  }
}

/** A list whose elements are resolved one by one. */
export function each<Resolved>(
  list: Kind<readonly string[]>,
  element: ResolvedKind<string, Resolved>,
): ResolvedKind<readonly string[], readonly Resolved[]> {
  return {
    ...list,
    resolve: (written, place) =>
      written
        .map((one, index) => element.resolve(one, { ...place, path: pathOf(place.path, index) }))
        .filter((one) => one !== undefined),
    print: (resolved) => resolved.map((one) => element.print(one)),
  };
}

/** What `work` returns; `undefined` after reporting a mistake in the template. */
function reporting<Result>(
  { path, source, findings, variables }: Place,
  work: () => Result,
): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof TemplateSyntaxError) {
      findings.error(path, `is not a valid template: ${error.message.replace(/\.$/, '')}`, {
        at: source.positionWithin(path, error.offset),
        suggestion: fieldAdvice(error.message, variables),
      });
    } else if (error instanceof TemplateRenderError) {
      findings.error(path, `is a template that can't be rendered: ${error.reason}`);
    } else throw error;
    return undefined;
  }
}

/** What to write instead of a field that only other options have. */
function fieldAdvice(
  message: string,
  variables: Readonly<Record<string, string>>,
): string | undefined {
  const [, field = ''] = /^unknown field "\.(\w+)"/.exec(message) ?? [];
  const value = variables[field];
  if (value !== undefined) return `write it out: ${value}`;
  const isOneOf = (fields: readonly string[]): boolean => fields.includes(field);
  if (isOneOf(PATH_FIELDS)) return `".${field}" is a variable of paths only`;
  return isOneOf(FOLDER_FIELDS)
    ? `".${field}" is a variable of allowedSourceFolders only; use another one here, such as ".Username" or ".PidEncoded"`
    : undefined;
}

/** Variables in the notation of other tools, which are ordinary text here. */
function warnOfOtherNotations(
  written: string,
  fields: readonly string[],
  { path, findings }: Place,
): void {
  const text = withoutActions(written);
  const name = `\\.?(${fields.join('|')})`;
  const [found, field] =
    new RegExp(`\\{\\s*${name}\\s*\\}|\\$\\{?${name}\\b\\}?|<${name}>|%${name}%`, 'i')
      .exec(text)
      ?.filter((group) => (group as string | undefined) !== undefined) ?? [];
  const meant = fields.find((one) => one.toLowerCase() === field?.toLowerCase());
  if (found !== undefined && meant !== undefined) {
    findings.warning(
      path,
      `has "${found}", which is taken literally; write "{{ .${meant} }}", and the whole value in quotes`,
    );
  }
}

function withoutActions(template: string): string {
  return template.replace(/\{\{[^]*?\}\}/g, (action) => ' '.repeat(action.length));
}

function warnOfPrintf(rendered: string, { path, findings }: Place): void {
  if (!PRINTF_COMPLAINT.test(rendered)) return;
  findings.warning(
    path,
    `renders as "${rendered}", because a printf format does not fit its arguments; use %s for strings, which all variables are, and %d for integers`,
  );
}

/** The rendering for an ordinary dataset; empty if the template can't handle it. */
function sampleOf(template: Template<AnyPathField>): string {
  try {
    return template.render(SAMPLE);
  } catch (error) {
    // It may still handle real datasets, which are checked one by one.
    if (error instanceof TemplateRenderError) return '';
    throw error;
  }
}
