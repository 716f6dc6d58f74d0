import { describe, expect, it } from '@jest/globals';
import {
  aFacility,
  aFolderTemplate,
  anIdentity,
  aPathTemplate,
} from '../../../test/support/builders.js';
import type { Facility } from '../../facilities/facility.js';
import { FacilityAuthorization } from '../../facilities/facility-authorization.js';
import { DATASET_WAS_READ, RULES } from '../../facilities/request-rules.js';
import { userByDocument, userByGroups } from './gather-facts.js';
import {
  type RequestedDataset,
  type RequestingUser,
  type ExplainedParameters,
  explainRequest,
  type Fact,
} from './explanation.js';

const known = (value: string): Fact => ({ known: true, value, from: 'a test' });
const ALICE: RequestingUser = { identity: anIdentity(), from: 'a test', document: 'whole' };
const DATASET: RequestedDataset = {
  pid: '20.500.12345/e001',
  ownerGroup: known('p123'),
  sourceFolder: known('/data/p123/run1'),
  lifecycle: undefined,
  readable: DATASET_WAS_READ,
};
const PARAMETERS: ExplainedParameters = { sourceFacility: 'PSI', destFacility: 'CSCS' };

const lifecycle = (archiveStatusMessage: string) => ({
  archivable: false,
  archiveStatusMessage,
  retrievable: false,
});

interface Parts {
  readonly source?: Partial<Facility>;
  readonly destination?: Partial<Facility>;
  readonly user?: RequestingUser;
  readonly dataset?: Partial<RequestedDataset>;
  readonly parameters?: Partial<ExplainedParameters>;
}

function explained({ source, destination, user = ALICE, dataset, parameters }: Parts = {}) {
  const facilities = [aFacility('PSI', source), aFacility('CSCS', destination)];
  return explainRequest(
    new FacilityAuthorization(() => facilities),
    user,
    { ...DATASET, ...dataset },
    { ...PARAMETERS, ...parameters },
  );
}

const withGroups = (...accessGroups: readonly string[]): RequestingUser => ({
  ...ALICE,
  identity: anIdentity({ accessGroups }),
});

/** The rules that refuse, with what would have to change. */
const refusals = (parts: Parts) =>
  explained(parts).rules.flatMap(({ rule, outcome, change }) =>
    outcome === 'refused' ? [[rule, change]] : [],
  );

