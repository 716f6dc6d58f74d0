import type { Identity } from '../../auth/identity.port.js';
import type { AppConfig } from '../../config/app-config.js';
import { AccessDeniedError, InvalidRequestError } from '../../errors/request.errors.js';
import { type AccessExplanation, explainAccess } from '../../facilities/access-rule.js';
import type { Facility } from '../../facilities/facility.js';
import { FacilityRegistry, type FacilityRole } from '../../facilities/facility-registry.js';
import { resolvePaths } from '../../facilities/path-resolution.js';
import type { CopyOptions, RecordedSide } from '../domain/transfer-record.js';
import type { Dataset } from './ports/datasets.port.js';

/** What a user asks for, apart from the list of files. */
export interface TransferWish {
  readonly sourceFacility: string;
  readonly destFacility: string;
  readonly scicatPid: string;
  /** Where the source collection's root is; empty or absent: not known. */
  readonly collectionRootPath?: string;
  readonly autoArchive: boolean;
}

/** An allowed request, worked out. */
export interface AssessedRequest {
  readonly source: RecordedSide;
  readonly destination: RecordedSide;
  readonly copy: CopyOptions;
  /** Why both facilities are open to this user. */
  readonly access: readonly AccessExplanation[];
}

/** Says which rule refused; the caller turns it into an audit line. */
export type RuleListener = (rule: string) => void;

/** The two facilities of a wish, each by its own rule. No upstream is needed for this part. */
export interface AllowedFacilities {
  readonly source: Facility;
  readonly destination: Facility;
  readonly access: readonly AccessExplanation[];
}

/**
 * Checks facilities and access groups.
 *
 * @throws AccessDeniedError for an unknown facility, a wrong direction, or a missing group
 */
export function allowFacilities(
  config: AppConfig,
  identity: Identity,
  wish: Pick<TransferWish, 'sourceFacility' | 'destFacility'>,
  refusedBy: RuleListener,
): AllowedFacilities {
  const registry = new FacilityRegistry(config.facilities);
  const source = facilityFor(registry, wish.sourceFacility, 'source', refusedBy);
  const destination = facilityFor(registry, wish.destFacility, 'destination', refusedBy);
  const access = [
    accessTo(source, identity, refusedBy),
    accessTo(destination, identity, refusedBy),
  ];
  return { source, destination, access };
}

/**
 * Checks all that is left once the dataset is known, and works out the two paths.
 *
 * @throws AccessDeniedError when the dataset belongs to a group that the user is not in
 * @throws InvalidRequestError when a path can't be used
 */
export function assessRequest(
  config: AppConfig,
  identity: Identity,
  dataset: Dataset,
  wish: TransferWish,
  allowed: AllowedFacilities,
  refusedBy: RuleListener,
): AssessedRequest {
  const { source, destination, access } = allowed;
  if (dataset.ownerGroup === '' || !identity.accessGroups.includes(dataset.ownerGroup)) {
    refusedBy('dataset-owner-group');
    throw new AccessDeniedError(
      `The dataset ${dataset.pid} belongs to group "${dataset.ownerGroup}", which you are not in, so you can't have it moved.`,
    );
  }
  const paths = resolvePaths({
    source,
    destination,
    dataset,
    username: identity.username,
    collectionRootPath: wish.collectionRootPath,
  });
  if (paths.kind === 'refused') {
    refusedBy(`path:${paths.reason}`);
    throw new InvalidRequestError(paths.message);
  }
  return {
    source: side(source, paths.sourcePath),
    destination: side(destination, paths.destinationPath),
    copy: copyOptions(config, source, destination),
    access,
  };
}

function facilityFor(
  registry: FacilityRegistry,
  name: string,
  role: FacilityRole,
  refusedBy: RuleListener,
): Facility {
  const found = registry.lookUp(name, role);
  if (found.kind === 'found') return found.facility;
  refusedBy(`${role}-${found.kind === 'unknown' ? 'unknown' : 'direction'}`);
  throw new AccessDeniedError(found.message);
}

function accessTo(facility: Facility, identity: Identity, refusedBy: RuleListener) {
  const explanation = explainAccess(facility, identity.document);
  if (explanation.allowed) return explanation;
  refusedBy(`access:${facility.name}`);
  throw new AccessDeniedError(
    `You have no access to facility "${facility.name}": "${explanation.accessValue}" is not at ${explanation.accessPath} of your SciCat account. Ask the facility for access; a group that was granted lately counts from your next login.`,
  );
}

function side(facility: Facility, path: string): RecordedSide {
  return {
    facility: facility.name,
    collection: facility.collection,
    path,
    scopes: facility.scopes,
  };
}

/** The service's way of copying, unless a facility has its own; the destination's wins. */
function copyOptions(config: AppConfig, source: Facility, destination: Facility): CopyOptions {
  const { transfer } = config;
  const syncLevel = destination.syncLevel ?? source.syncLevel ?? transfer.syncLevel;
  const { deadlineHours } = transfer;
  return {
    verifyChecksum: destination.verifyChecksum ?? source.verifyChecksum ?? transfer.verifyChecksum,
    preserveTimestamp: transfer.preserveTimestamp,
    encryptData: transfer.encryptData,
    ...(syncLevel === undefined ? {} : { syncLevel }),
    ...(deadlineHours === undefined ? {} : { deadlineHours }),
  };
}
