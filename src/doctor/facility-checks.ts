import { randomUUID } from 'node:crypto';
import { UpstreamError } from '../errors/upstream.errors.js';
import { allowsRole, type Facility, type FacilityRole } from '../facilities/facility.js';
import { normalizedPath } from '../facilities/path-text.js';
import type { CollectionFacts } from '../globus/globus.wire.js';
import { TRANSFER_SCOPE } from '../globus/scope-merge.js';
import type { Template } from '../templates/template.js';
import { broken, type Check, type DoctorDeps, ok, once, unclear, type Verdict } from './check.js';
import { type CollectionContext, collectionFailure } from './failures.js';
import type { CollectionPlace, GlobusProbe, TokenReading } from './probes/globus-probe.js';
import type { SettingLocations } from './setting-locations.js';
import { trialFolderCheck } from './trial-folder-check.js';

/** What the checks of Globus and of the facilities need. */
export type GlobusDeps = Pick<DoctorDeps, 'globus' | 'settings' | 'write' | 'pause'>;

/** A folder to check, and what the facility uses it for. */
type CheckedFolder = Pick<CollectionContext, 'path' | 'roles'>;

/**
 * All checks of one facility, in order.
 *
 * @param at the facility's path in the configuration, e.g. `facilities[0]`
 */
export function facilityChecks(
  facility: Facility,
  at: string,
  clientId: string,
  needs: readonly Check[],
  deps: GlobusDeps,
): readonly Check[] {
  const { globus: probe, settings, write, pause } = deps;
  const { name, scopes } = facility;
  const readFacts = once((signal) => probe.collection(facility.collection, signal));
  const contextOf = (folder: CheckedFolder): CollectionContext => ({
    ...folder,
    identity: `${clientId}@clients.auth.globus.org`,
    setting: settings.of(`${at}.collection`),
  });
  const root = contextOf({ path: '/', roles: [] });
  const collection: Check = {
    check: 'collection',
    subject: name,
    needs,
    run: async (signal) => collectionVerdict(await readFacts(signal), root),
    onFailure: (error) => collectionFailure(error, root),
  };
  const scopesCheck: Check = {
    check: 'scopes',
    subject: name,
    needs: [collection],
    run: async (signal) =>
      scopesVerdict({
        facility,
        facts: await readFacts(signal),
        token: await probe.requestToken(scopes, signal),
        setting: `${at}.scopes`,
        settings,
      }),
  };
  const folderChecks = checkedFolders(facility).flatMap((folder) => {
    const context = contextOf(folder);
    const nearest = once((signal) =>
      nearestFolder({ ...facility, path: folder.path }, probe, signal),
    );
    const list: Check = {
      check: 'list',
      subject: `${name} ${folder.path}`,
      needs: [collection, scopesCheck],
      run: async (signal) =>
        stoppedVerdict(await readFacts(signal)) ?? listVerdict(await nearest(signal), folder),
      onFailure: (error) => collectionFailure(error, context),
    };
    if (!write || !folder.roles.includes('destination')) return [list];
    const trial = trialFolderCheck({
      subject: list.subject,
      needs: [list],
      facility,
      parent: nearest,
      context,
      name: `scicat-globus-proxy-doctor-${randomUUID()}`,
      probe,
      pause,
    });
    return [list, trial];
  });
  return [collection, scopesCheck, ...folderChecks];
}

/** The fixed part of each path template that the facility's direction uses. */
function checkedFolders(facility: Facility): readonly CheckedFolder[] {
  const folders = new Map<string, FacilityRole[]>();
  for (const role of ['source', 'destination'] as const) {
    if (!allowsRole(facility, role)) continue;
    const path = fixedFolder(role === 'source' ? facility.sourcePath : facility.destinationPath);
    folders.set(path, [...(folders.get(path) ?? []), role]);
  }
  return [...folders].map(([path, roles]) => ({ path, roles }));
}

/**
 * The deepest folder that is the same for all datasets: `/archive` for `/archive/{{ .PidShort }}`,
 * `/` for a template that starts with a placeholder.
 */
export function fixedFolder({ source }: Pick<Template<string>, 'source'>): string {
  const [fixed = ''] = source.split('{{', 1);
  return parentFolder(fixed);
}

/** Everything up to the last slash; `/` for `/`. */
function parentFolder(path: string): string {
  return normalizedPath(path.slice(0, path.lastIndexOf('/') + 1));
}

function collectionVerdict(facts: CollectionFacts, { setting }: CollectionContext): Verdict {
  const { displayName, entityType = '', highAssurance } = facts;
  const kind = KINDS[entityType] ?? 'of unknown type';
  if (entityType === 'GCSv5_endpoint') {
    return broken(
      `"${displayName}" is ${kind}, not a collection.`,
      `Correct ${setting}: it must be the UUID of a collection on that endpoint.`,
    );
  }
  return ok(`Found "${displayName}", ${kind}${highAssurance === true ? ', high assurance' : ''}.`);
}

const KINDS: Readonly<Record<string, string>> = {
  GCSv5_mapped_collection: 'a mapped collection',
  GCSv5_guest_collection: 'a guest collection',
  GCP_mapped_collection: 'a collection of Globus Connect Personal',
  GCP_guest_collection: 'a guest collection of Globus Connect Personal',
  GCSv5_endpoint: 'an endpoint of Globus Connect Server',
};

