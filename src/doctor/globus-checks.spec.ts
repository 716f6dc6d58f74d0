import { describe, expect, it } from '@jest/globals';
import { aFacility, CLIENT_ID } from '../../test/support/builders.js';
import { findingsOf, goodGlobus, outcomes, settings } from '../../test/support/fake-probes.js';
import { down, timeout } from '../../test/support/upstream-failures.js';
import { Secret } from '../config/secret.js';
import {
  ServiceAccountError,
  UpstreamRejectedError,
  UpstreamUnavailableError,
} from '../errors/upstream.errors.js';
import type { ConfiguredFacility } from '../config/facility-settings.js';
import { PATH_FIELDS, type Facility } from '../facilities/facility.js';
import { compileTemplate } from '../templates/template.js';
import { globusChecks } from './globus-checks.js';
import type { GlobusProbe } from './probes/globus-probe.js';

const dataAccess = (collection: string): string =>
  `urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/${collection}/data_access]`;
const facility = (name: string, parts: Partial<Facility> = {}): ConfiguredFacility => {
  const made = aFacility(name, parts);
  return { ...made, scopes: [dataAccess(made.collection)] };
};
const SOURCE = facility('PSI', { direction: 'SRC' });
const DESTINATION = facility('CSCS', { direction: 'DST' });
const password = new Secret('');
const IDENTITY = `${CLIENT_ID}@clients.auth.globus.org`;

async function findings(
  parts: Partial<GlobusProbe> = {},
  options: { readonly facilities?: readonly ConfiguredFacility[]; readonly write?: boolean } = {},
) {
  const probe = goodGlobus(parts);
  const config = {
    globus: { authUrl: 'https://auth.example.org', transferUrl: 'https://transfer.example.org' },
    secrets: {
      globusClientId: CLIENT_ID,
      globusClientSecret: password,
      scicatServiceUser: { username: '', password },
    },
    facilities: options.facilities ?? [SOURCE, DESTINATION],
  };
  const checks = globusChecks(config, {
    globus: probe,
    settings: settings(['globus.authUrl']),
    write: options.write ?? false,
    pause: () => Promise.resolve(),
  });
  return { found: await findingsOf(checks), asked: probe.asked };
}

const failing = (error: Error) => (): Promise<never> => Promise.reject(error);
const refusal = (status: number, code: string) =>
  new UpstreamRejectedError('Globus', 'No.', {
    status,
    upstreamCode: code,
    upstreamRequestId: 'aBc123XyZ',
  });
/** A collection's own trouble comes as 502. */
const trouble = (code: string) =>
  new UpstreamUnavailableError('Globus', 'No.', {
    status: 502,
    upstreamCode: code,
    upstreamRequestId: 'aBc123XyZ',
    outcomeUnclear: true,
  });

describe('Globus in good order', () => {
  it('is checked in order, and nothing is created', async () => {
    const { found, asked } = await findings();
    expect(outcomes(found)).toEqual([
      `globus-login ${CLIENT_ID}: ok`,
      'globus-transfer https://transfer.example.org: ok',
      'globus-clock Globus: ok',
      'collection PSI: ok',
      'scopes PSI: ok',
      'list PSI /: ok',
      'collection CSCS: ok',
      'scopes CSCS: ok',
      'list CSCS /archive: ok',
    ]);
    expect(asked).not.toContain('makeFolder');
    expect(found.map(({ message }) => message).slice(3, 6)).toEqual([
      'Found "Disk", a mapped collection.',
      'Globus Auth issued a token with data_access, which the collection needs.',
      'The folder / can be listed (source).',
    ]);
  });

  it('a facility for both directions is checked in both folders, or once if they are the same', async () => {
    const both = facility('PSI');
    const same = compileTemplate('/{{ .PidShort }}', PATH_FIELDS);
    const oneFolder = facility('CSCS', { destinationPath: same });
    const { found } = await findings({}, { facilities: [both, oneFolder] });
    expect(found.filter(({ check }) => check === 'list').map(({ message }) => message)).toEqual([
      'The folder / can be listed (source).',
      'The folder /archive can be listed (destination).',
      'The folder / can be listed (source and destination).',
    ]);
  });

  it('with --write a folder is created and deleted on destinations only', async () => {
    const { found, asked } = await findings({}, { write: true });
    expect(found.filter(({ check }) => check === 'write')).toEqual([
      {
        check: 'write',
        subject: 'CSCS /archive',
        outcome: 'ok',
        message: 'Created and deleted a folder.',
        advice: '',
      },
    ]);
    expect(asked.slice(-3)).toEqual(['makeFolder', 'deleteFolder', 'deletion']);
  });
});

