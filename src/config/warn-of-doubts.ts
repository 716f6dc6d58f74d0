import { field, isObject } from '../domain/untyped.js';
import { withoutTrailing } from '../domain/without-trailing.js';
import { placeholderIn, plainOrQuoted, thousands } from './advice.js';
import { isLoopback } from '../domain/loopback.js';
import { placesOf } from './check-shape.js';
import { canMeet } from '../facilities/path-overlap.js';
import { allowsRole } from '../facilities/facility.js';
import type { Findings } from './findings.js';
import type { FileSettings } from './service-settings.js';
import type { PlacedFacility } from './warn-of-risks.js';
import { pathOf, type YamlSource } from './yaml-source.js';

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
  source: YamlSource,
  findings: Findings,
): void {
  const warn = (path: string, message: string | undefined): void => {
    if (message === undefined || findings.hasErrorAbove(path) || findings.hasAny(path)) return;
    if (findings.hasErrorBelow(path)) return;
    findings.warning(path, message);
  };
  const { scicatUrl, globus, port, task, server, dataDir } = settings;
  warn('scicatUrl', exampleUrl(scicatUrl) ?? unencrypted(scicatUrl, 'SciCat'));
  warn('globus.authUrl', unencrypted(globus.authUrl, 'Globus'));
  warn('globus.transferUrl', unencrypted(globus.transferUrl, 'Globus'));
  warn('globus.transferUrl', otherVersion(globus.transferUrl));
  warn('globus.authUrl', versionOfAuth(globus.authUrl));
  warn('task.maxConcurrency', tooMany(task.maxConcurrency));
  warn('task.maxPending', tooMany(task.maxPending));
  warn('server.trustProxy', server.trustProxy === true ? TRUSTS_ALL : undefined);
  warn('server.adminPort', samePort(port, server.adminPort));
  warn('dataDir', unreplaced(dataDir));
  for (const one of placed) warnOfFacilityDoubts(one, warn, findings);
  warnOfValues(source.value, '', source, warn);
  warnOfSimilarNames(placed, warn);
}

/** Of values anywhere in the file that are taken as they are, and hardly were meant so. */
function warnOfValues(value: unknown, path: string, source: YamlSource, warn: Warn): void {
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) {
      warnOfValues(one, pathOf(path, index), source, warn);
    }
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      // Whatever holds anchors is no setting; where it is used, it is.
      if (path !== '' || placesOf(key).length > 0) {
        warnOfValues(field(value, key), pathOf(path, key), source, warn);
      }
    }
  } else if (typeof value === 'string') {
    warn(path, doubtOfText(value, path) ?? doubtOfLines(value, path, source));
  } else if (!path.endsWith('progressWritesPerSecond')) {
    const number = thousands(value, source.writtenAt(path));
    if (number !== undefined) {
      const raw = source.writtenAt(path) ?? '';
      warn(path, `is written ${raw}, which YAML reads as ${String(value)}; write ${number}`);
    }
  }
}

function doubtOfText(value: string, path: string): string | undefined {
  const placeholder = placeholderIn(value);
  // A path may have a variable in another notation, which has a message of its own.
  if (
    placeholder !== undefined &&
    !/^<(?:pid|name|owner|user|source|dataset)\w*>$/i.test(placeholder)
  ) {
    return `contains "${placeholder}", which looks like a placeholder; write your own value`;
  }
  const [, before = '', sign] = /^(.*[^,;\s])\s*([,;])$/.exec(value) ?? [];
  if (sign !== undefined) {
    return `ends with "${sign}", which counts as part of the value; write ${plainOrQuoted(before)}`;
  }
  const [, text = '', comment] = /^(.*?)\s+(\/\/|\/\*)\s/.exec(value) ?? [];
  if (comment !== undefined) {
    return `has "${comment}", which counts as part of the value; a comment begins with "#": write ${plainOrQuoted(text)}`;
  }
  const [, unquoted = '', last] = /^([^"']*)(["'\\])$/.exec(value) ?? [];
  if (last !== undefined) {
    return `ends with ${last}, which counts as part of the value; write ${plainOrQuoted(unquoted)}`;
  }
  if (/allowedSourceFolders|accessValue$/.test(path) && /^[^{]*\*/.test(value)) {
    return path.endsWith('accessValue')
      ? 'has "*", which is not a wildcard here; write the exact value that users have'
      : 'has "*", which is not a wildcard here; write the folder, which stands for everything below it';
  }
  if (path.endsWith('accessPath') && /^\w+(?:\/\w+)+$/.test(value)) {
    return `has "/" between its names, and so is one name; write ${value.replaceAll('/', '.')}`;
  }
  return undefined;
}

/** A plain value that goes on in the next line. */
function doubtOfLines(value: string, path: string, source: YamlSource): string | undefined {
  if (!source.isFolded(path)) return undefined;
  return `goes on in the next line, which YAML joins to one value, ${JSON.stringify(value)}; put it in quotes on one line or, if it is another entry, begin that line with "- "`;
}

function samePort(port: number | undefined, adminPort: number | undefined): string | undefined {
  return port !== undefined && port === adminPort
    ? 'is the same as port; only one of them can be listened on'
    : undefined;
}

type Warn = (path: string, message: string | undefined) => void;

/** Hosts that the documentation uses, and that are reserved (RFC 2606). */
const EXAMPLE_HOST =
  /(?:^|\.)example(?:\.(?:org|com|net))?\.?$|(?:^|[.-])(?:your|my)-?(?:domain|site|institute|institution|facility|organi[sz]ation|company|host|server|scicat)\b/i;

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

const FROM_AN_EXAMPLE = 'is still an example value';

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
  return `is not encrypted: passwords and tokens can be read in transit to ${url.hostname}; use https for ${service}`;
}

const API_VERSION = 'v0.10';

function otherVersion(text: string): string | undefined {
  const url = urlOf(text);
  if (url === undefined || /\/v0\.10\/*$/.test(url.pathname)) return undefined;
  const base = withoutTrailing(text, '/').replace(/\/v\d[\w.]*$/, '');
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

function warnOfFacilityDoubts(
  { facility, path }: PlacedFacility,
  warn: Warn,
  findings: Findings,
): void {
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
      `is "${name}", which looks like an example value; write the name of your facility`,
    );
  }
  if (accessValue !== name && EXAMPLE_NAME.test(accessValue)) {
    warn(
      pathOf(path, 'accessValue'),
      `is "${accessValue}", which looks like an example value; write what users of the facility have there`,
    );
  }
  warn(pathOf(path, 'name'), spacesAround(name, 'callers'));
  if (accessValue !== name) {
    warn(pathOf(path, 'accessValue'), spacesAround(accessValue, 'users'));
  }
  if (root === undefined || !allowsRole(facility, 'source')) return;
  // A root with a warning of its own is not what was meant.
  if (findings.hasAny(pathOf(path, 'collectionRootPath'))) return;
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
