import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BOBS_DATASET, TestService } from '../support/service.js';
import { errorOf } from './error-shape.js';

/** Two more facilities: one by a text in the identity, one whose source folders are fenced. */
const MORE_FACILITIES = `
  - name: BY-TEXT
    collection: aaaaaaaa-0000-4000-8000-000000000001
    accessPath: profile.oidcClaims.site
    accessValue: site-b
  - name: BY-DEEP-LIST
    collection: aaaaaaaa-0000-4000-8000-000000000001
    accessPath: Profile.oidcClaims.aud
    accessValue: globus
  - name: BY-NOTHING
    collection: aaaaaaaa-0000-4000-8000-000000000001
    accessPath: profile.no.such.thing
  - name: FENCED
    collection: aaaaaaaa-0000-4000-8000-000000000001
    accessValue: SOURCE
    allowedSourceFolders: ['/data/{{ .OwnerGroup }}']
  - name: PINNED
    collection: aaaaaaaa-0000-4000-8000-000000000001
    accessValue: SOURCE
    collectionRootPath: /data
  - name: BY-USER
    collection: aaaaaaaa-0000-4000-8000-000000000001
    accessValue: SOURCE
    sourcePath: /home/{{ .Username }}/{{ .DatasetFolder }}`;

let service: TestService;

beforeAll(async () => {
  service = await TestService.start({ pollSeconds: 0.1, facilities: MORE_FACILITIES });
  await service.ready();
  const { machine } = service.scicat;
  machine.addUser({
    username: 'dora',
    groups: ['group1', 'SOURCE', 'ARCHIVE'],
    profile: { oidcClaims: { site: 'site-b', aud: ['scicat', 'globus'] } },
  });
  machine.addUser({
    username: 'erik',
    groups: ['group1', 'SOURCE', 'ARCHIVE'],
    profile: { oidcClaims: { site: 'site-b-and-more', aud: 'globus-and-more' } },
  });
  machine.addUser({ username: 'slash/es', groups: ['group1', 'SOURCE', 'ARCHIVE'] });
  machine.addUser({
    username: 'near',
    groups: ['group1', 'SOURCES', 'SOURC', 'source', 'ARCHIVE'],
  });
  machine.addUser({ username: 'source-only', groups: ['group1', 'SOURCE'] });
});

afterAll(async () => {
  await service.stop();
});

