import { explainAccess } from './access-rule.js';
import { allowsRole, type Facility, type FacilityRole } from './facility.js';
import { PATH_CHECKS, type PathRequest } from './path-resolution.js';
import { quoted } from './path-text.js';
import type { Verdict } from './verdict.js';

/** The rules for requests, in order; the first one that refuses decides. */
export const RULES = [
  'source-facility',
  'destination-facility',
  'source-access',
  'destination-access',
  'dataset-readable',
  'dataset-owner-group',
  ...PATH_CHECKS,
] as const;

/** One of {@link RULES}. */
export type RuleName = (typeof RULES)[number];

/** A rule, as applied to one request. */
export interface AppliedRule extends Verdict {
  readonly rule: RuleName;
  /** The facility whose rule it is. */
  readonly facility?: string;
  /** Dot path in SciCat's identity document that `found` comes from. */
  readonly accessPath?: string;
}

/** The rules of the two facilities; a facility is undefined if it does not exist. */
export interface FacilityRules {
  readonly rules: readonly AppliedRule[];
  readonly source: Facility | undefined;
  readonly destination: Facility | undefined;
}

/**
 * The rules that depend on the user alone.
 *
 * @param document SciCat's identity document of the user
 */
export function facilityRules(
  facilities: readonly Facility[],
  document: unknown,
  {
    sourceFacility,
    destFacility,
  }: { readonly sourceFacility: string; readonly destFacility: string },
): FacilityRules {
  const source = facilities.find(({ name }) => name === sourceFacility);
  const destination = facilities.find(({ name }) => name === destFacility);
  return {
    rules: [
      facilityRule('source', sourceFacility, source, facilities),
      facilityRule('destination', destFacility, destination, facilities),
      accessRule('source', sourceFacility, source, document),
      accessRule('destination', destFacility, destination, document),
    ],
    source,
    destination,
  };
}

/** SciCat has returned the dataset, which it does only for users who may read it. */
export const DATASET_WAS_READ: AppliedRule = {
  rule: 'dataset-readable',
  outcome: 'passed',
  message: 'SciCat lets this user read the dataset.',
};

/** Whether the dataset belongs to one of the user's groups. */
export function ownerGroupRule(
  accessGroups: readonly string[],
  { pid, ownerGroup }: Pick<PathRequest['dataset'], 'pid' | 'ownerGroup'>,
): AppliedRule {
  const rule = 'dataset-owner-group';
  const required = [ownerGroup];
  if (ownerGroup.trim() === '') {
    return {
      rule,
      outcome: 'refused',
      message: `Dataset ${pid} has no owner group in SciCat, so it can't be transferred. Give it an ownerGroup first.`,
      required,
      found: accessGroups,
      refusal: { kind: 'not-usable', reason: 'dataset-without-owner-group' },
    };
  }
  if (accessGroups.includes(ownerGroup)) {
    const message = `The user is in the dataset's owner group ${quoted(ownerGroup)}.`;
    return { rule, outcome: 'passed', message, required, found: required };
  }
  return {
    rule,
    outcome: 'refused',
    message: `Dataset ${pid} belongs to group "${ownerGroup}". You are not in that group, so you can't transfer the dataset.`,
    required,
    found: accessGroups,
    refusal: { kind: 'not-allowed', reason: rule },
  };
}

function facilityRule(
  role: FacilityRole,
  name: string,
  facility: Facility | undefined,
  facilities: readonly Facility[],
): AppliedRule {
  const rule = `${role}-facility` as const;
  const refused = (why: 'unknown' | 'direction', message: string): AppliedRule => {
    const refusal = { kind: 'not-allowed', reason: `${role}-${why}` } as const;
    return { rule, outcome: 'refused', facility: name, message, refusal };
  };
  if (facility === undefined) {
    const known = facilities.map((one) => one.name).join(', ');
    return refused('unknown', `Unknown facility ${quoted(name)}. Available facilities: ${known}.`);
  }
  const isAllowed = allowsRole(facility, role);
  const message = `Facility ${quoted(name)} ${isAllowed ? 'can' : "can't"} be the ${role} of a transfer: its direction is ${facility.direction}.`;
  if (!isAllowed) return refused('direction', message);
  return { rule, outcome: 'passed', facility: name, message };
}

function accessRule(
  role: FacilityRole,
  name: string,
  facility: Facility | undefined,
  document: unknown,
): AppliedRule {
  const rule = `${role}-access` as const;
  if (facility === undefined) {
    const message = `Not checked: facility ${quoted(name)} does not exist.`;
    return { rule, outcome: 'not-checked', facility: name, message };
  }
  const { allowed, accessPath, accessValue, found } = explainAccess(facility, document);
  const required = [accessValue];
  if (allowed) {
    const message = `The SciCat account has ${quoted(accessValue)} at ${accessPath}.`;
    const compared = { accessPath, required, found: required };
    return { rule, outcome: 'passed', facility: name, message, ...compared };
  }
  return {
    rule,
    outcome: 'refused',
    facility: name,
    message: `You have no access to facility "${name}": your SciCat account does not have "${accessValue}" at ${accessPath}. Ask the facility for access. If it was granted recently, log in to SciCat again.`,
    accessPath,
    required,
    found: found.kind === 'text' ? [found.value] : found.kind === 'list' ? found.values : [],
    refusal: { kind: 'not-allowed', reason: `access:${name}` },
  };
}
