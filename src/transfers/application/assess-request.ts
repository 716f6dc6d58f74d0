import type { Requester } from '../../auth/caller.js';
import type { AppConfig } from '../../config/app-config.js';
import { errorInWords } from '../../errors/error-facts.js';
import {
  AccessDeniedError,
  InternalError,
  InvalidRequestError,
} from '../../errors/request.errors.js';
import type { Facility } from '../../facilities/facility.js';
import type { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import {
  type AppliedRule,
  DATASET_WAS_READ,
  ownerGroupRule,
  pathRules,
  type RuleName,
} from '../../facilities/request-rules.js';
import type { CopyOptions, RecordedSide } from '../../domain/transfer-record.js';
import type { Dataset } from '../../ports/datasets.port.js';
import type { Decision, TransferEvents } from '../../ports/transfer-events.port.js';

/** What a user asks for, apart from the list of files. */
interface TransferParameters {
  readonly sourceFacility: string;
  readonly destFacility: string;
  readonly scicatPid: string;
  /** Where the source collection's root is; empty or absent: not known. */
  readonly collectionRootPath?: string;
  readonly autoArchive: boolean;
}

/** A request of a known user, apart from the list of files. */
export interface AssessmentRequest {
  readonly requester: Requester;
  /** The dataset, read with the user's own token; it may still be on its way. */
  readonly dataset: Promise<Dataset>;
  readonly parameters: TransferParameters;
}

/** What a request is judged by, and where the decision is reported. */
export interface AssessmentDeps {
  readonly facilities: FacilityAuthorization;
  readonly config: AppConfig;
  readonly events: TransferEvents;
  readonly operation: 'request' | 'preview';
}

/** An allowed request, worked out. */
export interface AssessedRequest {
  readonly dataset: Dataset;
  readonly source: RecordedSide;
  readonly destination: RecordedSide;
  readonly copy: CopyOptions;
  /** Every rule, in the order in which it was applied. None refuses. */
  readonly rules: readonly AppliedRule[];
}

/**
 * Applies all rules to a request and works out its paths. Has no effect but for the audit line: the
 * decision is told to `events`, whichever way it goes.
 *
 * @throws AccessDeniedError for an unknown facility, a wrong direction, a missing group, or a
 *   dataset of a group that the user is not in
 * @throws InvalidRequestError when the dataset can't be read or a path can't be used
 * @throws UpstreamError
 */
export async function assessRequest(
  input: AssessmentRequest,
  { facilities, config, events, operation }: AssessmentDeps,
): Promise<AssessedRequest> {
  const { requester, parameters } = input;
  const { identity } = requester;
  const decided = (
    verdict: Pick<Decision, 'allowed' | 'rule' | 'reason' | 'sourcePath' | 'destinationPath'>,
  ): void => {
    events.emit({
      kind: 'decided',
      requestId: requester.requestId,
      operation,
      username: identity.username,
      datasetPid: parameters.scicatPid,
      sourceFacility: parameters.sourceFacility,
      destinationFacility: parameters.destFacility,
      ...verdict,
    });
  };
  let rule = 'all';
  const passed = (rules: readonly AppliedRule[]): readonly AppliedRule[] => {
    for (const { refusal, message } of rules) {
      if (refusal === undefined) continue;
      rule = refusal.reason;
      throw refusal.kind === 'not-allowed'
        ? new AccessDeniedError(message)
        : new InvalidRequestError(message);
    }
    return rules;
  };
  try {
    const { source, destination, ...first } = facilities.apply(identity.document, parameters);
    passed(first.rules);
    const dataset = await input.dataset.catch((error: unknown) => {
      rule = 'dataset-unreadable';
      throw error;
    });
    const owner = passed([ownerGroupRule(identity.accessGroups, dataset)]);
    if (source === undefined || destination === undefined) throw letThrough();
    const { rules, paths } = pathRules({
      source,
      destination,
      dataset,
      username: identity.username,
      collectionRootPath: parameters.collectionRootPath,
    });
    passed(rules);
    if (paths.kind === 'refused') throw letThrough();
    const applied = [...first.rules, DATASET_WAS_READ, ...owner, ...rules];
    decided({
      allowed: true,
      rule,
      reason: inWords(applied),
      sourcePath: paths.sourcePath,
      destinationPath: paths.destinationPath,
    });
    return {
      dataset,
      source: side(source, paths.sourcePath),
      destination: side(destination, paths.destinationPath),
      copy: copyOptions(config, source, destination),
      rules: applied,
    };
  } catch (error) {
    decided({ allowed: false, rule, reason: errorInWords(error) });
    throw error;
  }
}

/** Why a request is allowed, with the values that were compared, for the audit line. */
function inWords(rules: readonly AppliedRule[]): string {
  return rules
    .filter(({ rule }) => AUDITED.includes(rule))
    .map(({ message }) => message)
    .join(' ');
}

const AUDITED: readonly RuleName[] = ['source-access', 'destination-access', 'dataset-owner-group'];

/** A case that can't happen must not end in a transfer. */
function letThrough(): InternalError {
  return new InternalError('A rule passed what another rule refuses.');
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
