import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandLine } from '../support/command-line.js';
import {
  ALICES_DATASET,
  BOBS_DATASET,
  type RequestQuery,
  SERVICE_USER,
  TestService,
} from '../support/service.js';

const FACILITIES = `
  - name: BY-ROLE
    collection: aaaaaaaa-0000-4000-8000-000000000009
    direction: DST
    accessPath: profile.roles
    accessValue: curator
`;

let service: TestService;
let shell: CommandLine;

beforeAll(async () => {
  service = await TestService.start({ facilities: FACILITIES });
  await service.ready();
  shell = await CommandLine.beside(service, FACILITIES);
});

afterEach(() => {
  service.scicat.faults.clear();
});

afterAll(async () => {
  await shell.close();
  await service.stop();
});

const REQUEST = ['--source', 'SOURCE', '--dest', 'ARCHIVE', '--pid', ALICES_DATASET];
const ALICES_GROUPS = ['--username', 'alice', '--groups', 'group1,SOURCE,ARCHIVE'];

interface Explained {
  readonly decision: string;
  readonly decidedBy?: string;
  readonly answer?: { readonly status: number; readonly code: string; readonly message: string };
  readonly user?: unknown;
  readonly dataset?: unknown;
  readonly source?: { readonly path: string };
  readonly destination?: { readonly path: string };
  readonly rules: readonly { readonly rule: string; readonly outcome: string }[];
}

const explain = (argv: readonly string[], parts: Parameters<CommandLine['run']>[1] = {}) =>
  shell.run(['explain', ...argv], parts);

const explained = async (
  argv: readonly string[],
  parts: Parameters<CommandLine['run']>[1] = {},
): Promise<Explained & { readonly code: number }> => {
  const { code, out, err } = await explain([...argv, '--json'], parts);
  expect(err).toBe('');
  return { code, ...(JSON.parse(out) as Explained) };
};

describe('explain with a token', () => {
  it('takes it from standard input or the environment, and says the same', async () => {
    const token = `${service.tokens.alice}\n`;
    const fromInput = await explained([...REQUEST, '--token-stdin'], {
      readIn: () => Promise.resolve(token),
    });
    const fromEnvironment = await explained(REQUEST, { env: { SCICAT_TOKEN: token } });
    expect(fromInput).toEqual(fromEnvironment);
    expect(fromInput).toMatchObject({
      code: 0,
      decision: 'allowed',
      user: { username: 'alice', from: "SciCat, with the user's token" },
      source: { path: '/data/group1/run1' },
      destination: { path: '/archive/alices-run' },
    });
  });

  it("asks SciCat for identity and dataset with that token, with no account of the service's", async () => {
    const seen = service.scicat.requests.length;
    await explained(REQUEST, {
      env: { SCICAT_TOKEN: service.tokens.alice, SCICAT_SERVICE_USER_PASSWORD: 'wrong' },
    });
    const asked = service.scicat.requests
      .slice(seen)
      .map(({ method, path }) => `${method} ${path}`);
    expect(asked).toEqual(['GET /api/v3/users/my/identity', `GET /api/v4/datasets`]);
  });

  it('never prints it', async () => {
    const env = { SCICAT_TOKEN: service.tokens.alice };
    for (const argv of [REQUEST, [...REQUEST, '--json'], [...REQUEST, '--root', 'x']]) {
      const { out, err } = await explain(argv, { env });
      expect(out + err).not.toContain(service.tokens.alice);
    }
  });

  it.each<[string, RequestQuery, 'alice' | 'bob' | 'carol']>([
    ['all is right', {}, 'alice'],
    ['an unknown source', { sourceFacility: 'NOWHERE' }, 'alice'],
    ['a wrong direction', { destFacility: 'SOURCE' }, 'alice'],
    ['no group for the source', { sourceFacility: 'PRIVATE' }, 'alice'],
    ['no group for the destination', { scicatPid: BOBS_DATASET }, 'bob'],
    ['an access path that leads nowhere', { destFacility: 'BY-ROLE' }, 'alice'],
    ["a dataset this token can't read", { scicatPid: BOBS_DATASET }, 'alice'],
    ['an unknown dataset', { scicatPid: '20.500.12345/nobodys' }, 'carol'],
    ['a PID that is a route of SciCat', { scicatPid: 'findOne' }, 'alice'],
    ['a root beside the folder', { collectionRootPath: '/other' }, 'alice'],
    ['a root with dots', { collectionRootPath: '/data/../data' }, 'alice'],
  ])('says what POST /transfer returns: %s', async (_what, query, who) => {
    const {
      sourceFacility = 'SOURCE',
      destFacility = 'ARCHIVE',
      scicatPid = ALICES_DATASET,
      collectionRootPath = '/data',
    } = query;
    const preview = await service.preview(query, { who });
    const { decision, answer, code } = await explained(
      [
        ...['--source', sourceFacility, '--dest', destFacility],
        ...['--pid', scicatPid, '--root', collectionRootPath],
      ],
      { env: { SCICAT_TOKEN: service.tokens[who] } },
    );
    const error = preview.json as { readonly code: string; readonly message: string };
    expect({ decision, code, answer }).toEqual(
      preview.status === 200
        ? { decision: 'allowed', code: 0, answer: undefined }
        : {
            decision: 'refused',
            code: 1,
            answer: { status: preview.status, code: error.code, message: error.message },
          },
    );
  });

  it.each([
    ['expired', () => service.scicat.mintToken('alice', { expiresInSeconds: -1 })],
    ['of no user', () => 'not-a-token'],
  ])('says that a token is %s', async (_what, token) => {
    const { out, code } = await explain(REQUEST, { env: { SCICAT_TOKEN: token() } });
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/^Refused: .*\nPOST \/transfer returns 401: SciCat does not accept/),
    ]);
  });

  it('decides nothing while SciCat is down, and says so', async () => {
    service.scicat.faults.outage(true);
    expect(await explained(REQUEST, { env: { SCICAT_TOKEN: service.tokens.alice } })).toMatchObject(
      {
        code: 1,
        decision: 'undecided',
        answer: { status: 503, code: 'UPSTREAM_UNAVAILABLE' },
        rules: [],
      },
    );
  });

  it('decides nothing while SciCat answers for nothing but the identity', async () => {
    service.scicat.faults.add({
      match: { path: '/datasets' },
      effect: { type: 'status', status: 503 },
    });
    const { decision, rules } = await explained(REQUEST, {
      env: { SCICAT_TOKEN: service.tokens.alice },
    });
    expect([decision, rules.filter(({ outcome }) => outcome === 'passed')]).toEqual([
      'undecided',
      ['source-facility', 'destination-facility', 'source-access', 'destination-access'].map(
        (rule): unknown => expect.objectContaining({ rule }),
      ),
    ]);
  });
});

