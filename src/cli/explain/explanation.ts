import { finalizationOf, finalizationPlan } from '../../domain/finalization.js';
import { symlinkNote } from '../../domain/symlink-note.js';
import type { LifecycleFound } from '../../domain/dataset-lifecycle.js';
import { type ErrorCode, errorStatus } from '../../errors/error-status.js';
import type { ProxyError } from '../../errors/proxy-error.js';
import { explainAccess } from '../../facilities/access-rule.js';
import type { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import { type Facility, symlinkRefusal } from '../../facilities/facility.js';
import { KEY_PLACEHOLDER, PATH_CHECKS, pathRules } from '../../facilities/path-resolution.js';
import { type AppliedRule, ownerGroupRule, type RuleName } from '../../facilities/request-rules.js';
import type { Identity } from '../../ports/identities.port.js';
import { remedyFor } from './remedy.js';

/** A fact with its origin, or why it is unknown. */
export type Fact =
  | { readonly known: true; readonly value: string; readonly from: string }
  | { readonly known: false; readonly because: string };

/** The user whose request is explained. */
export interface RequestingUser {
  readonly identity: Identity;
  /** Where the identity was read. */
  readonly from: string;
  /** Whether the identity document is SciCat's own, or contains only groups and a name. */
  readonly document: 'whole' | 'groups-and-name';
}

/** What is known of the requested dataset. */
export interface RequestedDataset {
  readonly pid: string;
  readonly ownerGroup: Fact;
  readonly sourceFolder: Fact;
  /** Undefined if it is unknown. */
  readonly lifecycle: LifecycleFound | undefined;
  /** Whether SciCat lets the user read it. */
  readonly readable: AppliedRule;
}

type DatasetFacts = Omit<RequestedDataset, 'readable' | 'lifecycle'>;

/** The parameters of the request. */
export interface ExplainedParameters {
  readonly sourceFacility: string;
  readonly destFacility: string;
  readonly collectionRootPath?: string | undefined;
}

/** A rule, and what would have to change if it refuses. */
export interface ExplainedRule extends Omit<AppliedRule, 'refusal'> {
  readonly change?: string | undefined;
}

/** Where the files are, or go. */
export interface ExplainedSide {
  readonly facility: string;
  readonly collection: string;
  readonly path: string;
}

/** What `POST /transfer` returns. */
type Answer = Pick<ProxyError, 'code' | 'message'> & { readonly status: number };

/** Why a request is allowed or not; with `--json`, printed in this form. */
export interface Explanation {
  /** `undecided`: no rule refuses, but some could not be checked. */
  readonly decision: 'allowed' | 'refused' | 'undecided';
  /** The first rule that refuses. */
  readonly decidedBy?: RuleName | undefined;
  /** The error that the user gets. */
  readonly answer?: Answer | undefined;
  readonly user?: Pick<Identity, 'username' | 'accessGroups'> & { readonly from: string };
  readonly dataset?: DatasetFacts;
  /** Undefined if the rules yield no path. */
  readonly source?: ExplainedSide | undefined;
  readonly destination?: ExplainedSide | undefined;
  /** What happens to symbolic links, as a sentence. Like the next one, absent if a rule refuses. */
  readonly symlinks?: string | undefined;
  /** What happens to the dataset once its files have arrived, and why, as a sentence. */
  readonly afterwards?: string | undefined;
  /** All rules, in the order in which they apply. */
  readonly rules: readonly ExplainedRule[];
}

/** Applies every rule, including those after the one that decides. */
export function explainRequest(
  facilities: FacilityAuthorization,
  user: RequestingUser,
  { readable, lifecycle, ...dataset }: RequestedDataset,
  parameters: ExplainedParameters,
): Explanation {
  const { identity, from } = user;
  const { pid, ownerGroup } = dataset;
  const { username, accessGroups } = identity;
  const { source, destination, ...first } = facilities.apply(identity.document, parameters);
  const rules = [
    ...first.rules.map((rule) => unlessUnknown(rule, facilities, user)),
    readable,
    ownerGroup.known
      ? ownerGroupRule(accessGroups, { pid, ownerGroup: ownerGroup.value })
      : notChecked('dataset-owner-group', NO_OWNER_GROUP),
    ...paths(source, destination, dataset, identity, parameters),
  ];
  const refusing = rules.find(({ outcome }) => outcome === 'refused');
  const undecided = rules.some(({ outcome }) => outcome === 'not-checked');
  const context = { facilities: facilities.all(), destination, identity };
  return {
    decision: refusing === undefined ? (undecided ? 'undecided' : 'allowed') : 'refused',
    decidedBy: refusing?.rule,
    answer: refusing && answerOf(codeOf(refusing), refusing.message),
    user: { username, accessGroups, from },
    dataset,
    source: sideOf(source, rules, 'source-path'),
    destination: sideOf(destination, rules, 'destination-path'),
    ...(refusing === undefined && source !== undefined && destination !== undefined
      ? {
          symlinks: symlinksOf([source, destination]),
          afterwards: afterwardsOf(destination, lifecycle),
        }
      : undefined),
    rules: rules.map(({ refusal, ...rule }) => ({
      ...rule,
      change: refusal && remedyFor(rule, refusal.reason, context),
    })),
  };
}

/** Without a user no rule can be applied: SciCat rejects the token, or is unreachable. */
export function explainUnknownUser({ code, message }: ProxyError): Explanation {
  const refused = code === 'UNAUTHENTICATED' || code === 'ACCESS_DENIED';
  return {
    decision: refused ? 'refused' : 'undecided',
    answer: answerOf(code, message),
    rules: [],
  };
}

function codeOf({ refusal }: AppliedRule): ErrorCode {
  return refusal?.kind === 'not-allowed' ? 'ACCESS_DENIED' : 'INVALID_REQUEST';
}

function answerOf(code: ErrorCode, message: string): Answer {
  return { status: errorStatus[code].post, code, message };
}

/** A rule about anything but groups and the name can't refuse while only these are known. */
function unlessUnknown(
  applied: AppliedRule,
  facilities: FacilityAuthorization,
  { identity, from, document }: RequestingUser,
): AppliedRule {
  const { rule, outcome, accessPath, required = [] } = applied;
  const facility = facilities.all().find(({ name }) => name === applied.facility);
  if (
    facility === undefined ||
    accessPath === undefined ||
    outcome !== 'refused' ||
    document === 'whole' ||
    explainAccess(facility, identity.document).found.kind !== 'nowhere'
  ) {
    return applied;
  }
  const message = `${from} do not say what is at ${accessPath}; use --identity or a token.`;
  return { rule, outcome: 'not-checked', facility: facility.name, message, accessPath, required };
}

function paths(
  source: Facility | undefined,
  destination: Facility | undefined,
  { pid, ownerGroup: group, sourceFolder: folder }: DatasetFacts,
  { username }: Identity,
  { collectionRootPath }: ExplainedParameters,
): readonly AppliedRule[] {
  const none = (message: string): readonly AppliedRule[] =>
    PATH_CHECKS.map((rule) => notChecked(rule, message));
  if (source === undefined || destination === undefined) {
    return none('Not checked: both facilities are needed.');
  }
  if (!folder.known) return none("Not checked: the dataset's source folder is unknown.");
  if (!group.known) return none(NO_OWNER_GROUP);
  const dataset = { pid, ownerGroup: group.value, sourceFolder: folder.value };
  const transferKey = KEY_PLACEHOLDER;
  const request = { source, destination, username, dataset, transferKey, collectionRootPath };
  return pathRules(request).rules;
}

const NO_OWNER_GROUP = "Not checked: the dataset's owner group is unknown.";

/** A rule that could not be applied. */
export function notChecked(rule: RuleName, message: string): AppliedRule {
  return { rule, outcome: 'not-checked', message };
}

function symlinksOf(facilities: readonly Facility[]): string {
  const refusedBy = symlinkRefusal(facilities);
  const links = symlinkNote({ keep: refusedBy === undefined, isList: false, refusedBy });
  return refusedBy === undefined ? links : `${links} A file list that contains one is refused.`;
}

function afterwardsOf(
  { name: destination, finalize: wanted }: Facility,
  lifecycle: LifecycleFound | undefined,
): string {
  const finalize = lifecycle === undefined ? wanted : finalizationOf(lifecycle, wanted);
  const plan = finalizationPlan({ finalize, lifecycle, autoArchive: undefined, destination });
  return lifecycle === undefined && finalize === 'archive'
    ? `${plan} Its archive status is unknown here; a dataset that is already archived, or being archived, is left as it is.`
    : plan;
}

function sideOf(
  facility: Facility | undefined,
  rules: readonly AppliedRule[],
  name: 'source-path' | 'destination-path',
): ExplainedSide | undefined {
  const path = rules.find(({ rule }) => rule === name)?.found?.[0];
  if (facility === undefined || path === undefined) return undefined;
  return { facility: facility.name, collection: facility.collection, path };
}
