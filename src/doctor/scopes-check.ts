import type { Facility } from '../facilities/facility.js';
import { TRANSFER_SCOPE } from '../globus/scope-merge.js';
import { broken, ok, unclear, type Verdict } from './check.js';
import type { Places } from './places.js';
import type { CollectionFacts, TokenReading } from '../ports/globus-probe.port.js';

/** What is known when a facility's scopes are judged. */
export interface ScopesDeps {
  readonly facility: Pick<Facility, 'collection' | 'scopes'>;
  readonly facts: Pick<CollectionFacts, 'entityType' | 'highAssurance'>;
  /** What Globus Auth says to the facility's scopes. */
  readonly token: TokenReading;
  /** Where the scopes stand in the configuration, e.g. `facilities[0].scopes`. */
  readonly setting: string;
  readonly places: Places;
}

/**
 * Whether a facility's scopes fit the kind of its collection. One scope too many makes Globus
 * refuse the whole token; one too few is asked for when Globus finds it missing.
 */
export function scopesVerdict(input: ScopesDeps): Verdict {
  const { facility, facts, token } = input;
  const asked = collectionsOf(facility.scopes);
  const own = asked.includes(facility.collection.toLowerCase());
  const others = asked.filter((id) => id !== facility.collection.toLowerCase());
  const needed = needsDataAccess(facts);
  if (token.kind === 'scope-refused') {
    const refused = `Globus Auth does not know a scope that is asked for (${token.mark}), and gives no token for any transfer with this facility.`;
    if (own && needed === false) {
      return broken(
        `${refused} The collection has no data_access scope: only mapped collections without high assurance have one.`,
        withLine(input, TRANSFER_SCOPE),
      );
    }
    return broken(
      refused,
      others.length > 0
        ? `Check the data_access scope of ${others.join(' and ')} in ${place(input)}: it is that of another collection.`
        : `Check ${place(input)}; leave it out for the usual scopes.`,
    );
  }
  if (needed === true && !own) {
    return unclear(
      'The collection has a data_access scope, which scopes do not name. The service asks for it when Globus finds it missing, at every start anew.',
      withLine(input, `${TRANSFER_SCOPE}[*${dataAccess(facility.collection)}]`),
    );
  }
  if (others.length > 0) {
    return unclear(
      `scopes name the data_access of another collection (${others.join(', ')}).`,
      `Check ${place(input)}; leave it out for the usual scopes.`,
    );
  }
  return ok(
    own
      ? 'Globus Auth gives a token with data_access, which the collection needs.'
      : 'Globus Auth gives a token; the collection needs no data_access.',
  );
}

/** Undefined where Globus does not say what the collection is. */
function needsDataAccess({ entityType, highAssurance }: ScopesDeps['facts']): boolean | undefined {
  if (entityType === undefined) return undefined;
  if (entityType !== 'GCSv5_mapped_collection') return false;
  return highAssurance === undefined ? undefined : !highAssurance;
}

/** Ids of the collections whose data the scopes ask for. */
function collectionsOf(scopes: readonly string[]): readonly string[] {
  const pattern = /\/scopes\/([0-9a-f-]{36})\/data_access\b/gi;
  const ids = scopes.flatMap((scope) =>
    [...scope.matchAll(pattern)].map(([, id = '']) => id.toLowerCase()),
  );
  return [...new Set(ids)];
}

function dataAccess(collection: string): string {
  return `https://auth.globus.org/scopes/${collection}/data_access`;
}

function withLine(input: ScopesDeps, scope: string): string {
  const line = `scopes: ['${scope}']`;
  return input.places.isSet(input.setting)
    ? `Change ${place(input)} to ${line}`
    : `Add to ${place(input)} the line ${line}`;
}

/** The setting itself, or the facility to which it would have to be added. */
function place({ places, setting }: ScopesDeps): string {
  return places.of(places.isSet(setting) ? setting : setting.replace(/\.scopes$/, ''));
}
