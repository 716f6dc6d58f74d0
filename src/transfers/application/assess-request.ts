import type { Requester } from '../../auth/caller.js';
import type { AppConfig } from '../../config/app-config.js';
import { finalizationOf } from '../../domain/finalization.js';
import { recordProblem } from '../../domain/record-limits.js';
import type {
  AccessGiven,
  CopyOptions,
  Finalization,
  RecordedSide,
  TransferRecord,
} from '../../domain/transfer-record.js';
import { errorInWords } from '../../errors/error-facts.js';
import {
  AccessDeniedError,
  InternalError,
  InvalidRequestError,
} from '../../errors/request.errors.js';
import { type Facility, symlinkRefusal } from '../../facilities/facility.js';
import { type KEY_PLACEHOLDER, pathRules } from '../../facilities/path-resolution.js';
import {
  type AppliedRule,
  DATASET_WAS_READ,
  ownerGroupRule,
  type RuleName,
} from '../../facilities/request-rules.js';
import { type CheckedFileList, checkFileList } from '../../file-lists/check-file-list.js';
import type { FileList } from '../../file-lists/file-list.js';
import { runCooperatively } from '../../file-lists/run-cooperatively.js';
import type { Dataset } from '../../ports/datasets.port.js';
import type { Decision } from '../../ports/transfer-events.port.js';
import type { TransferDeps } from './transfer-deps.js';

/** A request of an authenticated user. */
export interface TransferRequestOptions {
  readonly requester: Requester;
  /** Read with the user's own token; may still be pending. */
  readonly dataset: Promise<Dataset>;
  readonly parameters: {
    readonly sourceFacility: string;
    readonly destFacility: string;
    readonly scicatPid: string;
    /** Root of the source collection; empty or absent if unknown. */
    readonly collectionRootPath?: string;
    readonly autoArchive: boolean;
  };
  /**
   * Reads what the body states besides the file list; absent if it can't state anything. Takes effect
   * only where `parameters` has no collection root, and for `autoArchive`. Called only after the user is
   * known to be allowed to transfer the dataset, and before the paths are checked only if they may
   * depend on it.
   *
   * @throws InvalidRequestError TooBusyError
   */
  readonly statedInBody?: () => Promise<{
    readonly collectionRootPath?: string;
    readonly autoArchive: boolean;
  }>;
  /**
   * Reads the file list, undefined for the whole dataset folder. Called once, and only after the user
   * is known to be allowed to transfer the dataset.
   */
  readonly files: () => Promise<FileList | undefined>;
}

/** An allowed request. */
export interface AssessedRequest {
  readonly dataset: Dataset;
  readonly source: RecordedSide;
  readonly destination: RecordedSide;
  readonly copy: CopyOptions;
  /** Name of a facility that takes no symbolic links. */
  readonly symlinksRefusedBy: string | undefined;
  readonly finalize: Finalization;
  /** What gave the user access. */
  readonly access: Required<TransferRecord>['access'];
  /** All rules, in the order in which they were applied. */
  readonly rules: readonly AppliedRule[];
}

/** The rules whose sentences the audit line of an allowed request contains. */
const AUDITED: readonly RuleName[] = ['source-access', 'destination-access', 'dataset-owner-group'];

/** What a job can't hold is refused. */
const RECORD_RULE = 'record';

/** A body that can't be read is not a decision. */
const NO_RULE = 'none';

/** Whether a transfer is assessed to be carried out, and its key; or only to be shown. */
export type AssessedFor =
  | { readonly operation: 'request'; readonly transferKey: string }
  | { readonly operation: 'preview'; readonly transferKey: typeof KEY_PLACEHOLDER };

/**
 * Applies all rules to a request and determines its paths. The only effect is the audit line, which
 * is emitted for an allowed request and for a refused one.
 *
 * @throws AccessDeniedError for an unknown facility, a wrong direction, missing access, or a dataset
 *   of a group that the user is not in
 * @throws InvalidRequestError when the dataset can't be read or a path can't be used
 * @throws UpstreamError
 */