/** POST as this user, for a dataset of group1 made for the occasion. */
async function ask(
  who: string,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<readonly [number, string]> {
  const answer = await service.post(
    { scicatPid: service.addDataset(`rule-${++made}`), ...query },
    { who: service.scicat.mintToken(who) },
  );
  if (answer.status === 200) return [200, ''];
  const { status, message } = errorOf(answer);
  return [status, message];
}
let made = 0;

function pathsOfLast(): readonly [string | undefined, string | undefined] {
  const item = service.globus.machine.tasks().at(-1)?.request.items[0];
  return [item?.source, item?.destination];
}

describe('the token is valid', () => {
  it('an identity with a list in its claims is one like any other', async () => {
    expect(await ask('dora')).toEqual([200, '']);
  });
});

describe('the source facility', () => {
  it.each([
    ['an equal element of a list', 'alice', 'SOURCE', 200],
    ['elements that only look alike', 'near', 'SOURCE', 403],
    ['an equal text, at any depth', 'dora', 'BY-TEXT', 200],
    ['a text that only begins so', 'erik', 'BY-TEXT', 403],
    ['a path that leads nowhere', 'alice', 'BY-TEXT', 403],
    ['a leading capital in the path, and a list', 'dora', 'BY-DEEP-LIST', 200],
    ['a text where a list was thought of', 'erik', 'BY-DEEP-LIST', 403],
    ['a path that does not exist', 'dora', 'BY-NOTHING', 403],
  ])('%s', async (_, who, sourceFacility, status) => {
    expect((await ask(who, { sourceFacility }))[0]).toBe(status);
  });
});

describe('the destination facility, by its own rule', () => {
  it.each([
    ['the group of the source is not enough', 'source-only', {}, 403],
    ['the group of the destination is not enough', 'near', {}, 403],
    ['the claim of the destination counts', 'dora', { destFacility: 'BY-TEXT' }, 200],
    ['no other user has it', 'alice', { destFacility: 'BY-TEXT' }, 403],
    ['a facility without direction may be both', 'dora', { destFacility: 'BY-DEEP-LIST' }, 200],
  ])('%s', async (_, who, query, status) => {
    expect((await ask(who, query))[0]).toBe(status);
  });
});

describe('the dataset', () => {
  it('an unreadable one is a 400 that does not say whether it exists', async () => {
    const [foreign, missing] = [
      await ask('alice', { scicatPid: BOBS_DATASET }),
      await ask('alice', { scicatPid: '20.500.12345/missing' }),
    ];
    expect(foreign).toEqual([400, expect.stringMatching(/no dataset/)]);
    expect(foreign).toEqual(missing);
  });

  it('a public one of another group is a 403', async () => {
    service.scicat.machine.addDataset({
      pid: 'public/1',
      ownerGroup: 'group2',
      sourceFolder: '/data/group2/public',
      isPublished: true,
    });
    expect(await ask('alice', { scicatPid: 'public/1' })).toEqual([
      403,
      expect.stringMatching(/group "group2"/),
    ]);
  });

  it('the removal of a group takes effect immediately', async () => {
    service.scicat.machine.addUser({ username: 'fay', groups: ['group1', 'SOURCE', 'ARCHIVE'] });
    const token = service.scicat.mintToken('fay');
    const ask = (name: string) =>
      service.post({ scicatPid: service.addDataset(name) }, { who: token });
    expect((await ask('fay-1')).status).toBe(200);
    service.scicat.machine.setGroups('fay', ['group1', 'ARCHIVE']);
    expect((await ask('fay-2')).status).toBe(403);
  });
});

describe('the path stays inside the collection', () => {
  const folder = (sourceFolder: string) => ({
    scicatPid: service.addDataset(`folder-${++made}`, 'group1', sourceFolder),
  });

  it.each([
    ['dots', '/data/group1/../group2'],
    ['a dot', '/data/./group1'],
    ['dots behind backslashes', '/data\\..\\group2'],
    ['dots at the end', '/data/group1/..'],
    ['NUL', '/data/group1\u0000'],
    ['a line break', '/data/group1\n'],
    ['nothing', ''],
    ['no leading slash', 'data/group1'],
    ['another folder with the same beginning', '/data-of-others/run'],
    ['what SciCat has masked', '/data/*****/run1'],
  ])('a source folder with %s is refused', async (_, sourceFolder) => {
    const [status, message] = await ask('alice', folder(sourceFolder));
    expect([status, message]).toEqual([400, expect.stringMatching(/source folder/)]);
  });

  it.each([
    ['/data', ['/group1/x/', '/archive/PID/']],
    ['/data/', ['/group1/x/', '/archive/PID/']],
    ['//data//group1', ['/x/', '/archive/PID/']],
    ['/data/group1/x', ['/', '/archive/PID/']],
    ['/', ['/data/group1/x/', '/archive/PID/']],
    ['', ['/data/group1/x/', '/archive/PID/']],
    [undefined, ['/data/group1/x/', '/archive/PID/']],
  ])('the collection root %j', async (collectionRootPath, [source, destination]) => {
    const { scicatPid } = folder('/data/group1/x');
    expect(await ask('alice', { scicatPid, collectionRootPath })).toEqual([200, '']);
    expect(pathsOfLast()).toEqual([
      source,
      destination?.replace('PID', scicatPid.split('/')[1] ?? ''),
    ]);
  });

  it.each([
    ['the same one', '/data/', 200],
    ['none', undefined, 200],
    ['an empty one', '', 200],
    ['a wider one', '/', 400],
    ['another one', '/data/group1', 400],
    ['the same one by a detour', '/x/../data', 400],
  ])("the facility's own root wins; the request has %s", async (_, root, status) => {
    const query = {
      sourceFacility: 'PINNED',
      collectionRootPath: root,
      ...folder('/data/group1/p'),
    };
    expect((await ask('alice', query))[0]).toBe(status);
    if (status === 200) expect(pathsOfLast()[0]).toBe('/group1/p/');
  });

  it('a user name with a slash names no folder', async () => {
    expect(await ask('slash/es', { sourceFacility: 'BY-USER' })).toEqual([
      400,
      expect.stringMatching(/user name/),
    ]);
    expect((await ask('slash/es'))[0]).toBe(200);
    expect((await ask('alice', { sourceFacility: 'BY-USER', ...folder('/data/a/b') }))[0]).toBe(
      200,
    );
    expect(pathsOfLast()[0]).toBe('/home/alice/b/');
  });

  it('files stay below the folder on both sides', async () => {
    const { scicatPid } = folder('/data/group1/files');
    const answer = await service.post(
      { scicatPid },
      { body: { fileList: [{ path: 'sub/a b%2f..%2fc.h5', isSymlink: false }] } },
    );
    expect(answer.status).toBe(200);
    expect(pathsOfLast()).toEqual([
      '/group1/files/sub/a b%2f..%2fc.h5',
      `/archive/${scicatPid.split('/')[1] ?? ''}/sub/a b%2f..%2fc.h5`,
    ]);
  });
});

describe("the source folder lies inside the facility's allowed folders", () => {
  it.each([
    ['inside', '/data/group1/run', 200],
    ['the folder itself', '/data/group1', 200],
    ['of another group', '/data/group2/run', 400],
    ['beside it', '/data/group10/run', 400],
  ])('%s', async (_, sourceFolder, status) => {
    const scicatPid = service.addDataset(`fence-${++made}`, 'group1', sourceFolder);
    const [got, message] = await ask('alice', { sourceFacility: 'FENCED', scicatPid });
    expect([got, message]).toEqual([
      status,
      status === 200 ? '' : expect.stringMatching(/outside the folders/),
    ]);
  });
});

describe('cancel, delete and look-up', () => {
  it('only members of the owner group may read and cancel', async () => {
    service.holdTasks();
    const jobId = await service.accepted({ scicatPid: service.addDataset('shared') });
    const statuses = async (method: string) =>
      Promise.all(
        ['bob', 'carol', service.scicat.mintToken('dora'), 'alice'].map(
          async (who) => (await service.call(method, `/transfer/${jobId}`, { who })).status,
        ),
      );
    expect(await statuses('GET')).toEqual([403, 403, 200, 200]);
    expect(await statuses('DELETE')).toEqual([403, 403, 200, 200]);
    await service.reaches(jobId, '004');
    service.releaseTasks();
  });

  it('nothing is lost where SciCat does not know the user yet and replaces the name', async () => {
    service.scicat.machine.addUser({
      username: 'gil',
      groups: ['group1', 'SOURCE', 'ARCHIVE'],
      neverLoggedIn: true,
    });
    const who = service.scicat.mintToken('gil');
    const jobId = await service.accepted({ scicatPid: service.addDataset('gils') }, { who });
    const job = await service.reaches(jobId, '003');
    expect(job.ownerUser).toBe('globus-proxy');
    service.scicat.machine.setGroups('gil', ['SOURCE', 'ARCHIVE']);
    const look = await service.call('GET', `/transfer/${jobId}`, { who });
    expect([look.status, look.json]).toEqual([
      200,
      expect.objectContaining({ status: 'finished' }),
    ]);
  });
});