describe('whether Globus knows the client', () => {
  it.each<[string, Partial<GlobusProbe>, string, string]>([
    [
      'a wrong secret',
      {
        requestToken: failing(
          new ServiceAccountError('Globus', 'No.', { status: 401, upstreamCode: 'invalid_client' }),
        ),
      },
      'Globus Auth rejects the client (status 401, invalid_client).',
      'Correct GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET (or GLOBUS_CLIENT_SECRET_FILE).',
    ],
    [
      'no way there',
      { requestToken: failing(down('Globus')) },
      "Globus Auth (https://auth.example.org) can't be reached.",
      'Check whether this machine can reach it',
    ],
    [
      'an outage',
      { requestToken: failing(trouble('X')) },
      'Globus Auth (https://auth.example.org) returned status 502, X, request aBc123XyZ.',
      'Try again later',
    ],
    [
      'a client of another kind',
      { requestToken: () => Promise.resolve({ kind: 'scope-refused', mark: 'status 400' }) },
      'Globus Auth does not grant this client the Globus Transfer scope (status 400).',
      'confidential client',
    ],
  ])('%s, and makes no further calls', async (_what, parts, message, advice) => {
    const { found, asked } = await findings(parts);
    expect(found[0]).toMatchObject({ outcome: 'broken', message });
    expect(found[0]?.advice).toContain(advice);
    expect(asked).toEqual(['requestToken']);
  });

  it.each<[string, Error, string, string]>([
    [
      'refuses the token',
      new ServiceAccountError('Globus', 'No.', { status: 401 }),
      'Globus Transfer rejects the token that Globus Auth has just issued (status 401).',
      'belong together',
    ],
    [
      'does not answer',
      timeout('Globus'),
      'Globus Transfer timed out.',
      'Check globus.transferUrl (/proxy.yaml:7), and whether this machine can reach it',
    ],
  ])('Globus Transfer %s', async (_what, error, message, advice) => {
    const { found } = await findings({ reachTransfer: failing(error) });
    expect(found[1]).toMatchObject({ outcome: 'broken', message });
    expect(found[1]?.advice).toContain(advice);
    expect(new Set(found.slice(2).map(({ outcome }) => outcome))).toEqual(new Set(['skipped']));
  });
});

describe('a collection', () => {
  const ofCollection = (facts: Partial<Awaited<ReturnType<GlobusProbe['collection']>>>) => ({
    collection: () =>
      Promise.resolve({
        displayName: 'Disk',
        entityType: 'GCSv5_guest_collection',
        highAssurance: false,
        connected: undefined,
        paused: undefined,
        ...facts,
      }),
  });

  it('that is unknown to Globus: shows line, code and request id; the others are checked', async () => {
    const collection: GlobusProbe['collection'] = (id) =>
      id === SOURCE.collection
        ? Promise.reject(refusal(404, 'EndpointNotFound'))
        : goodGlobus().collection(id, new AbortController().signal);
    const { found } = await findings({ collection });
    expect(found.slice(3).map(({ check, outcome }) => [check, outcome])).toEqual([
      ['collection', 'broken'],
      ['scopes', 'skipped'],
      ['list', 'skipped'],
      ['collection', 'ok'],
      ['scopes', 'ok'],
      ['list', 'ok'],
    ]);
    expect(found[3]).toEqual({
      check: 'collection',
      subject: 'PSI',
      outcome: 'broken',
      message:
        'Globus has no such collection, or no longer has it (status 404, EndpointNotFound, request aBc123XyZ).',
      advice:
        "Correct facilities[0].collection (/proxy.yaml:7): it must be the collection's UUID, as shown in the Globus web app.",
    });
  });

  it.each([
    [{ entityType: 'GCSv5_guest_collection' }, 'Found "Disk", a guest collection.', 'ok'],
    [
      { entityType: 'GCSv5_mapped_collection', highAssurance: true },
      'Found "Disk", a mapped collection, high assurance.',
      'ok',
    ],
    [
      { entityType: 'GCP_mapped_collection' },
      'Found "Disk", a collection of Globus Connect Personal.',
      'ok',
    ],
    [{ entityType: 'Something' }, 'Found "Disk", of unknown type.', 'ok'],
    [
      { entityType: 'GCSv5_endpoint' },
      '"Disk" is an endpoint of Globus Connect Server, not a collection.',
      'broken',
    ],
  ])('of kind %j', async (facts, message, outcome) => {
    const { found } = await findings(ofCollection(facts));
    expect(found[3]).toMatchObject({ message, outcome });
  });

  it.each([
    [{ connected: false, paused: false }, 'Globus Connect Personal is not connected'],
    [{ connected: true, paused: true }, 'Globus Connect Personal is paused'],
  ])('of Globus Connect Personal that is unavailable: %j', async (state, message) => {
    const { found, asked } = await findings(
      ofCollection({ entityType: 'GCP_mapped_collection', ...state }),
    );
    expect(found[5]).toMatchObject({
      check: 'list',
      outcome: 'broken',
      message: `${message}, so transfers wait.`,
    });
    expect(asked).not.toContain('list');
  });
});

