import { isLoopback } from '../domain/loopback.js';
import { canMeet } from '../facilities/path-overlap.js';
import { allowsRole } from '../facilities/facility.js';
import type { Findings } from './findings.js';
import type { FileSettings } from './service-settings.js';
import type { PlacedFacility } from './warn-of-risks.js';
import { pathOf } from './yaml-source.js';

/*
 * What is legal, but hardly what was meant: values of the examples, addresses and numbers with which
 * something will fail later, names that people will mix up.
 */

/**
 * Warns of doubtful values in the whole file.
 *
 * @param placed the facilities without errors
 */
export function warnOfDoubts(
  settings: FileSettings,
  placed: readonly PlacedFacility[],
  findings: Findings,
): void {
  const warn = (path: string, message: string | undefined): void => {
    if (message !== undefined && !findings.hasErrorAbove(path)) findings.warning(path, message);
  };
  const { scicatUrl, globus, port, task, server, dataDir } = settings;
  warn('scicatUrl', exampleUrl(scicatUrl) ?? unencrypted(scicatUrl, 'SciCat'));
  warn('globus.authUrl', unencrypted(globus.authUrl, 'Globus'));
  warn('globus.transferUrl', unencrypted(globus.transferUrl, 'Globus'));
  warn('globus.transferUrl', otherVersion(globus.transferUrl));
  warn('globus.authUrl', versionOfAuth(globus.authUrl));
  warn('task.maxConcurrency', tooMany(task.maxConcurrency));
  warn('server.trustProxy', server.trustProxy === true ? TRUSTS_ALL : undefined);
  warn('server.adminPort', samePort(port, server.adminPort));
  warn('dataDir', unreplaced(dataDir));
  for (const one of placed) warnOfFacilityDoubts(one, warn);
  warnOfSimilarNames(placed, warn);
}

function samePort(port: number | undefined, adminPort: number | undefined): string | undefined {
  return port !== undefined && port === adminPort
    ? 'is the same as port; only one of them can be listened on'
    : undefined;
}

type Warn = (path: string, message: string | undefined) => void;

/** Hosts that the documentation uses, and that nobody can have (RFC 2606). */
const EXAMPLE_HOST = /(?:^|\.)example(?:\.(?:org|com|net))?\.?$/i;

/** Collections in the documentation and the example files, of the Go version, too. */
const EXAMPLE_COLLECTIONS = [
  '00000000-0000-0000-0000-000000000000',
  '6c54cade-bde5-45c1-bdea-f4bd71dba2cc',
  '31ce9ba0-176d-45a5-add3-f37d233ba47d',
  '1b2c3d4e-0001-4002-8003-a0b0c0d0e0f0',
  'aaaa1111-22bb-cc44-dd5e-666667777777',
  'bbbb2222-33cc-ff55-ee6e-777778888888',
];

const EXAMPLE_NAME =
  /^(?:example|sample|your|my)[-_ ]|[-_ ]example$|^example$|^change[-_ ]?me$|^todo$/i;

const FROM_AN_EXAMPLE = 'is still the value of an example';

/** Globus works on a few tasks of an account at a time, and keeps about so many waiting. */
const MOST_TASKS = 100;

const TRUSTS_ALL =
  'is true: every caller can then claim any address in X-Forwarded-For, and evade the limit on failed logins; write the number of reverse proxies in front of the service, or their addresses';

function urlOf(text: string): URL | undefined {
  return typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
}

function exampleUrl(text: string): string | undefined {
  const host = urlOf(text)?.hostname;
  return host !== undefined && EXAMPLE_HOST.test(host)
    ? `${FROM_AN_EXAMPLE}, "${host}"; write the address of your own SciCat`
    : undefined;
}

function unencrypted(text: string, service: string): string | undefined {
  const url = urlOf(text);
  if (url?.protocol !== 'http:' || isLoopback(url.hostname)) return undefined;
  return `is not encrypted: passwords and tokens can be read on the way to ${url.hostname}; use https for ${service}`;
}

