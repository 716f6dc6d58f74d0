import type { Identity } from '../../ports/identities.port.js';
import { type AccessFound, explainAccess } from '../../facilities/access-rule.js';
import type { Facility } from '../../facilities/facility.js';
import { quoted } from '../../facilities/path-text.js';
import { nearestName } from '../../templates/suggestion.js';
import type { AppliedRule } from '../../facilities/request-rules.js';

/** What a remedy depends on beside the rule. */
export interface RemedyContext {
  readonly facilities: readonly Facility[];
  /** Undefined where no facility has the requested name. */
  readonly source: Facility | undefined;
  readonly destination: Facility | undefined;
  readonly identity: Pick<Identity, 'username' | 'document'>;
}

/** What would make a rule pass, for operators. @returns undefined where the rule refuses nothing */
export function remedyFor(applied: AppliedRule, context: RemedyContext): string | undefined {
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
      return `Use the PID of a dataset that ${username} may read in SciCat, or give ${username} access to this one.`;
    case 'dataset-owner-group':
      return ownerGroupChange(applied, username);
    case 'collection-root':
      return `Omit collectionRootPath (--root) or send ${quotedList(applied.required)}, or correct collectionRootPath of facility ${from} in the configuration.`;
    case 'pid':
      return 'Register the dataset with a different PID.';
    case 'source-folder':
      return refusal.reason === 'path:source-folder-masked'
        ? `Have the SciCat administrators show ${username} the unmasked sourceFolder, or use a folder without an e-mail address in its path.`
        : `Correct sourceFolder of the dataset in SciCat: an absolute path without "." and ".." segments.`;
    case 'inside-root':
      return insideRootChange(applied, source);
    case 'user-name-in-path':
      return `Use no {{ .Username }} in the templates of facilities ${from} and ${to} in the configuration.`;
    case 'owner-group-in-path':
      return `Use no {{ .OwnerGroup }} in allowedSourceFolders of facility ${from} in the configuration.`;
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
  context: RemedyContext,
): string {
  const role = rule === 'source-facility' ? 'source' : 'destination';
  const names = context.facilities.map(({ name }) => name);
  const meant = nearestName(facility, names);
  return refusal?.reason.endsWith('-unknown') === true
    ? `Request ${meant === undefined ? `one of ${names.join(', ')}` : quoted(meant)}, or add a facility ${quoted(facility)} to the configuration.`
    : `Request another ${role}, or set direction of facility ${quoted(facility)} to BOTH in the configuration.`;
}

function accessChange(
  facility: Facility | undefined,
  { username, document }: RemedyContext['identity'],
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
      return `The identity document has nothing at ${quoted(found.missing)}: correct accessPath of facility ${name} in the configuration if it is misspelt, or give ${username} ${value} there in SciCat.`;
    case 'other':
      return `${accessPath} is ${found.type === 'object' ? 'an object' : `a ${found.type}`}, but must be a string or a list of strings: correct accessPath of facility ${name} in the configuration.`;
    case 'list':
    case 'text': {
      const grant = /^profile\.accessGroups$/i.test(accessPath)
        ? `Add ${username} to the group ${value} in SciCat (effective from the next login)`
        : `Put ${value} at ${accessPath} of ${username}'s SciCat account`;
      return `${grant}, or set accessValue of facility ${name} in the configuration to a value that ${username} has.`;
    }
  }
}

/** A value that differs only in case, which is easily overlooked. */
function onlyInCase(found: AccessFound, accessValue: string): string | undefined {
  const values = found.kind === 'list' ? found.values : found.kind === 'text' ? [found.value] : [];
  const wanted = accessValue.toLowerCase();
  return values.find((value) => value.toLowerCase() === wanted);
}

function ownerGroupChange({ required }: AppliedRule, username: string): string {
  const [group = ''] = required ?? [];
  return group === ''
    ? 'Give the dataset an ownerGroup in SciCat.'
    : `Add ${username} to the group ${quoted(group)} in SciCat (effective from the next login), or give the dataset an ownerGroup that ${username} belongs to.`;
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
      return `Set collectionRootPath of facility ${name} in the configuration, so that requests need not send it; a root that a request sends must be above the allowed folder.`;
    case 'path:outside-allowed-folders': {
      const allowed =
        required === undefined
          ? 'allows no folder for it'
          : `allows ${quotedList(required)} for it`;
      return `Correct sourceFolder of the dataset in SciCat, or add ${quotedList(found)} or a folder above it to allowedSourceFolders of facility ${name} in the configuration, which ${allowed}.`;
    }
    default:
      return `Correct allowedSourceFolders of facility ${name} in the configuration.`;
  }
}

function quotedList(values: readonly string[] | undefined): string {
  return (values ?? []).map((value) => quoted(value)).join(', ');
}
