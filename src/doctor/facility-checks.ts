import { randomUUID } from 'node:crypto';
import { UpstreamError } from '../errors/upstream.errors.js';
import { allowsRole, type Facility, type FacilityRole } from '../facilities/facility.js';
import { broken, type Check, ok, unclear, type Verdict } from './check.js';
import { collectionTrouble, type TroubledPlace } from './collection-trouble.js';
import { fixedFolder, parentFolder } from './fixed-folder.js';
import { once } from './once.js';
import type { Places } from './places.js';
import type { CollectionFacts, CollectionPlace, GlobusProbe } from '../ports/globus-probe.port.js';
import { scopesVerdict } from './scopes-check.js';
import { trialFolderCheck } from './trial-folder-check.js';

/** What is asked about one facility's collection. */
export interface FacilityChecksDeps {
  readonly facility: Facility;
  /** Where it stands in the configuration, e.g. `facilities[0]`. */
  readonly at: string;
  readonly clientId: string;
  readonly needs: readonly Check[];
  readonly places: Places;
  readonly probe: GlobusProbe;
  readonly write: boolean;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The folders in which a facility is tried, and what for. */
interface Tried {
  readonly path: string;
  readonly roles: readonly FacilityRole[];
}

/** All that is checked of one facility, in order. */
export function facilityChecks(input: FacilityChecksDeps): readonly Check[] {
  const { facility, probe, places, at } = input;
  const { name, scopes } = facility;
  const facts = once((signal) => probe.collection(facility.collection, signal));
  const place = (tried: Tried): TroubledPlace => ({
    ...tried,
    identity: `${input.clientId}@clients.auth.globus.org`,
    setting: places.of(`${at}.collection`),
  });
  const collection: Check = {
    check: 'collection',
    subject: name,
    needs: input.needs,
    run: (signal) => collectionVerdict(facts, place({ path: '/', roles: [] }), signal),
  };
  const scopesCheck: Check = {
    check: 'scopes',
    subject: name,
    needs: [collection],
    run: async (signal) =>
      scopesVerdict({
        facility,
        facts: await facts(signal),
        token: await probe.requestToken(scopes, signal),
        setting: `${at}.scopes`,
        places,
      }),
  };
  return [
    collection,
    scopesCheck,
    ...triedFolders(facility).flatMap((tried) => {
      const nearest = once((signal) =>
        nearestFolder({ ...facility, path: tried.path }, probe, signal),
      );
      const list: Check = {
        check: 'list',
        subject: `${name} ${tried.path}`,
        needs: [collection, scopesCheck],
        run: (signal) => listVerdict(nearest, facts, place(tried), signal),
      };
      return input.write && tried.roles.includes('destination')
        ? [
            list,
            trialFolderCheck({
              subject: list.subject,
              needs: [list],
              collection: facility.collection,
              scopes,
              folder: nearest,
              place: place(tried),
              name: `scicat-globus-proxy-doctor-${randomUUID()}`,
              probe,
              pause: input.pause,
            }),
          ]
        : [list];
    }),
  ];
}

/** The fixed part of each path template that the facility's direction makes use of. */
function triedFolders(facility: Facility): readonly Tried[] {
  const folders = new Map<string, FacilityRole[]>();
  for (const role of ['source', 'destination'] as const) {
    if (!allowsRole(facility, role)) continue;
    const path = fixedFolder(role === 'source' ? facility.sourcePath : facility.destinationPath);
    folders.set(path, [...(folders.get(path) ?? []), role]);
  }
  return [...folders].map(([path, roles]) => ({ path, roles }));
}

async function collectionVerdict(
  facts: (signal: AbortSignal) => Promise<CollectionFacts>,
  place: TroubledPlace,
  signal: AbortSignal,
): Promise<Verdict> {
  let found: CollectionFacts;
  try {
    found = await facts(signal);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return collectionTrouble(error, place);
  }
  const { displayName, entityType, highAssurance } = found;
  const named = `"${displayName}", ${kindInWords(entityType)}`;
  if (entityType === 'GCSv5_endpoint') {
    return broken(
      `This is ${named}, not a collection.`,
      `Correct ${place.setting}: the UUID of a collection on that endpoint.`,
    );
  }
  return ok(`It is ${named}${highAssurance === true ? ', high assurance' : ''}.`);
}

function kindInWords(entityType: string | undefined): string {
  switch (entityType) {
    case 'GCSv5_mapped_collection':
      return 'a mapped collection';
    case 'GCSv5_guest_collection':
      return 'a guest collection';
    case 'GCP_mapped_collection':
      return 'a collection of Globus Connect Personal';
    case 'GCP_guest_collection':
      return 'a guest collection of Globus Connect Personal';
    case 'GCSv5_endpoint':
      return 'an endpoint of Globus Connect Server';
    case undefined:
    default:
      return 'of a kind that is not known here';
  }
}

/** The deepest folder of a path that is there, and whether that is the whole path. */
interface Nearest {
  readonly path: string;
  readonly complete: boolean;
}

async function nearestFolder(
  wanted: CollectionPlace,
  probe: GlobusProbe,
  signal: AbortSignal,
): Promise<Nearest> {
  const { collection, scopes } = wanted;
  for (let path = wanted.path; ; path = parentFolder(path)) {
    try {
      await probe.list({ collection, scopes, path }, signal);
      return { path, complete: path === wanted.path };
    } catch (error) {
      if (path === '/' || !(error instanceof UpstreamError) || error.status !== 404) throw error;
    }
  }
}

async function listVerdict(
  nearest: (signal: AbortSignal) => Promise<Nearest>,
  facts: (signal: AbortSignal) => Promise<CollectionFacts>,
  place: TroubledPlace,
  signal: AbortSignal,
): Promise<Verdict> {
  const { connected, paused } = await facts(signal);
  if (connected === false || paused === true) {
    const state = connected === false ? 'not connected' : 'paused';
    return broken(
      `Globus Connect Personal is ${state}, so transfers wait.`,
      'Have whoever owns the machine of the collection start it, and keep it running.',
    );
  }
  try {
    const { path, complete } = await nearest(signal);
    if (complete) return ok(`The folder ${path} can be listed, as ${place.roles.join(' and ')}.`);
    return place.roles.includes('source')
      ? broken(
          `The folder ${place.path} is not there; ${path} is.`,
          'Correct sourcePath, or have the folder made.',
        )
      : unclear(
          `The folder ${place.path} is not there yet; ${path} is. Globus makes it with the first transfer, if it may.`,
          'Correct destinationPath if this is a mistake; otherwise --write shows whether folders can be made.',
        );
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return collectionTrouble(error, place);
  }
}