describe('an explanation', () => {
  it('contains every rule and the paths if the request is allowed', () => {
    const { rules, ...rest } = explained();
    expect(rest).toEqual({
      decision: 'allowed',
      user: { username: 'alice', accessGroups: ['PSI', 'CSCS', 'p123'], from: 'a test' },
      dataset: {
        pid: DATASET.pid,
        ownerGroup: DATASET.ownerGroup,
        sourceFolder: DATASET.sourceFolder,
      },
      source: {
        facility: 'PSI',
        collection: 'eeeeeeee-0000-4000-8000-000000000001',
        path: '/data/p123/run1',
      },
      destination: {
        facility: 'CSCS',
        collection: 'ffffffff-0000-4000-8000-000000000001',
        path: '/archive/e001',
      },
      symlinks: 'Symbolic links are copied as links.',
      afterwards:
        'Once its files have arrived, the dataset is marked as archivable, and an archive job is created, unless the request has autoArchive=false. Its archive status is unknown here; a dataset that is already archived, or being archived, is left as it is.',
    });
    expect(rules.map(({ rule }) => rule)).toEqual(RULES);
    expect(rules.filter(({ change }) => change !== undefined)).toEqual([]);
  });

  it.each<[string, Parts, RegExp]>([
    [
      'a dataset that is not archived yet',
      { dataset: { lifecycle: lifecycle('filesNotYetAvailable') } },
      /^Once its files have arrived, .* unless the request has autoArchive=false\.$/,
    ],
    [
      'one that is being archived',
      { dataset: { lifecycle: lifecycle('started') } },
      /^The dataset is neither marked .* because it is already archived, or being archived \(archive status "started"\)\.$/,
    ],
    [
      'a destination that does not archive',
      { destination: { finalize: 'none' } },
      /^The dataset is neither marked .* because facility "CSCS" is configured with "finalize: none"\.$/,
    ],
  ])('says what happens afterwards to %s', (_what, parts, expected) => {
    expect(explained(parts).afterwards).toMatch(expected);
  });

  it.each<[string, Parts]>([
    ['PSI', { source: { symlinks: 'refuse' } }],
    ['CSCS', { destination: { symlinks: 'refuse' } }],
  ])('says that symbolic links are left out if %s takes none', (name, parts) => {
    expect(explained(parts).symlinks).toBe(
      `Symbolic links are left out, because facility "${name}" is configured with "symlinks: refuse". A file list that contains one is refused.`,
    );
  });

  it('does not say what a request that is refused would do', () => {
    const { symlinks, afterwards } = explained({ user: withGroups('PSI') });
    expect([symlinks, afterwards]).toEqual([undefined, undefined]);
  });

  it('shows all refusals at once; the first one decides', () => {
    const { decision, decidedBy, answer, rules } = explained({
      user: withGroups('PSI'),
      parameters: { collectionRootPath: '/other' },
    });
    expect([decision, decidedBy, answer]).toEqual([
      'refused',
      'destination-access',
      {
        status: 403,
        code: 'ACCESS_DENIED',
        message: expect.stringMatching(/^You have no access to facility "CSCS"/),
      },
    ]);
    const refused = rules.filter(({ outcome }) => outcome === 'refused');
    expect(refused.map(({ rule, required, found }) => [rule, required, found])).toEqual([
      ['destination-access', ['CSCS'], ['PSI']],
      ['dataset-owner-group', ['p123'], ['PSI']],
      ['inside-root', ['/other'], ['/data/p123/run1']],
    ]);
  });

  it('returns 400 for unusable parameters', () => {
    expect(explained({ parameters: { collectionRootPath: '/other' } }).answer).toEqual({
      status: 400,
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/not inside the collection root/),
    });
  });

  it('applies the other rules if one facility does not exist', () => {
    const { rules, decidedBy } = explained({ parameters: { sourceFacility: 'psi' } });
    const outcome = new Map(rules.map((rule) => [rule.rule, rule.outcome]));
    expect(decidedBy).toBe('source-facility');
    expect([outcome.get('source-access'), outcome.get('destination-access')]).toEqual([
      'not-checked',
      'passed',
    ]);
    expect([outcome.get('dataset-owner-group'), outcome.get('source-path')]).toEqual([
      'passed',
      'not-checked',
    ]);
  });

  it.each<[string, Partial<RequestedDataset>]>([
    ['owner group', { ownerGroup: { known: false, because: 'It is unknown.' } }],
    ['source folder', { sourceFolder: { known: false, because: 'It is unknown.' } }],
    [
      'right to read',
      { readable: { rule: 'dataset-readable', outcome: 'not-checked', message: 'It is unknown.' } },
    ],
  ])('is undecided while the %s is unknown', (_what, dataset) => {
    expect(explained({ dataset })).toMatchObject({ decision: 'undecided' });
    expect(explained({ dataset, user: withGroups('PSI', 'p123') })).toMatchObject({
      decision: 'refused',
      decidedBy: 'destination-access',
    });
  });
});