describe('the folder of a collection', () => {
  const mark = (status: number, code: string) => `(status ${status}, ${code}, request aBc123XyZ)`;

  it.each<[string, Error, string, string]>([
    [
      'no permission on the collection',
      refusal(403, 'PermissionDenied'),
      `The service has no permission on the folder / ${mark(403, 'PermissionDenied')}.`,
      `give the identity ${IDENTITY} read permission on it`,
    ],
    [
      'no permission on the folder',
      refusal(403, 'EndpointPermissionDenied'),
      `The service has no permission on the folder / ${mark(403, 'EndpointPermissionDenied')}.`,
      'put their common parent at the start of the path template',
    ],
    [
      'a policy',
      refusal(403, 'AuthPolicyFailed'),
      `The collection's authentication policy excludes the service ${mark(403, 'AuthPolicyFailed')}.`,
      IDENTITY,
    ],
    [
      'no consent',
      refusal(403, 'ConsentRequired'),
      `The service has no consent to use the data of the collection ${mark(403, 'ConsentRequired')}.`,
      'data_access',
    ],
    [
      'off line',
      trouble('ExternalError.DirListingFailed.GCDisconnected'),
      `Globus Connect Personal is not connected ${mark(502, 'ExternalError.DirListingFailed.GCDisconnected')}.`,
      'Start it',
    ],
    [
      'the storage refuses',
      trouble('ExternalError.DirListingFailed.LoginFailed'),
      `The collection's storage rejects the service ${mark(502, 'ExternalError.DirListingFailed.LoginFailed')}.`,
      'mapped to a local account',
    ],
    [
      'its server is down',
      trouble('ExternalError.DirListingFailed.ConnectFailed'),
      `Globus can't reach the collection's server ${mark(502, 'ExternalError.DirListingFailed.ConnectFailed')}.`,
      "Ask the collection's administrator",
    ],
    [
      'paused',
      refusal(409, 'OperationPaused'),
      `The collection's administrator has paused it ${mark(409, 'OperationPaused')}.`,
      'Transfers wait',
    ],
    [
      'no folder',
      trouble('ExternalError.DirListingFailed.NotDirectory'),
      `/ is not a folder ${mark(502, 'ExternalError.DirListingFailed.NotDirectory')}.`,
      'path template',
    ],
    [
      'anything else',
      trouble('EndpointError'),
      'Globus returned status 502, EndpointError, request aBc123XyZ for the folder /.',
      'quote the code and the request id',
    ],
  ])('%s', async (_what, error, message, advice) => {
    const { found } = await findings({ list: failing(error) }, { facilities: [SOURCE] });
    expect(found.at(-1)).toMatchObject({ check: 'list', outcome: 'broken', message });
    expect(found.at(-1)?.advice).toContain(advice);
  });

  const withoutArchive: Pick<GlobusProbe, 'list'> = {
    list: ({ path }) =>
      path === '/' ? Promise.resolve() : Promise.reject(refusal(404, 'NotFound')),
  };

  it('a destination that does not exist yet may still be created by Globus', async () => {
    const { found } = await findings(withoutArchive, { facilities: [DESTINATION] });
    expect(found.at(-1)).toMatchObject({
      outcome: 'unclear',
      message:
        'The folder /archive does not exist yet; / does. Globus creates it with the first transfer, if it has permission.',
    });
  });

  it('--write uses the nearest existing folder', async () => {
    const made: string[] = [];
    const makeFolder: GlobusProbe['makeFolder'] = ({ path }) => {
      made.push(path);
      return Promise.resolve();
    };
    const { found } = await findings(
      { ...withoutArchive, makeFolder },
      { facilities: [DESTINATION], write: true },
    );
    expect(found.at(-1)).toMatchObject({ check: 'write', outcome: 'ok' });
    expect(made).toEqual([
      expect.stringMatching(/^\/scicat-globus-proxy-doctor-[0-9a-f-]{36}$/) as unknown,
    ]);
  });

  it('a source that does not exist is a mistake', async () => {
    const sourcePath = compileTemplate('/archive/{{ .PidShort }}', PATH_FIELDS);
    const source = facility('PSI', { direction: 'SRC', sourcePath });
    const { found } = await findings(withoutArchive, { facilities: [source] });
    expect(found.at(-1)).toMatchObject({
      outcome: 'broken',
      message: 'The folder /archive does not exist; / does.',
    });
  });

  it('a destination needs permission to write', async () => {
    const { found } = await findings(
      { list: failing(refusal(403, 'PermissionDenied')) },
      { facilities: [DESTINATION] },
    );
    expect(found.at(-1)?.advice).toContain('read and write permission');
  });
});