describe('explain without a token', () => {
  it('sends no request when the dataset is described', async () => {
    const seen = service.scicat.requests.length;
    const { code, decision } = await explained([
      ...REQUEST,
      ...ALICES_GROUPS,
      ...['--owner-group', 'group1', '--source-folder', '/data/group1/run1'],
    ]);
    expect([code, decision]).toEqual([0, 'allowed']);
    expect(service.scicat.requests).toHaveLength(seen);
  });

  it("needs the service's secrets only where its account is needed", async () => {
    const none = {
      GLOBUS_CLIENT_SECRET: undefined,
      SCICAT_SERVICE_USER_USERNAME: undefined,
      SCICAT_SERVICE_USER_PASSWORD: undefined,
    };
    const described = ['--owner-group', 'group1', '--source-folder', '/data/group1/run1'];
    const outcomes = [
      await explain([...REQUEST, ...ALICES_GROUPS, ...described], { env: none }),
      await explain(REQUEST, { env: { ...none, SCICAT_TOKEN: service.tokens.alice } }),
      await explain([...REQUEST, ...ALICES_GROUPS], { env: none }),
    ];
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 1]);
    expect(outcomes[2]?.err).toMatch(/SCICAT_SERVICE_USER_USERNAME: is not set/);
  });

  it("reads what is left open with the service's account, and says where each fact is from", async () => {
    const { decision, dataset } = await explained([
      ...REQUEST,
      ...ALICES_GROUPS,
      ...['--source-folder', '/data/elsewhere'],
    ]);
    expect([decision, dataset]).toEqual([
      'allowed',
      {
        pid: ALICES_DATASET,
        ownerGroup: {
          known: true,
          value: 'group1',
          from: `SciCat, read by the service's account ${SERVICE_USER}`,
        },
        sourceFolder: { known: true, value: '/data/elsewhere', from: '--source-folder' },
      },
    ]);
  });

  it('changes nothing in SciCat', async () => {
    const before = service.scicat.requests.length;
    await explained([...REQUEST, ...ALICES_GROUPS]);
    const asked = service.scicat.requests.slice(before);
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v3/auth/login',
      `GET /api/v4/datasets`,
    ]);
    expect(service.transferJobs()).toEqual([]);
  });

  it('reports a dataset that does not exist', async () => {
    const { code, decidedBy } = await explained([
      ...['--source', 'SOURCE', '--dest', 'ARCHIVE', '--pid', '20.500.12345/nobodys'],
      ...ALICES_GROUPS,
    ]);
    expect([code, decidedBy]).toEqual([1, 'dataset-readable']);
  });

  it.each<[string, () => void, RegExp]>([
    [
      'SciCat is down',
      () => {
        service.scicat.faults.outage(true);
      },
      /could not log in to SciCat.*; give it with --owner-group/,
    ],
    [
      'the account may not read datasets',
      () => {
        service.scicat.faults.add({
          match: { path: '/datasets' },
          effect: { type: 'status', status: 403 },
        });
      },
      /account globus-proxy may not read it in SciCat; give it with --owner-group/,
    ],
  ])('says what can be given by hand when %s', async (_what, breakIt, because) => {
    breakIt();
    expect(await explained([...REQUEST, ...ALICES_GROUPS])).toMatchObject({
      code: 1,
      decision: 'undecided',
      dataset: { ownerGroup: { known: false, because: expect.stringMatching(because) } },
    });
  });

  it('takes a whole identity document for facilities that look elsewhere', async () => {
    const to = ['--source', 'SOURCE', '--dest', 'BY-ROLE', '--pid', ALICES_DATASET];
    expect(await explained([...to, ...ALICES_GROUPS])).toMatchObject({ decision: 'undecided' });
    const profile = { username: 'alice', accessGroups: ['group1', 'SOURCE'] };
    const files: readonly (readonly [object, string])[] = [
      [{ profile: { ...profile, roles: ['curator'] } }, 'allowed'],
      [{ profile: { ...profile, roles: ['visitor'] } }, 'refused'],
    ];
    for (const [document, decision] of files) {
      writeFileSync(join(shell.folder, 'identity.json'), JSON.stringify(document));
      expect(await explained([...to, '--identity', 'identity.json'])).toMatchObject({ decision });
    }
  });
});