describe('a user of whom only the groups and the name are known', () => {
  const user = userByGroups('alice', ['PSI', 'CSCS', 'p123']);

  it('is judged as usual by rules about groups or the name', () => {
    expect(explained({ user })).toMatchObject({ decision: 'allowed' });
    expect(
      explained({
        user,
        destination: { accessPath: 'profile.username', accessValue: 'bob' },
      }),
    ).toMatchObject({ decision: 'refused', decidedBy: 'destination-access' });
  });

  it('is neither allowed nor refused by a rule about anything else', () => {
    const { decision, rules } = explained({
      user,
      source: { accessPath: 'profile.roles', accessValue: 'beamline scientist' },
    });
    expect(decision).toBe('undecided');
    expect(rules.find(({ rule }) => rule === 'source-access')).toEqual({
      rule: 'source-access',
      outcome: 'not-checked',
      facility: 'PSI',
      message:
        '--username and --groups do not say what is at profile.roles; use --identity or a token.',
      accessPath: 'profile.roles',
      required: ['beamline scientist'],
    });
  });

  it('can be given as a complete identity document', () => {
    const document = { profile: { username: 'al', accessGroups: ['CSCS', 'p123'], roles: ['r'] } };
    const whole = userByDocument(document);
    expect(whole?.identity.username).toBe('al');
    expect(
      explained({
        ...(whole === undefined ? {} : { user: whole }),
        source: { accessPath: 'profile.roles', accessValue: 'r' },
      }),
    ).toMatchObject({ decision: 'allowed' });
    expect(userByDocument({ profile: {} })).toBeUndefined();
  });
});