/** What {@link scopesVerdict} depends on. */
export interface ScopesDeps {
  readonly facility: Pick<Facility, 'collection' | 'scopes'>;
  readonly facts: Pick<CollectionFacts, 'entityType' | 'highAssurance'>;
  /** How Globus Auth responds to the facility's scopes. */
  readonly token: TokenReading;
  /** Path of the scopes in the configuration, e.g. `facilities[0].scopes`. */
  readonly setting: string;
  readonly settings: SettingLocations;
}

/**
 * Whether a facility's scopes fit the type of its collection. One wrong scope makes Globus refuse
 * the whole token; a missing one is requested when Globus reports it missing.
 */
export function scopesVerdict({ facility, facts, token, setting, settings }: ScopesDeps): Verdict {
  const own = facility.collection.toLowerCase();
  const named = collectionsIn(facility.scopes);
  const others = named.filter((id) => id !== own);
  const isSet = settings.isSet(setting);
  // If it is not set: the facility, to which it would have to be added.
  const location = settings.of(isSet ? setting : setting.replace(/\.scopes$/, ''));
  const adviceToSet = (scope: string): string =>
    isSet
      ? `Change ${location} to scopes: ['${scope}']`
      : `Add the line scopes: ['${scope}'] to ${location}`;
  const adviceToCheck = `Check ${location}, or remove it to use the default scopes.`;
  const needed = hasDataAccess(facts);
  if (token.kind === 'scope-refused') {
    const refused = `Globus Auth does not know one of the scopes (${token.mark}), and issues no token for transfers with this facility.`;
    if (named.includes(own) && needed === false) {
      return broken(
        `${refused} The collection has no data_access scope: only mapped collections without high assurance have one.`,
        adviceToSet(TRANSFER_SCOPE),
      );
    }
    return broken(
      refused,
      others.length > 0
        ? `Check the data_access scope of ${others.join(' and ')} in ${location}: it belongs to another collection.`
        : adviceToCheck,
    );
  }
  if (needed === true && !named.includes(own)) {
    return unclear(
      'The collection has a data_access scope, which is missing from scopes. After each start, the service does not request it until Globus has reported it missing.',
      adviceToSet(
        `${TRANSFER_SCOPE}[*https://auth.globus.org/scopes/${facility.collection}/data_access]`,
      ),
    );
  }
  if (others.length > 0) {
    return unclear(
      `scopes contains the data_access scope of another collection (${others.join(', ')}).`,
      adviceToCheck,
    );
  }
  return ok(
    named.includes(own)
      ? 'Globus Auth issued a token with data_access, which the collection needs.'
      : 'Globus Auth issued a token; the collection needs no data_access.',
  );
}

/** Undefined if Globus does not report the collection's type. */
function hasDataAccess({ entityType, highAssurance }: ScopesDeps['facts']): boolean | undefined {
  if (entityType === undefined) return undefined;
  if (entityType !== 'GCSv5_mapped_collection') return false;
  return highAssurance === undefined ? undefined : !highAssurance;
}

/** The collections whose data_access scope is among the scopes; ids in lower case. */
function collectionsIn(scopes: readonly string[]): readonly string[] {
  const pattern = /\/scopes\/([0-9a-f-]{36})\/data_access\b/gi;
  const ids = scopes.flatMap((scope) =>
    [...scope.matchAll(pattern)].map(([, id = '']) => id.toLowerCase()),
  );
  return [...new Set(ids)];
}

/** The deepest existing folder of a path. */
async function nearestFolder(
  { collection, scopes, path: wanted }: CollectionPlace,
  probe: GlobusProbe,
  signal: AbortSignal,
): Promise<string> {
  for (let path = wanted; ; path = parentFolder(path)) {
    try {
      await probe.list({ collection, scopes, path }, signal);
      return path;
    } catch (error) {
      if (path === '/' || !(error instanceof UpstreamError) || error.status !== 404) throw error;
    }
  }
}

/** @returns undefined unless Globus Connect Personal is not running */
function stoppedVerdict({ connected, paused }: CollectionFacts): Verdict | undefined {
  if (connected !== false && paused !== true) return undefined;
  return broken(
    `Globus Connect Personal is ${connected === false ? 'not connected' : 'paused'}, so transfers wait.`,
    "Ask the owner of the collection's machine to start it, and to keep it running.",
  );
}

function listVerdict(path: string, wanted: CheckedFolder): Verdict {
  if (path === wanted.path)
    return ok(`The folder ${path} can be listed (${wanted.roles.join(' and ')}).`);
  return wanted.roles.includes('source')
    ? broken(
        `The folder ${wanted.path} does not exist; ${path} does.`,
        'Correct sourcePath, or have the folder created.',
      )
    : unclear(
        `The folder ${wanted.path} does not exist yet; ${path} does. Globus creates it with the first transfer, if it has permission.`,
        'Correct destinationPath if this is a mistake; otherwise run doctor with --write, which shows whether folders can be created.',
      );
}
