import { explainAccess } from '../../facilities/access-rule.js';
import type { Facility } from '../../facilities/facility.js';
import { quoted } from '../../facilities/path-text.js';
import type { AppliedRule } from '../../facilities/request-rules.js';
import type { Identity } from '../../ports/identities.port.js';
import { nearestName } from '../../templates/suggestion.js';

/** What a remedy depends on besides the rule. */
export interface RemedyContext {
  readonly facilities: readonly Facility[];
  /** Undefined if no facility has the requested name. */
  readonly destination: Facility | undefined;
  readonly identity: Pick<Identity, 'username' | 'document'>;
}

/**
 * What would make a rule that refuses pass, for operators.
 *
 * @param reason why it refuses, as in the audit line
 */
export function remedyFor(
  { rule, required, found, facility: name = '' }: AppliedRule,
  reason: string,
  context: RemedyContext,
): string | undefined {
  const { facilities, destination, identity } = context;
  const { username } = identity;
  const facility = facilities.find((one) => one.name === name);
  const ofFacility = `of facility ${quoted(name)} in the configuration`;
  switch (rule) {
    case 'source-facility':
    case 'destination-facility': {
      if (facility !== undefined) {
        const role = rule === 'source-facility' ? 'source' : 'destination';
        return `Request another ${role}, or set direction of facility ${quoted(name)} to BOTH in the configuration.`;
      }
      const names = facilities.map((one) => one.name);
      const meant = nearestName(name, names);
      return `Request ${meant === undefined ? `one of ${names.join(', ')}` : quoted(meant)}, or add a facility ${quoted(name)} to the configuration.`;
    }
    case 'source-access':
    case 'destination-access':
      return facility && accessChange(facility, identity, ofFacility);
    case 'dataset-readable':
      return `Use the PID of a dataset that ${username} may read in SciCat, or give ${username} access to this one.`;
    case 'dataset-owner-group': {
      const [group = ''] = required ?? [];
      return group === ''
        ? 'Give the dataset an ownerGroup in SciCat.'
        : `Add ${username} to the group ${quoted(group)} in SciCat (effective from the next login), or give the dataset an ownerGroup that ${username} belongs to.`;
    }
    case 'collection-root':
      return `Omit collectionRootPath (--root) or send ${quotedList(required)}, or correct collectionRootPath ${ofFacility}.`;
    case 'pid':
      return 'Register the dataset with a different PID.';
    case 'source-folder':
      return reason === 'path:source-folder-masked'
        ? `Have the SciCat administrators show ${username} the unmasked sourceFolder, or use a folder without an e-mail address in its path.`
        : `Correct sourceFolder of the dataset in SciCat: an absolute path without "." and ".." segments.`;
    case 'inside-root': {
      const configured = (facility?.collectionRootPath ?? '') !== '';
      const root = `collectionRootPath ${configured ? ofFacility : '(--root) of the request'}`;
      return reason === 'path:outside-root'
        ? `Correct sourceFolder of the dataset in SciCat, or ${root}: ${quotedList(required)} must be the dataset's folder or one above it.`
        : `Correct ${root}: an absolute path without "." and ".." segments.`;
    }
    case 'user-name-in-path':
      return `Do not use {{ .Username }} in the templates of facilities ${quoted(name)} and ${quoted(destination?.name ?? '')} in the configuration.`;
    case 'owner-group-in-path':
      return `Do not use {{ .OwnerGroup }} in allowedSourceFolders ${ofFacility}.`;
    case 'allowed-folders':
      switch (reason) {
        case 'path:root-differs':
          return `Set collectionRootPath ${ofFacility}, so that requests need not send it; a root that a request sends must be above the allowed folder.`;
        case 'path:outside-allowed-folders':
          return `Correct sourceFolder of the dataset in SciCat, or add ${quotedList(found)} or a folder above it to allowedSourceFolders ${ofFacility}, which allows ${required === undefined ? 'no folder' : quotedList(required)} for it.`;
        case 'path:copied-outside-allowed-folders':
          return `Correct sourcePath ${ofFacility}, which is ${quoted(facility?.sourcePath.source ?? '')}, so that it contains {{ .RelativeSourceFolder }}; or correct collectionRootPath; or add ${quotedList(found)} or a folder above it to allowedSourceFolders.`;
        default:
          return `Correct allowedSourceFolders ${ofFacility}.`;
      }
    case 'source-path':
      return `Correct sourcePath ${ofFacility}; it is ${quoted(facility?.sourcePath.source ?? '')}.`;
    case 'destination-path':
      return `Correct destinationPath ${ofFacility}; it is ${quoted(facility?.destinationPath.source ?? '')}.`;
  }
}

function accessChange(
  facility: Facility,
  { username, document }: RemedyContext['identity'],
  ofFacility: string,
): string {
  const { accessPath, accessValue, found } = explainAccess(facility, document);
  const value = quoted(accessValue);
  switch (found.kind) {
    case 'nowhere':
      return `The identity document has nothing at ${quoted(found.missing)}: correct accessPath ${ofFacility} if it is misspelled, or give ${username} ${value} there in SciCat.`;
    case 'other':
      return `${accessPath} is ${found.type === 'object' ? 'an object' : `a ${found.type}`}, but must be a string or a list of strings: correct accessPath ${ofFacility}.`;
    case 'list':
    case 'text': {
      const values = found.kind === 'list' ? found.values : [found.value];
      const similar = values.find((one) => one.toLowerCase() === accessValue.toLowerCase());
      if (similar !== undefined) {
        return `${quoted(similar)} differs from ${value} only in upper and lower case: correct accessValue ${ofFacility}, or the group in SciCat.`;
      }
      const grant = /^profile\.accessGroups$/i.test(accessPath)
        ? `Add ${username} to the group ${value} in SciCat (effective from the next login)`
        : `Put ${value} at ${accessPath} of ${username}'s SciCat account`;
      return `${grant}, or set accessValue ${ofFacility} to a value that ${username} has.`;
    }
  }
}

function quotedList(values: readonly string[] = []): string {
  return values.map((value) => quoted(value)).join(', ');
}