describe('what would have to change', () => {
  const dataset = (folder: string) => ({ dataset: { sourceFolder: known(folder) } });
  it.each<[string, Parts, string, RegExp]>([
    [
      'an unknown facility',
      { parameters: { sourceFacility: 'PSY' } },
      'source-facility',
      /^Request "PSI", or add a facility "PSY" to the configuration\.$/,
    ],
    [
      'a facility that resembles none',
      { parameters: { destFacility: 'ELSEWHERE' } },
      'destination-facility',
      /^Request one of PSI, CSCS, or add a facility "ELSEWHERE"/,
    ],
    [
      'a wrong direction',
      { source: { direction: 'DST' } },
      'source-facility',
      /^Request another source, or set direction of facility "PSI" to BOTH/,
    ],
    [
      'a missing group',
      { user: withGroups('PSI', 'p123') },
      'destination-access',
      /^Add alice to the group "CSCS" in SciCat \(effective from the next login\), or set accessValue of facility "CSCS"/,
    ],
    [
      'a group in other letters',
      { user: withGroups('PSI', 'p123', 'cscs') },
      'destination-access',
      /^"cscs" differs from "CSCS" only in upper and lower case/,
    ],
    [
      'an access path that leads nowhere',
      { source: { accessPath: 'profile.acessGroups.x' } },
      'source-access',
      /nothing at "profile\.acessGroups": correct accessPath of facility "PSI"/,
    ],
    [
      'an access path that leads to an object',
      { source: { accessPath: 'profile' } },
      'source-access',
      /^profile is an object, but must be a string/,
    ],
    [
      'a text elsewhere',
      { source: { accessPath: 'profile.username', accessValue: 'bob' } },
      'source-access',
      /^Put "bob" at profile\.username of alice's SciCat account, or set accessValue/,
    ],
    [
      'a dataset of another group',
      { dataset: { ownerGroup: known('p9') } },
      'dataset-owner-group',
      /^Add alice to the group "p9" in SciCat .*, or give the dataset an ownerGroup that alice belongs to\.$/,
    ],
    [
      'a dataset of nobody',
      { dataset: { ownerGroup: known('') } },
      'dataset-owner-group',
      /^Give the dataset an ownerGroup/,
    ],
    [
      'another root than the configured one',
      { source: { collectionRootPath: '/data' }, parameters: { collectionRootPath: '/d' } },
      'collection-root',
      /^Omit collectionRootPath \(--root\) or send "\/data"/,
    ],
    ['a PID of dots', { dataset: { pid: '..' } }, 'pid', /different PID/],
    ['a folder of dots', dataset('/data/..'), 'source-folder', /^Correct sourceFolder/],
    ['a masked folder', dataset('/data/*****/x'), 'source-folder', /show alice the unmasked/],
    [
      'a root beside the folder',
      { parameters: { collectionRootPath: '/d' } },
      'inside-root',
      /^Correct sourceFolder of the dataset in SciCat, or collectionRootPath \(--root\) of the request: "\/d" must be/,
    ],
    [
      'a configured root beside the folder',
      { source: { collectionRootPath: '/d' } },
      'inside-root',
      /or collectionRootPath of facility "PSI" in the configuration: "\/d" must be/,
    ],
    [
      'a relative root',
      { parameters: { collectionRootPath: 'data' } },
      'inside-root',
      /^Correct collectionRootPath \(--root\) of the request: an absolute path/,
    ],
    [
      'a user name with a slash in a path',
      {
        user: userByGroups('a/b', ['PSI', 'CSCS', 'p123']),
        destination: { destinationPath: aPathTemplate('/{{ .Username }}') },
      },
      'user-name-in-path',
      /^Do not use \{\{ \.Username \}\} in the templates of facilities "PSI" and "CSCS"/,
    ],
    [
      'an owner group of dots in a folder',
      {
        user: withGroups('PSI', 'CSCS', '..'),
        dataset: { ownerGroup: known('..') },
        source: { allowedSourceFolders: [aFolderTemplate('/data/{{ .OwnerGroup }}')] },
      },
      'owner-group-in-path',
      /^Do not use \{\{ \.OwnerGroup \}\} in allowedSourceFolders of facility "PSI"/,
    ],
    [
      'a folder that is not allowed',
      {
        source: {
          allowedSourceFolders: [aFolderTemplate('/x'), aFolderTemplate('/y/{{ .OwnerGroup }}')],
        },
      },
      'allowed-folders',
      /add "\/data\/p123\/run1" or a folder above it to allowedSourceFolders of facility "PSI" in the configuration, which allows "\/x", "\/y\/p123" for it\.$/,
    ],
    [
      'no folder that is allowed',
      { source: { allowedSourceFolders: [] } },
      'allowed-folders',
      /which allows no folder for it\.$/,
    ],
    [
      'a root below the allowed folder',
      {
        source: { allowedSourceFolders: [aFolderTemplate('/data')] },
        parameters: { collectionRootPath: '/data/p123' },
      },
      'allowed-folders',
      /^Set collectionRootPath of facility "PSI" in the configuration/,
    ],
    [
      'a folder that is copied instead of the allowed one',
      {
        source: {
          collectionRootPath: '/data',
          sourcePath: aPathTemplate('/{{ .DatasetFolder }}'),
          allowedSourceFolders: [aFolderTemplate('/data/{{ .OwnerGroup }}')],
        },
      },
      'allowed-folders',
      /^Correct sourcePath of facility "PSI" in the configuration, which is "\/\{\{ \.DatasetFolder \}\}".*add "\/data\/run1"/,
    ],
    [
      'an allowed folder that can not be worked out',
      { source: { allowedSourceFolders: [aFolderTemplate('/{{ index .Pid 99 }}')] } },
      'allowed-folders',
      /^Correct allowedSourceFolders of facility "PSI"/,
    ],
    [
      'a source path that can not be worked out',
      { source: { sourcePath: aPathTemplate('/{{ index .Pid 99 }}') } },
      'source-path',
      /^Correct sourcePath of facility "PSI" in the configuration; it is "\/\{\{ index/,
    ],
    [
      'a destination path that can not be worked out',
      { destination: { destinationPath: aPathTemplate('/{{ index .Pid 99 }}') } },
      'destination-path',
      /^Correct destinationPath of facility "CSCS" in the configuration; it is "\/\{\{ index/,
    ],
  ])('%s', (_what, parts, rule, change) => {
    expect(refusals(parts)).toContainEqual([rule, expect.stringMatching(change)]);
  });
});
