import type { Identity } from '../../ports/identities.port.js';
import { type AccessFound, explainAccess } from '../../facilities/access-rule.js';
import type { Facility } from '../../facilities/facility.js';
import { quoted } from '../../facilities/path-text.js';
import { nearestName } from '../../templates/suggestion.js';
import type { AppliedRule } from '../../facilities/request-rules.js';

/** What a change depends on beside the rule. */
export interface ChangeContext {
  readonly facilities: readonly Facility[];
  /** Undefined where there is no facility of the name that was asked for. */
  readonly source: Facility | undefined;
  readonly destination: Facility | undefined;
  readonly identity: Pick<Identity, 'username' | 'document'>;
}

/**
 * What somebody would have to change for a rule to be passed, in words for the people who run the
 * service. @returns undefined where the rule refuses nothing
 */
export function neededChange(applied: AppliedRule, context: ChangeContext): string | undefined {
  const { refusal, rule } = applied;
  if (refusal === undefined) return undefined;
  const { source, destination, identity } = context;
  const { username } = identity;
  const from = quoted(source?.name ?? '');
  const to = quoted(destination?.name ?? '');
  switch (rule) {
    case 'source-facility':
    case 'destination-facility':
      return facilityChange(applied, context);
    case 'source-access':
      return accessChange(source, identity);
    case 'destination-access':
      return accessChange(destination, identity);
    case 'dataset-readable':
      return `Give the PID of a dataset that ${username} may read in SciCat, or let SciCat show ${username} this one.`;
    case 'dataset-owner-group':
      return ownerGroupChange(applied, username);
    case 'collection-root':
      return `Leave collectionRootPath (--root) out, or send ${quotedList(applied.required)}; or correct collectionRootPath of facility ${from} in the configuration.`;
    case 'pid':
      return 'Register the dataset under another PID.';
    case 'source-folder':
      return refusal.reason === 'path:source-folder-masked'
        ? `Let the SciCat administrators show ${username} the whole sourceFolder, or use a folder without an e-mail address in its path.`
        : `Correct sourceFolder of the dataset in SciCat: an absolute path without "." and ".." segments.`;
    case 'inside-root':
      return insideRootChange(applied, source);
    case 'user-name-in-path':
      return `Make no path of {{ .Username }} in the templates of facilities ${from} and ${to} in the configuration.`;
    case 'owner-group-in-path':
      return `Make no folder of {{ .OwnerGroup }} in allowedSourceFolders of facility ${from} in the configuration.`;
    case 'allowed-folders':
      return allowedFoldersChange(applied, source);
    case 'source-path':
      return `Correct sourcePath of facility ${from} in the configuration; it is ${quoted(source?.sourcePath.source ?? '')}.`;
    case 'destination-path':
      return `Correct destinationPath of facility ${to} in the configuration; it is ${quoted(destination?.destinationPath.source ?? '')}.`;
  }
}

function facilityChange(
  { rule, facility = '', refusal }: AppliedRule,
  context: ChangeContext,
): string {
  const role = rule === 'source-facility' ? 'source' : 'destination';
  const names = context.facilities.map(({ name }) => name);
  const meant = nearestName(facility, names);
  return refusal?.reason.endsWith('-unknown') === true
    ? `Ask for ${meant === undefined ? `one of ${names.join(', ')}` : quoted(meant)}, or add a facility ${quoted(facility)} to the configuration.`
    : `Ask for another ${role}, or set direction of facility ${quoted(facility)} to BOTH in the configuration.`;
}

function accessChange(
  facility: Facility | undefined,
  { username, document }: ChangeContext['identity'],
): string | undefined {
  if (facility === undefined) return undefined;
  const { accessPath, accessValue, found } = explainAccess(facility, document);
  const name = quoted(facility.name);
  const value = quoted(accessValue);
  const nearly = onlyInCase(found, accessValue);
  if (nearly !== undefined) {
    return `${quoted(nearly)} differs from ${value} only in upper and lower case: correct accessValue of facility ${name} in the configuration, or the group in SciCat.`;
  }
  switch (found.kind) {
    case 'nowhere':
      return `The identity document has nothing at ${quoted(found.missing)}: correct accessPath of facility ${name} in the configuration if that is misspelt, or let SciCat give ${username} ${value} there.`;
    case 'other':
      return `What is at ${accessPath} is ${found.type === 'object' ? 'an object' : `a ${found.type}`}, where only a text or a list of texts can open a facility: correct accessPath of facility ${name} in the configuration.`;
    case 'list':
    case 'text': {
      const grant = /^profile\.accessGroups$/i.test(accessPath)
        ? `Add ${username} to the group ${value} in SciCat (it counts from the next login)`
        : `Let ${value} stand at ${accessPath} of ${username}'s SciCat account`;
      return `${grant}, or set accessValue of facility ${name} in the configuration to something that ${username} has.`;
    }
  }
}

/** What would match if capitals made no difference, which is easily overlooked. */
function onlyInCase(found: AccessFound, accessValue: string): string | undefined {
  const values = found.kind === 'list' ? found.values : found.kind === 'text' ? [found.value] : [];
  const wanted = accessValue.toLowerCase();
  return values.find((value) => value.toLowerCase() === wanted);
}

function ownerGroupChange({ required }: AppliedRule, username: string): string {
  const [group = ''] = required ?? [];
  return group === ''
    ? 'Give the dataset an ownerGroup in SciCat.'
    : `Add ${username} to the group ${quoted(group)} in SciCat (it counts from the next login), or give the dataset an ownerGroup that ${username} is in.`;
}

function insideRootChange(
  { required, refusal }: AppliedRule,
  source: Facility | undefined,
): string {
  const root = quotedList(required);
  const pinned = (source?.collectionRootPath ?? '') !== '';
  const where = pinned
    ? `collectionRootPath of facility ${quoted(source?.name ?? '')} in the configuration`
    : 'collectionRootPath (--root) of the request';
  return refusal?.reason === 'path:outside-root'
    ? `Correct sourceFolder of the dataset in SciCat, or ${where}: ${root} must be the dataset's folder or one above it.`
    : `Correct ${where}: an absolute path without "." and ".." segments.`;
}

function allowedFoldersChange(
  { required, found, refusal }: AppliedRule,
  source: Facility | undefined,
): string {
  const name = quoted(source?.name ?? '');
  switch (refusal?.reason) {
    case 'path:root-differs':
      return `Set collectionRootPath of facility ${name} in the configuration, so that requests need not state it; a root that a request states must be above the allowed folder.`;
    case 'path:outside-allowed-folders': {
      const allowed =
        required === undefined ? 'allow no folder for it' : `allow ${quotedList(required)} for it`;
      return `Correct sourceFolder of the dataset in SciCat, or add ${quotedList(found)} or a folder above it to allowedSourceFolders of facility ${name} in the configuration, which ${allowed}.`;
    }
    default:
      return `Correct allowedSourceFolders of facility ${name} in the configuration.`;
  }
}

function quotedList(values: readonly string[] | undefined): string {
  return (values ?? []).map((value) => quoted(value)).join(', ');
}