const API_VERSION = 'v0.10';

function otherVersion(text: string): string | undefined {
  const url = urlOf(text);
  if (url === undefined || /\/v0\.10\/*$/.test(url.pathname)) return undefined;
  const base = text.replace(/\/+$/, '').replace(/\/v\d[\w.]*$/, '');
  return `does not end in "/${API_VERSION}", the version of Globus Transfer that the service uses; write "${base}/${API_VERSION}"`;
}

function versionOfAuth(text: string): string | undefined {
  const url = urlOf(text);
  return url !== undefined && /\/v\d/.test(url.pathname)
    ? `contains the path "${url.pathname}", which the service adds itself; write "${url.origin}"`
    : undefined;
}

function tooMany(maxConcurrency: number): string | undefined {
  return maxConcurrency > MOST_TASKS
    ? `is ${maxConcurrency}, but Globus works on only a few tasks of one account at a time, and may refuse more than ${MOST_TASKS}; write ${MOST_TASKS} or less, and leave further transfers to the queue`
    : undefined;
}

function unreplaced(dataDir: string | undefined): string | undefined {
  const [variable] = /\$\{?\w+\}?|%\w+%/.exec(dataDir ?? '') ?? [];
  return variable === undefined
    ? undefined
    : `has "${variable}", but variables are not replaced in this file; write the whole path`;
}

function warnOfFacilityDoubts({ facility, path }: PlacedFacility, warn: Warn): void {
  const { name, accessValue, collection, collectionRootPath: root } = facility;
  if (EXAMPLE_COLLECTIONS.includes(collection)) {
    warn(
      pathOf(path, 'collection'),
      `${FROM_AN_EXAMPLE}; write the id of your own collection, which the Globus web app shows as "UUID"`,
    );
  }
  if (EXAMPLE_NAME.test(name)) {
    warn(
      pathOf(path, 'name'),
      `is "${name}", which looks like the value of an example; write the name of your facility`,
    );
  }
  if (accessValue !== name && EXAMPLE_NAME.test(accessValue)) {
    warn(
      pathOf(path, 'accessValue'),
      `is "${accessValue}", which looks like the value of an example; write what users of the facility have there`,
    );
  }
  warn(pathOf(path, 'name'), spacesAround(name, 'callers'));
  if (accessValue !== name) {
    warn(pathOf(path, 'accessValue'), spacesAround(accessValue, 'users'));
  }
  if (root === undefined || !allowsRole(facility, 'source')) return;
  for (const [index, folder] of (facility.allowedSourceFolders ?? []).entries()) {
    if (canMeet(folder, { prefix: root, isFixed: true })) continue;
    warn(
      pathOf(pathOf(path, 'allowedSourceFolders'), index),
      `is "${folder.source}", which is outside collectionRootPath "${root}", so no dataset in it can be transferred; correct one of the two`,
    );
  }
}

function spacesAround(text: string, who: 'callers' | 'users'): string | undefined {
  if (text.trim() === text) return undefined;
  const where = text.trimStart() === text ? 'ends' : 'begins';
  const must = who === 'callers' ? 'callers must send it' : 'users must have it';
  return `${where} with a space, and ${must} exactly so; write "${text.trim()}"`;
}

function warnOfSimilarNames(placed: readonly PlacedFacility[], warn: Warn): void {
  const first = new Map<string, PlacedFacility>();
  for (const one of placed) {
    const key = one.facility.name.trim().toLowerCase();
    const other = first.get(key);
    if (other === undefined) first.set(key, one);
    else {
      warn(
        pathOf(one.path, 'name'),
        `is "${one.facility.name}", which differs from "${other.facility.name}" (${other.path}) only in case or spaces, so people will confuse them; choose names that differ more`,
      );
    }
  }
}
