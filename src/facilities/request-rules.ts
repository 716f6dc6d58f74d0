import { type AccessExplanation, explainAccess } from './access-rule.js';
import { allowsRole, type Facility, type FacilityRole } from './facility.js';
import {
  explainPaths,
  PATH_CHECKS,
  type PathCheck,
  type PathRequest,
  type PathResolution,
} from './path-resolution.js';
import { quoted } from './path-text.js';

/** The rules of a request, in the order in which they count: the first one that refuses decides. */
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

/**
 * What came of a rule. `not-needed`: neither the facilities nor the request ask for it, so it refuses
 * nothing. `not-checked`: it can't be told as long as another rule is not passed.
 */
export const RULE_OUTCOMES = ['passed', 'refused', 'not-needed', 'not-checked'] as const;

/** One of {@link RULE_OUTCOMES}. */
export type RuleOutcome = (typeof RULE_OUTCOMES)[number];

/** One rule, as it was applied to one request. */
export interface AppliedRule {
  readonly rule: RuleName;
  readonly outcome: RuleOutcome;
  /** The facility whose rule it is. */
  readonly facility?: string;
  /** A sentence that says what was found; of a rule that refuses, what its caller is told. */
  readonly message: string;
  /** Where in SciCat's identity document `found` was found. */
  readonly accessPath?: string;
  /** What had to be found; one of several is enough. */
  readonly required?: readonly string[];
  /** What was found of the caller or of the dataset; where a rule is passed only what passed it. */
  readonly found?: readonly string[];
  /** Only of a rule that refuses. */
  readonly refusal?: Refusal;
}

/** A rule's "no". */
interface Refusal {
  /** Whether the caller is not allowed, or what they sent can't be used. */
  readonly kind: 'not-allowed' | 'not-usable';
  /** What the audit line names as the reason. */
  readonly reason: string;
}

/** The rules of the two facilities, and the facilities themselves as far as they exist. */
export interface FacilityRules {
  readonly rules: readonly AppliedRule[];
  readonly source: Facility | undefined;
  readonly destination: Facility | undefined;
}

/**
 * The rules that depend on the user alone: the two facilities, each by its own access rule.
 *
 * @param document SciCat's identity document of the user
 */
export function facilityRules(
  facilities: readonly Facility[],
  document: unknown,
  names: { readonly sourceFacility: string; readonly destFacility: string },
): FacilityRules {
  const source = facilities.find(({ name }) => name === names.sourceFacility);
  const destination = facilities.find(({ name }) => name === names.destFacility);
  return {
    rules: [
      facilityRule('source', names.sourceFacility, source, facilities),
      facilityRule('destination', names.destFacility, destination, facilities),
      accessRule('source', names.sourceFacility, source, document),
      accessRule('destination', names.destFacility, destination, document),
    ],
    source,
    destination,
  };
}

/** SciCat has returned the dataset, so by its own rules the caller may read it. */
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
  if (ownerGroup !== '' && accessGroups.includes(ownerGroup)) {
    const message = `The dataset's owner group ${quoted(ownerGroup)} is among the access groups.`;
    return { rule, outcome: 'passed', message, required, found: required };
  }
  return {
    rule,
    outcome: 'refused',
    message: `The dataset ${pid} belongs to group "${ownerGroup}", which you are not in, so you can't have it moved.`,
    required,
    found: accessGroups,
    refusal: { kind: 'not-allowed', reason: rule },
  };
}

/** The rules for paths, and the paths. */
export function pathRules(request: PathRequest): {
  readonly rules: readonly AppliedRule[];
  readonly paths: PathResolution;
} {
  const { checks, resolution } = explainPaths(request);
  return { rules: checks.map((check) => pathRule(check, request)), paths: resolution };
}

function facilityRule(
  role: FacilityRole,
  name: string,
  facility: Facility | undefined,
  facilities: readonly Facility[],
): AppliedRule {
  const rule = role === 'source' ? 'source-facility' : 'destination-facility';
  const refused = (why: 'unknown' | 'direction', message: string): AppliedRule => ({
    rule,
    outcome: 'refused',
    facility: name,
    message,
    refusal: { kind: 'not-allowed', reason: `${role}-${why}` },
  });
  if (facility === undefined) {
    const known = facilities.map((one) => one.name).join(', ');
    return refused(
      'unknown',
      `There is no facility named ${quoted(name)}; the facilities here are ${known}.`,
    );
  }
  const { direction } = facility;
  if (!allowsRole(facility, role)) {
    return refused(
      'direction',
      `Facility ${quoted(name)} can't be the ${role} of a transfer: its direction is ${direction}.`,
    );
  }
  const message = `Facility ${quoted(name)} may be the ${role} of a transfer: its direction is ${direction}.`;
  return { rule, outcome: 'passed', facility: name, message };
}

