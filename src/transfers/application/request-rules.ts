import type { Identity } from '../../ports/identities.port.js';
import { type AccessExplanation, explainAccess } from '../../facilities/access-rule.js';
import type { Facility } from '../../facilities/facility.js';
import {
  type FacilityLookup,
  FacilityRegistry,
  type FacilityRole,
} from '../../facilities/facility-registry.js';
import {
  explainPaths,
  PATH_CHECKS,
  type PathCheck,
  type PathResolution,
} from '../../facilities/path-resolution.js';
import { quoted } from '../../facilities/path-text.js';
import type { Dataset } from '../../ports/datasets.port.js';

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
 * What came of a rule. `not-needed`: nobody asks for it, so it refuses nothing. `not-checked`: it
 * can't be told as long as another rule is not passed.
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
export interface Refusal {
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

/** The rules that need nothing but who asks: the two facilities, each by its own access rule. */
export function facilityRules(
  facilities: readonly Facility[],
  identity: Pick<Identity, 'document'>,
  wish: { readonly sourceFacility: string; readonly destFacility: string },
): FacilityRules {
  const registry = new FacilityRegistry(facilities);
  const source = registry.lookUp(wish.sourceFacility, 'source');
  const destination = registry.lookUp(wish.destFacility, 'destination');
  return {
    rules: [
      facilityRule('source', wish.sourceFacility, source),
      facilityRule('destination', wish.destFacility, destination),
      accessRule('source', wish.sourceFacility, facilityIn(source), identity),
      accessRule('destination', wish.destFacility, facilityIn(destination), identity),
    ],
    source: facilityIn(source),
    destination: facilityIn(destination),
  };
}

/** The dataset came, so the caller may read it: SciCat has applied its own rules. */
export const DATASET_WAS_READ: AppliedRule = {
  rule: 'dataset-readable',
  outcome: 'passed',
  message: 'SciCat lets this user read the dataset.',
};

/** Whether the dataset is the caller's to move. */
export function ownerGroupRule(
  identity: Pick<Identity, 'accessGroups'>,
  dataset: Pick<Dataset, 'pid' | 'ownerGroup'>,
): AppliedRule {
  const { ownerGroup, pid } = dataset;
  const rule = 'dataset-owner-group';
  const required = [ownerGroup];
  if (ownerGroup !== '' && identity.accessGroups.includes(ownerGroup)) {
    const message = `The dataset's owner group ${quoted(ownerGroup)} is among the access groups.`;
    return { rule, outcome: 'passed', message, required, found: required };
  }
  return {
    rule,
    outcome: 'refused',
    message: `The dataset ${pid} belongs to group "${ownerGroup}", which you are not in, so you can't have it moved.`,
    required,
    found: identity.accessGroups,
    refusal: { kind: 'not-allowed', reason: rule },
  };
}

/** What the two paths are worked out from. */
export interface PathRulesOptions {
  readonly source: Facility;
  readonly destination: Facility;
  readonly username: string;
  readonly dataset: Pick<Dataset, 'pid' | 'sourceFolder' | 'ownerGroup'>;
  readonly collectionRootPath: string | undefined;
}

/** The rules for paths, and the paths. */
export function pathRules(input: PathRulesOptions): {
  readonly rules: readonly AppliedRule[];
  readonly paths: PathResolution;
} {
  const { checks, resolution } = explainPaths(input);
  return { rules: checks.map((check) => pathRule(check, input)), paths: resolution };
}

function facilityIn(lookup: FacilityLookup): Facility | undefined {
  return lookup.kind === 'unknown' ? undefined : lookup.facility;
}

function facilityRule(role: FacilityRole, name: string, lookup: FacilityLookup): AppliedRule {
  const rule = role === 'source' ? 'source-facility' : 'destination-facility';
  switch (lookup.kind) {
    case 'found':
      return {
        rule,
        outcome: 'passed',
        facility: name,
        message: `Facility ${quoted(name)} may be the ${role} of a transfer: its direction is ${lookup.facility.direction}.`,
      };
    case 'unknown':
    case 'wrong-direction':
      return {
        rule,
        outcome: 'refused',
        facility: name,
        message: lookup.message,
        refusal: {
          kind: 'not-allowed',
          reason: `${role}-${lookup.kind === 'unknown' ? 'unknown' : 'direction'}`,
        },
      };
  }
}

function accessRule(
  role: FacilityRole,
  name: string,
  facility: Facility | undefined,
  identity: Pick<Identity, 'document'>,
): AppliedRule {
  const rule = role === 'source' ? 'source-access' : 'destination-access';
  if (facility === undefined) {
    const message = `There is no facility named ${quoted(name)} that could be opened.`;
    return { rule, outcome: 'not-checked', facility: name, message };
  }
  const explanation = explainAccess(facility, identity.document);
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
    found: textsFound(explanation),
    refusal: { kind: 'not-allowed', reason: `access:${name}` },
  };
}

/** All texts that an access rule could have matched. */
function textsFound({ found }: Pick<AccessExplanation, 'found'>): readonly string[] {
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

function pathRule(applied: PathCheck, input: PathRulesOptions): AppliedRule {
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

function passedInWords(applied: PathCheck, { source, destination }: PathRulesOptions): string {
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

function notNeededInWords({ check }: PathCheck, { source }: PathRulesOptions): string {
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
