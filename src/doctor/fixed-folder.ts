import { normalizedPath } from '../facilities/path-text.js';
import type { Template } from '../templates/template.js';

/**
 * The deepest folder that is certain before any dataset is known: `/archive` for
 * `/archive/{{ .PidShort }}`, and `/` where the template begins with a gap.
 */
export function fixedFolder(template: Pick<Template<string>, 'source'>): string {
  const gap = template.source.indexOf('{{');
  const fixed = gap < 0 ? template.source : template.source.slice(0, gap);
  return normalizedPath(fixed.slice(0, fixed.lastIndexOf('/') + 1));
}

/** The folder around a folder; `/` is its own. */
export function parentFolder(path: string): string {
  return normalizedPath(path.slice(0, path.lastIndexOf('/')));
}