describe('explain for people', () => {
  it('names the rule that decided, what was compared, and the remedy', async () => {
    const { code, out } = await explain([
      ...REQUEST,
      ...['--username', 'dora', '--groups', 'group1, SOURCE'],
    ]);
    expect(code).toBe(1);
    expect(out).toMatch(/^Refused by rule destination-access of facility ARCHIVE\.$/m);
    expect(out).toContain(
      `✗ destination-access    dora's SciCat account does not have "ARCHIVE" at profile.accessGroups; it has group1, SOURCE.
                        → Add dora to the group "ARCHIVE" in SciCat (effective from the next login), or set accessValue of facility "ARCHIVE" in the configuration to a value that dora has.
`,
    );
    expect(out).toMatch(/^to {13}\/archive\/alices-run on ARCHIVE /m);
  });
});

describe('a usage error of explain', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['no user', REQUEST, /no user was given/],
    ['no destination', ['--source', 'A', '--pid', 'x'], /--dest/],
    ['groups without a name', [...REQUEST, '--groups', 'a'], /--groups needs --username/],
    ['a name without groups', [...REQUEST, '--username', 'a'], /--username needs --groups/],
    ['two users', [...REQUEST, ...ALICES_GROUPS, '--token-stdin'], /cannot be used with/],
    ['a token as an argument', [...REQUEST, '--token', 'x'], /unknown option/],
    ['no token on standard input', [...REQUEST, '--token-stdin'], /no token on standard input/],
    ['no such file', [...REQUEST, '--identity', 'none.json'], /none\.json can't be read/],
    ['a file that is not JSON', [...REQUEST, '--identity', 'config.yaml'], /is not JSON/],
  ])('%s: exit code 2, nothing on standard output', async (_what, argv, message) => {
    const { code, out, err } = await explain(argv);
    expect([code, out, err]).toEqual([2, '', expect.stringMatching(message)]);
  });

  it('a dataset described beside a token', async () => {
    const { code, err } = await explain([...REQUEST, '--owner-group', 'x'], {
      env: { SCICAT_TOKEN: service.tokens.alice },
    });
    expect([code, err]).toEqual([2, expect.stringMatching(/remove --owner-group/)]);
  });

  it('a token that cannot be one is not printed', async () => {
    const { code, err } = await explain([...REQUEST, '--token-stdin'], {
      readIn: () => Promise.resolve('two secret-words'),
    });
    expect([code, err]).toEqual([2, expect.stringMatching(/can't be a SciCat token/)]);
    expect(err).not.toContain('secret-words');
  });

  it('an identity document without a user', async () => {
    writeFileSync(join(shell.folder, 'nobody.json'), '{"profile": {}}');
    const { code, err } = await explain([...REQUEST, '--identity', 'nobody.json']);
    expect([code, err]).toEqual([2, expect.stringMatching(/no profile\.username/)]);
  });

  it('a missing configuration is reported, exit code 1', async () => {
    const { code, out, err } = await explain([...REQUEST, ...ALICES_GROUPS, '--config', '/no']);
    expect([code, out, err]).toEqual([
      1,
      '',
      expect.stringMatching(/The file \/no\S*, specified by --config/),
    ]);
  });
});
