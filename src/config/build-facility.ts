import {
  FOLDER_FIELDS,
  NAME_FIELDS,
  PATH_FIELDS,
  SCOPE_FIELDS,
  type Facility,
  type FolderField,
} from '../facilities/facility.js';
import { hasDotSegment, hasUnprintable, normalizedPath } from '../facilities/path-text.js';
import { TemplateRenderError, TemplateSyntaxError } from '../templates/template.errors.js';
import { compileTemplate, type Template } from '../templates/template.js';
import type { Findings } from './findings.js';
import type { FacilitySettings } from './settings.js';
import { warnOfFacility } from './warn-of-risks.js';
import { pathOf, type YamlSource } from './yaml-source.js';

/** An ordinary dataset, to see what a path template makes of it. */
const SAMPLE: Readonly<Record<FolderField, string>> = {
  Pid: '20.500.12345/0a1b2c',
  PidPrefix: '20.500.12345',
  PidShort: '0a1b2c',
  PidEncoded: '20.500.12345%2F0a1b2c',
  SourceFolder: '/data/p12345/run1',
  RelativeSourceFolder: 'p12345/run1',
  DatasetFolder: 'run1',
  Username: 'someone',
  OwnerGroup: 'p12345',
};

/** A block of YAML (`|`) ends in a line break unless told otherwise, and would match nothing. */
const CONTROL_CHARACTER =
  'yields a line break or another control character; write the text on one line, or a block with "|-"';

/**
 * Makes a facility of its settings: compiles its templates and renders those that depend on nothing
 * but the facility. What is wrong is reported; with any error the result is `undefined`.
 *
 * @param path where the facility is in the file, e.g. `facilities[0]`
 */
export function buildFacility(
  settings: FacilitySettings,
  path: string,
  source: YamlSource,
  findings: Findings,
): Facility | undefined {
  const usable = (key: string): boolean => !findings.hasErrorAbove(pathOf(path, key));

  function compiled<Field extends string>(
    text: string,
    at: string,
    fields: readonly Field[],
  ): Template<Field> | undefined {
    try {
      return compileTemplate(text, fields);
    } catch (error) {
      if (!(error instanceof TemplateSyntaxError)) throw error;
      const position = source.positionWithin(at, error.offset);
      findings.error(at, `is a template with a mistake: ${error.message.replace(/\.$/, '')}`, {
        at: position,
      });
      return undefined;
    }
  }

  function rendered<Field extends string>(
    text: string,
    at: string,
    fields: readonly Field[],
    data: Readonly<Record<Field, string>>,
  ): string | undefined {
    const template = compiled(text, at, fields);
    if (template === undefined) return undefined;
    try {
      const result = template.render(data);
      if (result.trim() === '') {
        findings.error(at, 'is a template that comes out empty; it must yield a text');
      } else if (hasUnprintable(result)) {
        findings.error(at, CONTROL_CHARACTER);
      } else {
        return result;
      }
    } catch (error) {
      if (!(error instanceof TemplateRenderError)) throw error;
      findings.error(
        at,
        `is a template that can't be rendered: ${error.reason.replace(/\.$/, '')}`,
      );
    }
    return undefined;
  }

  function pathTemplate<Field extends FolderField>(
    text: string,
    at: string,
    fields: readonly Field[],
  ): Template<Field> | undefined {
    const template = compiled(text, at, fields);
    const sample = template === undefined ? '' : sampleOf(template);
    if (hasUnprintable(sample)) findings.error(at, CONTROL_CHARACTER);
    if (hasDotSegment(sample)) {
      findings.error(
        at,
        'yields a path with a "." or ".." segment, which every transfer would be refused for; write the path without them',
      );
    }
    return template;
  }

  const name = usable('name') ? settings.name : undefined;
  const byName = { Name: name ?? 'name' };
  const scopes = usable('scopes')
    ? settings.scopes.map((scope, index) => {
        const at = pathOf(pathOf(path, 'scopes'), index);
        return rendered(scope, at, SCOPE_FIELDS, {
          ...byName,
          Collection: usable('collection') ? settings.collection : 'collection',
        });
      })
    : [];
  const accessPath = usable('accessPath')
    ? rendered(settings.accessPath, pathOf(path, 'accessPath'), NAME_FIELDS, byName)
    : undefined;
  if (accessPath?.split('.').includes('') === true) {
    findings.error(
      pathOf(path, 'accessPath'),
      `comes out as "${accessPath}", which has an empty part; it must be names with one dot between two, such as "profile.accessGroups"`,
    );
  }
  const accessValue = usable('accessValue')
    ? rendered(settings.accessValue, pathOf(path, 'accessValue'), NAME_FIELDS, byName)
    : undefined;
  const sourcePath = usable('sourcePath')
    ? pathTemplate(settings.sourcePath, pathOf(path, 'sourcePath'), PATH_FIELDS)
    : undefined;
  const destinationPath = usable('destinationPath')
    ? pathTemplate(settings.destinationPath, pathOf(path, 'destinationPath'), PATH_FIELDS)
    : undefined;
  const collectionRootPath =
    settings.collectionRootPath !== undefined && usable('collectionRootPath')
      ? rootPath(
          rendered(
            settings.collectionRootPath,
            pathOf(path, 'collectionRootPath'),
            NAME_FIELDS,
            byName,
          ),
          pathOf(path, 'collectionRootPath'),
          findings,
        )
      : undefined;
  const allowedSourceFolders =
    settings.allowedSourceFolders !== undefined && usable('allowedSourceFolders')
      ? settings.allowedSourceFolders.map((folder, index) =>
          pathTemplate(folder, pathOf(pathOf(path, 'allowedSourceFolders'), index), FOLDER_FIELDS),
        )
      : undefined;

  warnOfFacility(settings, destinationPath, path, findings);
  if (
    findings.hasErrorBelow(path) ||
    name === undefined ||
    accessPath === undefined ||
    accessValue === undefined ||
    sourcePath === undefined ||
    destinationPath === undefined
  ) {
    return undefined;
  }
  return Object.freeze({
    name,
    collection: settings.collection.toLowerCase(),
    direction: settings.direction,
    scopes: Object.freeze(scopes.filter((scope) => scope !== undefined)),
    accessPath,
    accessValue,
    sourcePath,
    destinationPath,
    collectionRootPath,
    allowedSourceFolders:
      allowedSourceFolders &&
      Object.freeze(allowedSourceFolders.filter((folder) => folder !== undefined)),
    verifyChecksum: settings.verifyChecksum,
    syncLevel: settings.syncLevel,
  });
}

function rootPath(text: string | undefined, at: string, findings: Findings): string | undefined {
  if (text === undefined) return undefined;
  if (text.startsWith('/') && !hasDotSegment(text) && !hasUnprintable(text)) {
    return normalizedPath(text);
  }
  findings.error(
    at,
    `comes out as "${text}"; it must be an absolute path without "." and ".." segments, such as "/data"`,
  );
  return undefined;
}

/** What a path template makes of an ordinary dataset; empty if it can't deal with this one. */
function sampleOf<Field extends FolderField>(template: Template<Field>): string {
  try {
    return template.render(SAMPLE);
  } catch (error) {
    // Not every template can render every dataset; the real ones are checked one by one.
    if (error instanceof TemplateRenderError) return '';
    throw error;
  }
}
