import type { UpstreamError } from '../errors/upstream.errors.js';
import type { FacilityRole } from '../facilities/facility.js';
import { broken, type Verdict } from './check.js';
import { deedOf, markOf } from './failures.js';

/** Where something went wrong, and for what it is needed. */
export interface TroubledPlace {
  readonly path: string;
  readonly roles: readonly FacilityRole[];
  /** The identity that permissions are given to. */
  readonly identity: string;
  /** Where the collection's id stands in the configuration. */
  readonly setting: string;
}

/** What a refusal by Globus or a collection means for an operator. */
export function collectionTrouble(error: UpstreamError, place: TroubledPlace): Verdict {
  const { upstreamCode: code = '' } = error;
  const trouble = TROUBLES.find(({ pattern }) => pattern.test(code));
  if (trouble === undefined) {
    return broken(
      `Globus ${deedOf(error)} for the folder ${place.path}.`,
      "Try again. If it lasts, ask the collection's administrator, and tell them code and request.",
    );
  }
  return broken(`${trouble.message(place)} (${markOf(error)}).`, trouble.advice(place));
}

interface Trouble {
  /** Of Globus's code. */
  readonly pattern: RegExp;
  /** Without a full stop. */
  readonly message: (place: TroubledPlace) => string;
  readonly advice: (place: TroubledPlace) => string;
}

/** The first whose pattern fits decides. */
const TROUBLES: readonly Trouble[] = [
  {
    pattern: /^Endpoint(NotFound|Deleted)$/,
    message: () => 'Globus knows no such collection, or not any more',
    advice: ({ setting }) =>
      `Correct ${setting}: it must be the collection's UUID, as Globus's web app shows it.`,
  },
  {
    pattern: /PermissionDenied/,
    message: ({ path }) => `The service has no permission on the folder ${path}`,
    advice: ({ identity, roles }) =>
      `Ask the collection's administrator to give the identity ${identity} ${rightOf(roles)} permission there. If it is to have it on folders below only, write their common part into the path template.`,
  },
  {
    pattern: /^AuthPolicyFailed$/,
    message: () => "The collection's authentication policy shuts the service out",
    advice: ({ identity }) =>
      `Ask the collection's administrator to except the identity ${identity} from the policy: a client can't log in as a person does.`,
  },
  {
    pattern: /^ConsentRequired$/,
    message: () => 'Globus finds no consent for the data of the collection',
    advice: () =>
      'Name the data_access scope of this collection in scopes, or leave scopes out. If it is there, try again in a minute.',
  },
  {
    pattern: /GCDisconnected/,
    message: () => 'Globus Connect Personal is not connected',
    advice: () => 'Start it on the machine of the collection, and keep it running.',
  },
  {
    pattern: /LoginFailed/,
    message: () => "The collection's own storage refuses the service",
    advice: ({ identity }) =>
      `Ask the collection's administrator how the identity ${identity} is mapped to a local account; sessions of high-assurance collections expire.`,
  },
  {
    pattern: /ConnectFailed/,
    message: () => "Globus can't reach the collection's server",
    advice: () => "Ask the collection's administrator whether it is running.",
  },
  {
    pattern: /Paused/,
    message: () => 'The collection is paused by its administrator',
    advice: () => "Transfers wait until it goes on. Ask the collection's administrator how long.",
  },
  {
    pattern: /NotDirectory/,
    message: ({ path }) => `${path} is not a folder`,
    advice: () => 'Correct the path template.',
  },
];

function rightOf(roles: readonly FacilityRole[]): string {
  return roles.includes('destination') ? 'read and write' : 'read';
}
