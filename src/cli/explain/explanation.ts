import type { Identity } from '../../ports/identities.port.js';
import { type ErrorCode, errorStatus } from '../../errors/error-status.js';
import type { ProxyError } from '../../errors/proxy-error.js';
import { explainAccess } from '../../facilities/access-rule.js';
import type { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import type { Facility } from '../../facilities/facility.js';
import { PATH_CHECKS, pathRules } from '../../facilities/path-resolution.js';
import { type AppliedRule, ownerGroupRule, type RuleName } from '../../facilities/request-rules.js';
import { remedyFor } from './remedy.js';

/** Something that is known, and from where; or why it is not. */
export type Fact =
  | { readonly known: true; readonly value: string; readonly from: string }
  | { readonly known: false; readonly because: string };

/** The user whose request is explained. */
export interface RequestingUser {
  readonly identity: Identity;
  /** Where that was read. */
  readonly from: string;
  /** Whether the identity document is SciCat's own, or contains only groups and a name. */
  readonly document: 'whole' | 'groups-and-name';
}

/** The dataset, as far as it is known. */
export interface RequestedDataset {
  readonly pid: string;
  readonly ownerGroup: Fact;
  readonly sourceFolder: Fact;
  /** Whether SciCat lets the user read it. */
  readonly readable: AppliedRule;
}

/** The parameters of the request. */
export interface ExplainedParameters {
  readonly sourceFacility: string;
  readonly destFacility: string;
  readonly collectionRootPath?: string;
}

/** A rule, and what would have to change where it refuses. */
export interface ExplainedRule extends Omit<AppliedRule, 'refusal'> {
  readonly change?: string;
}

/** Where files are, or go. */
export interface ExplainedSide {
  readonly facility: string;
  readonly collection: string;
  readonly path: string;
}

/** What `POST /transfer` would answer. */
interface ExplainedAnswer {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Why a request is allowed or not. Printed as it is with `--json`. */
export interface Explanation {
  /** `undecided`: no rule refuses, but not all could be applied. */
  readonly decision: 'allowed' | 'refused' | 'undecided';
  /** The first rule that refuses. */
  readonly decidedBy?: RuleName;
  /** The error that the user gets. */
  readonly answer?: ExplainedAnswer;
  readonly user?: {
    readonly username: string;
    readonly accessGroups: readonly string[];
    readonly from: string;
  };
  readonly dataset?: {
    readonly pid: string;
    readonly ownerGroup: Fact;
    readonly sourceFolder: Fact;
  };
  /** Undefined where no path comes out. */
  readonly source?: ExplainedSide;
  readonly destination?: ExplainedSide;
  /** All of them, in the order in which they count. */
  readonly rules: readonly ExplainedRule[];
}

/** Applies every rule, also those behind the one that decides. */
export function explainRequest(
  facilities: FacilityAuthorization,
  user: RequestingUser,
  dataset: RequestedDataset,
  parameters: ExplainedParameters,
): Explanation {
  const { identity } = user;
  const { source, destination, ...first } = facilities.apply(identity.document, parameters);
  const rules = [
    ...first.rules.map((rule) =>
      unlessUnknown(rule, isOfSource(rule) ? source : destination, user),
    ),
    dataset.readable,
    ownerGroup(dataset, identity),
    ...paths(source, destination, dataset, identity, parameters),
  ];
  const refusing = rules.find(({ outcome }) => outcome === 'refused');
  const undecided = rules.some(({ outcome }) => outcome === 'not-checked');
  const sides = {
    ...present('source', sideOf(source, rules, 'source-path')),
    ...present('destination', sideOf(destination, rules, 'destination-path')),
  };
  const context = { facilities: facilities.all(), source, destination, dataset, identity };
  return {
    ...(refusing === undefined
      ? { decision: undecided ? 'undecided' : 'allowed' }
      : { decision: 'refused', decidedBy: refusing.rule, answer: answerOf(refusing) }),
    user: { username: identity.username, accessGroups: identity.accessGroups, from: user.from },
    dataset: {
      pid: dataset.pid,
      ownerGroup: dataset.ownerGroup,
      sourceFolder: dataset.sourceFolder,
    },
    ...sides,
    rules: rules.map((rule) => ({
      ...withoutRefusal(rule),
      ...present('change', remedyFor(rule, context)),
    })),
  };
}

/** Without a user no rule can be applied: SciCat rejects the token, or can't be reached. */
export function explainUnknownUser(error: ProxyError): Explanation {
  const { code, message } = error;
  const refused = code === 'UNAUTHENTICATED' || code === 'ACCESS_DENIED';
  return {
    decision: refused ? 'refused' : 'undecided',
    answer: { status: errorStatus[code].post, code, message },
    rules: [],
  };
}

function withoutRefusal({ refusal: _refusal, ...rule }: AppliedRule): AppliedRule {
  return rule;
}

function isOfSource({ rule }: AppliedRule): boolean {
  return rule === 'source-facility' || rule === 'source-access';
}

/** Groups and a name alone do not refuse by a rule that looks at something else. */
function unlessUnknown(
  rule: AppliedRule,
  facility: Facility | undefined,
  { identity, from, document }: RequestingUser,
): AppliedRule {
  if (rule.accessPath === undefined || rule.outcome !== 'refused' || document === 'whole') {
    return rule;
  }
  if (facility === undefined) return rule;
  if (explainAccess(facility, identity.document).found.kind !== 'nowhere') return rule;
  const { required = [] } = rule;
  return {
    rule: rule.rule,
    outcome: 'not-checked',
    facility: facility.name,
    message: `${from} do not tell what is at ${rule.accessPath}; use --identity or a token.`,
    accessPath: rule.accessPath,
    required,
  };
}

function ownerGroup({ pid, ownerGroup: fact }: RequestedDataset, identity: Identity): AppliedRule {
  return fact.known
    ? ownerGroupRule(identity.accessGroups, { pid, ownerGroup: fact.value })
    : { rule: 'dataset-owner-group', outcome: 'not-checked', message: NO_OWNER_GROUP };
}

function paths(
  source: Facility | undefined,
  destination: Facility | undefined,
  { pid, ownerGroup: group, sourceFolder: folder }: RequestedDataset,
  { username }: Identity,
  { collectionRootPath }: ExplainedParameters,
): readonly AppliedRule[] {
  if (source === undefined || destination === undefined) {
    return notChecked('Not checked: both facilities are needed.');
  }
  if (!folder.known) return notChecked("Not checked: the dataset's source folder is unknown.");
  if (!group.known) return notChecked(NO_OWNER_GROUP);
  const dataset = { pid, ownerGroup: group.value, sourceFolder: folder.value };
  return pathRules({ source, destination, username, dataset, collectionRootPath }).rules;
}

const NO_OWNER_GROUP = "Not checked: the dataset's owner group is unknown.";

function notChecked(message: string): readonly AppliedRule[] {
  return PATH_CHECKS.map((rule) => ({ rule, outcome: 'not-checked', message }));
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

function answerOf({ refusal, message }: AppliedRule): ExplainedAnswer {
  const code = refusal?.kind === 'not-allowed' ? 'ACCESS_DENIED' : 'INVALID_REQUEST';
  return { status: errorStatus[code].post, code, message };
}

function present<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}