function accessRule(
  role: FacilityRole,
  name: string,
  facility: Facility | undefined,
  document: unknown,
): AppliedRule {
  const rule = role === 'source' ? 'source-access' : 'destination-access';
  if (facility === undefined) {
    const message = `There is no facility named ${quoted(name)} that could be opened.`;
    return { rule, outcome: 'not-checked', facility: name, message };
  }
  const explanation = explainAccess(facility, document);
  const { accessPath, accessValue } = explanation;
  const required = [accessValue];
  if (explanation.allowed) {
    const message = `${quoted(accessValue)} is at ${accessPath} of the SciCat account.`;
    return {
      rule,
      outcome: 'passed',
      facility: name,
      message,
      accessPath,
      required,
      found: required,
    };
  }
  return {
    rule,
    outcome: 'refused',
    facility: name,
    message: `You have no access to facility "${name}": "${accessValue}" is not at ${accessPath} of your SciCat account. Ask the facility for access; a group that was granted lately counts from your next login.`,
    accessPath,
    required,
    found: stringsFound(explanation),
    refusal: { kind: 'not-allowed', reason: `access:${name}` },
  };
}

/** All strings that an access rule could have matched. */
function stringsFound({ found }: Pick<AccessExplanation, 'found'>): readonly string[] {
  switch (found.kind) {
    case 'text':
      return [found.value];
    case 'list':
      return found.values;
    case 'nowhere':
    case 'other':
      return [];
  }
}

function pathRule(applied: PathCheck, input: PathRequest): AppliedRule {
  const { check, outcome, value, comparedWith } = applied;
  const facility = check === 'destination-path' ? input.destination : input.source;
  const compared = {
    ...(comparedWith.length === 0 ? {} : { required: comparedWith }),
    ...(value === '' ? {} : { found: [value] }),
  };
  const told = (kind: RuleOutcome, message: string): AppliedRule => ({
    rule: check,
    outcome: kind,
    facility: facility.name,
    message,
    ...compared,
  });
  switch (outcome.kind) {
    case 'passed':
      return told('passed', passedInWords(applied, input));
    case 'not-needed':
      return told('not-needed', notNeededInWords(applied, input));
    case 'not-checked':
      return told(
        'not-checked',
        `It can't be told before the rule ${outcome.dependsOn} is passed.`,
      );
    case 'refused':
      return {
        ...told('refused', outcome.message),
        refusal: { kind: 'not-usable', reason: `path:${outcome.reason}` },
      };
  }
}

function passedInWords(applied: PathCheck, { source, destination }: PathRequest): string {
  const value = quoted(applied.value);
  const comparedWith = applied.comparedWith.map(quoted).join(', ');
  switch (applied.check) {
    case 'collection-root':
      return comparedWith === ''
        ? `The collection's root is ${value}, by the request.`
        : `The collection's root is ${value}, by the configuration of facility ${quoted(source.name)}.`;
    case 'pid':
      return `The PID ${value} can be part of a path.`;
    case 'source-folder':
      return `The dataset's source folder ${value} is an absolute path.`;
    case 'inside-root':
      return `${value} is inside the collection's root ${comparedWith}.`;
    case 'user-name-in-path':
      return `The user name ${value} can be part of a path.`;
    case 'owner-group-in-path':
      return `The owner group ${value} can be part of a path.`;
    case 'allowed-folders':
      return `${value} is inside ${comparedWith}, which facility ${quoted(source.name)} allows.`;
    case 'source-path':
      return `The files are in ${value} of the collection of facility ${quoted(source.name)}.`;
    case 'destination-path':
      return `The files go to ${value} of the collection of facility ${quoted(destination.name)}.`;
  }
}

function notNeededInWords({ check }: PathCheck, { source }: PathRequest): string {
  switch (check) {
    case 'collection-root':
      return "Neither the facility nor the request says where the collection's root is.";
    case 'inside-root':
      return 'There is no root that the source folder would have to be inside of.';
    case 'user-name-in-path':
      return 'No path is made of the user name.';
    case 'owner-group-in-path':
      return 'No path is made of the owner group.';
    case 'allowed-folders':
      return `Facility ${quoted(source.name)} does not limit where a dataset may lie.`;
    case 'pid':
    case 'source-folder':
    case 'source-path':
    case 'destination-path':
      return 'Nobody asks for it.';
  }
}