export async function assessRequest(
  { operation, transferKey }: AssessedFor,
  { requester, parameters, ...input }: TransferRequestOptions,
  deps: Pick<TransferDeps, 'facilities' | 'config' | 'events'>,
): Promise<AssessedRequest> {
  const { identity, requestId } = requester;
  const decided = (
    verdict: Pick<Decision, 'allowed' | 'rule' | 'reason' | 'sourcePath' | 'destinationPath'>,
  ): void =>
    deps.events.emit({
      kind: 'decided',
      requestId,
      operation,
      username: identity.username,
      datasetPid: parameters.scicatPid,
      sourceFacility: parameters.sourceFacility,
      destinationFacility: parameters.destFacility,
      ...verdict,
    });
  let rule = 'all';
  const requirePassed = (rules: readonly AppliedRule[]): readonly AppliedRule[] => {
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
    const { source, destination, ...first } = deps.facilities.apply(identity.document, parameters);
    requirePassed(first.rules);
    const dataset = await input.dataset.catch((error: unknown) => {
      rule = 'dataset-unreadable';
      throw error;
    });
    const owner = requirePassed([ownerGroupRule(identity.accessGroups, dataset)]);
    if (source === undefined || destination === undefined) throw letThrough();
    const collectionRootPath = await collectionRoot(parameters, input).catch((error: unknown) => {
      rule = NO_RULE;
      throw error;
    });
    const { rules, paths } = pathRules({
      source,
      destination,
      dataset,
      username: identity.username,
      transferKey,
      collectionRootPath,
    });
    requirePassed(rules);
    if (paths === undefined) throw letThrough();
    const { pid: datasetPid, ownerGroup } = dataset;
    const { username, email } = identity;
    const tooLong = recordProblem({ ...paths, datasetPid, ownerGroup, username, email });
    if (tooLong !== undefined) {
      rule = RECORD_RULE;
      throw new InvalidRequestError(tooLong);
    }
    const applied = [...first.rules, DATASET_WAS_READ, ...owner, ...rules];
    const audited = applied.filter((one) => AUDITED.includes(one.rule));
    decided({ allowed: true, rule, reason: audited.map((one) => one.message).join(' '), ...paths });
    const symlinksRefusedBy = symlinkRefusal([source, destination]);
    return {
      dataset,
      source: side(source, paths.sourcePath),
      destination: side(destination, paths.destinationPath),
      copy: copyOptions(deps.config.current().transfer, { source, destination, symlinksRefusedBy }),
      symlinksRefusedBy,
      finalize: finalizationOf(dataset.lifecycle, destination.finalize),
      access: {
        source: accessGiven(source),
        destination: accessGiven(destination),
      },
      rules: applied,
    };
  } catch (error) {
    if (rule !== NO_RULE) decided({ allowed: false, rule, reason: errorInWords(error) });
    throw error;
  }
}

/** The path rules need the body only if nothing else states the root. */
async function collectionRoot(
  { collectionRootPath = '' }: TransferRequestOptions['parameters'],
  { statedInBody }: Pick<TransferRequestOptions, 'statedInBody'>,
): Promise<string | undefined> {
  return collectionRootPath === ''
    ? (await statedInBody?.())?.collectionRootPath
    : collectionRootPath;
}

/** Whether to archive the dataset afterwards. Reads the body of an allowed request. */
export async function readAutoArchive({
  parameters,
  statedInBody,
}: TransferRequestOptions): Promise<boolean> {
  return (await statedInBody?.())?.autoArchive ?? parameters.autoArchive;
}

/**
 * Reads and checks the file list of an allowed request; undefined for the whole dataset folder.
 *
 * @throws InvalidRequestError TooBusyError
 */
export async function readFileList(
  { files }: TransferRequestOptions,
  {
    source,
    destination,
    symlinksRefusedBy,
  }: Pick<AssessedRequest, 'source' | 'destination' | 'symlinksRefusedBy'>,
): Promise<CheckedFileList | undefined> {
  const list = await files();
  const atRoot = source.path === '/' || destination.path === '/';
  return list && runCooperatively(checkFileList(list, atRoot, symlinksRefusedBy));
}

/** A case that can't happen must not result in a transfer. */
function letThrough(): InternalError {
  return new InternalError('A rule passed what another rule refuses.');
}

/** The rules have passed, so this is what the user has. */
function accessGiven({ accessPath: path, accessValue: value }: Facility): AccessGiven {
  return { path, value };
}

function side({ name, collection, scopes }: Facility, path: string): RecordedSide {
  return { facility: name, collection, path, scopes };
}

/** The destination's settings take precedence over the source's, and both over the service's. */
function copyOptions(
  { deadlineHours, preserveTimestamp, encryptData, ...common }: AppConfig['transfer'],
  {
    source,
    destination,
    symlinksRefusedBy,
  }: Pick<AssessedRequest, 'symlinksRefusedBy'> &
    Readonly<Record<'source' | 'destination', Facility>>,
): CopyOptions {
  const syncLevel = destination.syncLevel ?? source.syncLevel ?? common.syncLevel;
  return {
    verifyChecksum: destination.verifyChecksum ?? source.verifyChecksum ?? common.verifyChecksum,
    preserveTimestamp,
    encryptData,
    fileList: common.fileList,
    recursiveSymlinks: symlinksRefusedBy === undefined ? 'keep' : 'ignore',
    ...(syncLevel === undefined ? {} : { syncLevel }),
    ...(deadlineHours === undefined ? {} : { deadlineHours }),
  };
}
