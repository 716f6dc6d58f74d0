import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CleanUp } from '../../sandbox/world/clean-up.js';
import { startWorld, type World, type WorldOptions } from '../../sandbox/world/world.js';
import { doctor, type DoctorOptions } from '../../src/cli/doctor/doctor.js';
import type { Finding } from '../../src/doctor/check.js';
import { CONTAINER_VARIABLE } from '../../src/data-folder/data-dir-mount.js';
import { memoryTerminal } from '../support/memory-terminal.js';
import { outcomes } from '../support/fake-probes.js';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const cleanUp = new CleanUp();
const containerBefore = process.env[CONTAINER_VARIABLE];

beforeAll(() => {
  // Where the tests run says nothing of where a data folder lies.
  process.env[CONTAINER_VARIABLE] = '0';
});

afterAll(() => {
  if (containerBefore === undefined) Reflect.deleteProperty(process.env, CONTAINER_VARIABLE);
  else process.env[CONTAINER_VARIABLE] = containerBefore;
});

afterEach(async () => {
  expect(await cleanUp.run()).toEqual([]);
});

/** A world in which all is well: its services, its configuration, its data folder. */
async function goodWorld(options: WorldOptions = {}) {
  const world = await startWorld(cleanUp, options);
  const config = world.writeConfig(8080);
  mkdirSync(join(world.folder, 'proxy-data'));
  return { world, config };
}

interface Outcome {
  readonly code: number;
  readonly findings: readonly Finding[];
  readonly text: string;
}

async function examine(
  { world, config }: { readonly world: World; readonly config: string },
  options: Partial<DoctorOptions> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const variables = { ...world.secrets, ...env };
  const run = async (json: boolean) => {
    const terminal = memoryTerminal({ env: variables });
    const code = await doctor(terminal, { config, timeout: 20, json, ...options });
    return { code, ...terminal.written };
  };
  const { code, out, err } = await run(true);
  for (const [name, value] of Object.entries(variables)) {
    if (!/PASSWORD|SECRET/.test(name)) continue;
    // A user name or an id may be shown, what belongs to it never.
    expect(out + err).not.toContain(value);
  }
  expect(out).not.toMatch(/eyJ|Bearer|Ag[A-Za-z0-9]{40}/);
  return { code, findings: JSON.parse(out) as readonly Finding[], text: err };
}

const notOk = ({ findings }: Outcome) => findings.filter(({ outcome }) => outcome !== 'ok');

describe('doctor, where all is well', () => {
  it('with one administrator account: all is proven, exit code 0, and nothing has changed', async () => {
    const good = await goodWorld();
    const { world } = good;
    const before = readdirSync(world.folder, { recursive: true });
    const outcome = await examine(good);
    expect([outcome.code, notOk(outcome), outcome.text]).toEqual([0, [], '']);
    expect(outcome.findings.map(({ check }) => check)).toEqual([
      'configuration',
      'scicat-health',
      'scicat-clock',
      'scicat-login',
      'scicat-job-type',
      'scicat-job-type',
      'scicat-create',
      'scicat-update',
      'scicat-delete',
      'scicat-lifecycle',
      'globus-login',
      'globus-transfer',
      'globus-clock',
      ...['collection', 'scopes', 'list'],
      ...['collection', 'scopes', 'list'],
      ...['collection', 'scopes', 'list'],
      'data-folder',
      'data-space',
    ]);
    expect([world.scicat.machine.jobs(), readdirSync(world.folder, { recursive: true })]).toEqual([
      [],
      before,
    ]);
    const changing = world.globus.requests.filter(
      ({ method, path }) => method === 'POST' && !path.endsWith('/token'),
    );
    expect(changing).toEqual([]);
  });

  it('with two accounts: what SciCat does not tell is not proven, which alone is no failure', async () => {
    const outcome = await examine(await goodWorld({ serviceAccounts: 'least-privilege' }));
    expect([outcome.code, outcomes(notOk(outcome))]).toEqual([
      0,
      [
        'scicat-update globus-proxy-updater: unclear',
        'scicat-lifecycle globus-proxy-updater: unclear',
      ],
    ]);
    expect(notOk(outcome)[0]?.message).toContain('its groups are globusupdaters');
  });

  it.each(['one-account', 'least-privilege'] as const)(
    '--write, %s: makes a job and folders, and leaves nothing of them',
    async (serviceAccounts) => {
      const good = await goodWorld({ serviceAccounts });
      const { world } = good;
      const outcome = await examine(good, { write: true });
      expect(outcome.code).toBe(0);
      const tried = outcome.findings.filter(({ check }) => /trial|write/.test(check));
      expect(outcomes(tried)).toEqual([
        expect.stringMatching(/^scicat-trial-job globus-proxy.*: ok$/),
        'write ARCHIVE /: ok',
        'write VAULT /: ok',
      ]);
      expect([
        world.scicat.machine.jobs(),
        readdirSync(world.facilities.archive.folder),
        readdirSync(world.facilities.vault.folder),
        readdirSync(join(world.folder, 'proxy-data')),
      ]).toEqual([[], [], [], []]);
      const jobs = world.scicat.requests.filter(({ path }) => path.startsWith('/api/v4/jobs'));
      expect(jobs.filter(({ status }) => status === 201 || status === 200).length).toBe(3);
    },
  );

  it('as text: a line each, as they come, and a count', async () => {
    const good = await goodWorld();
    const terminal = memoryTerminal({ env: good.world.secrets });
    expect(await doctor(terminal, { config: good.config, timeout: 20 })).toBe(0);
    const lines = terminal.written.out.trim().split('\n');
    expect(lines[0]).toBe(
      `✓ configuration    ${good.config}: Read and checked: 3 facilities, 1 warning.`,
    );
    expect(lines.at(-1)).toBe('24 ok, 0 broken, 0 not proven, 0 skipped');
  });
});

interface Fault {
  /** Breaks the world; may change the text of the configuration. */
  readonly breaks: (world: World, yaml: string) => unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly accounts?: WorldOptions['serviceAccounts'];
  /** What is then found broken, with what is said and what is to be done. */
  readonly found: readonly (readonly [check: string, message: RegExp, advice: RegExp])[];
}

const faults: Readonly<Record<string, Fault>> = {
  'SciCat is down': {
    breaks: (world) => {
      world.scicat.faults.outage(true);
    },
    found: [
      [
        'scicat-health',
        /^SciCat breaks the connection \(ECONNRESET\)\.$/,
        /^Check scicatUrl \(.*:1\)/,
      ],
    ],
  },
  "SciCat's address is that of something else": {
    breaks: (world, yaml) => yaml.replace(world.scicat.url, world.globus.url),
    found: [['scicat-health', /is not SciCat's API \(status 404\)/, /^Correct scicatUrl \(.*:1\)/]],
  },
  'the password is wrong': {
    breaks: () => undefined,
    env: { SCICAT_SERVICE_USER_PASSWORD: 'not the one' },
    found: [
      ['scicat-login', /refuses the user name or the password/, /SCICAT_SERVICE_USER_PASSWORD/],
    ],
  },
  'the account has no rights': {
    breaks: (world) => {
      world.scicat.machine.setGroups('globus-proxy', []);
    },
    found: [
      ['scicat-create', /^It may not create jobs .*; it is in no group\.$/, /ADMIN_GROUPS/],
      ['scicat-delete', /^It may not delete jobs/, /DELETE_JOB_GROUPS/],
    ],
  },
  'one account is to create and to update, and is no administrator': {
    breaks: (world) => {
      world.scicat.machine.setGroups('globus-proxy', ['jobcreators', 'jobupdaters']);
    },
    found: [
      ['scicat-update', /may create jobs and therefore update none/, /second account/],
      ['scicat-delete', /^It may not delete jobs/, /DELETE_JOB_GROUPS/],
    ],
  },
  'the updater is a creator too': {
    accounts: 'least-privilege',
    breaks: (world) => {
      world.scicat.machine.setGroups('globus-proxy-updater', ['globuscreators', 'globusupdaters']);
    },
    found: [['scicat-update', /therefore update none/, /no group of this account/]],
  },
  'a job type is missing': {
    breaks: (world) => {
      world.scicat.machine.jobTypes.delete('archive');
    },
    found: [['scicat-job-type', /does not have this job type/, /job-types\.yaml/]],
  },
  "SciCat's clock is off": {
    breaks: (world) => {
      const date = new Date(Date.now() + 600_000).toUTCString();
      world.scicat.faults.add({
        match: { path: '/health$' },
        effect: { type: 'status', status: 200, body: { status: 'ok' }, headers: { date } },
      });
    },
    found: [['scicat-clock', /clock is (600|601|599) s behind that of SciCat/, /NTP/]],
  },
  'the Globus secret is wrong': {
    breaks: () => undefined,
    env: { GLOBUS_CLIENT_SECRET: 'not the one' },
    found: [
      ['globus-login', /refuses the client \(status 401, invalid_client\)/, /GLOBUS_CLIENT_SECRET/],
    ],
  },
  'Globus is in maintenance': {
    breaks: (world) => {
      world.globus.machine.setMaintenance(true);
    },
    found: [['globus-transfer', /status 503, ServiceUnavailable, request \w+/, /try again later/]],
  },
  'a collection does not exist': {
    breaks: (world, yaml) =>
      yaml.replace(world.facilities.vault.collection, '99999999-9999-4999-8999-999999999999'),
    found: [
      [
        'collection',
        /no such collection.* \(status 404, EndpointNotFound, request \w+\)/,
        /^Correct facilities\[2\]\.collection \(.*yaml:\d+\)/,
      ],
    ],
  },
  'a guest collection is asked for data_access': {
    breaks: (world) => {
      const { name, collection, folder } = world.facilities.archive;
      world.globus.machine.addCollection({
        id: collection,
        displayName: name,
        folder,
        kind: 'GCSv5_guest_collection',
      });
    },
    found: [
      [
        'scopes',
        /UNKNOWN_SCOPE_ERROR.*no data_access scope/,
        /^Add to facilities\[1\] \(.*yaml:\d+\) the line scopes: \['urn:globus:auth:scope:transfer\.api\.globus\.org:all'\]$/,
      ],
    ],
  },
  'a personal collection is off line': {
    breaks: (world, yaml) => {
      const { name, collection, folder } = world.facilities.archive;
      const kind = 'GCP_mapped_collection';
      world.globus.machine.addCollection({ id: collection, displayName: name, folder, kind });
      world.globus.machine.setConnected(collection, false);
      return yaml.replace(
        `collection: ${collection}`,
        `collection: ${collection}\n    scopes: ["urn:globus:auth:scope:transfer.api.globus.org:all"]`,
      );
    },
    found: [['list', /^Globus Connect Personal is not connected/, /keep it running/]],
  },
  'no permission on a collection': {
    breaks: (world) => {
      world.globus.machine.setPermission(world.facilities.archive.collection, []);
    },
    found: [
      [
        'list',
        /no permission on the folder \/ \(status 403, PermissionDenied, request \w+\)/,
        /@clients\.auth\.globus\.org read and write permission/,
      ],
    ],
  },
  'no permission on the folder of a source': {
    breaks: (world) => {
      world.globus.machine.setPathTroubles(world.facilities.beamline.collection, [
        { path: '/', access: 'read', code: 'PERMISSION_DENIED' },
      ]);
    },
    found: [
      [
        'list',
        /\(status 403, EndpointPermissionDenied, request \w+\)/,
        /@clients\.auth\.globus\.org read permission/,
      ],
    ],
  },
  'the data folder can not be used': {
    breaks: (world, yaml) => {
      // The tests may run as root, who is kept out of nothing but what is no folder.
      writeFileSync(join(world.folder, 'file'), '');
      return yaml.replace('/proxy-data', '/file');
    },
    found: [
      [
        'data-folder',
        /^It can't be used by user \d+: .*\/file \(ENOTDIR\)/,
        /dataDir \(.*yaml:\d+\)/,
      ],
    ],
  },
  'the configuration can not be read': {
    breaks: (_world, yaml) => yaml.replace('direction: SRC', 'direction: SCR'),
    found: [
      [
        'configuration',
        /^The service would not start with it:\n.*yaml:\d+: facilities\[0\]\.direction: .*did you mean "SRC"/,
        /docs\/configuration\.md/,
      ],
    ],
  },
};

describe('doctor, where something is broken: exit code 1, and the sentence that helps', () => {
  it.each(Object.entries(faults))('%s', async (_name, { breaks, env, accounts, found }) => {
    const good = await goodWorld(accounts === undefined ? {} : { serviceAccounts: accounts });
    const changed = breaks(good.world, readFileSync(good.config, 'utf8'));
    if (typeof changed === 'string') writeFileSync(good.config, changed);
    const outcome = await examine(good, {}, env);
    const broken = outcome.findings.filter((finding) => finding.outcome === 'broken');
    expect(broken.map(({ check, message, advice }) => [check, message, advice])).toEqual(
      found.map(([check, message, advice]) => [
        check,
        expect.stringMatching(message),
        expect.stringMatching(advice),
      ]),
    );
    expect(outcome.code).toBe(1);
    expect(good.world.scicat.machine.jobs()).toEqual([]);
  });

  it('--write finds a folder that may be read only, and leaves nothing', async () => {
    const good = await goodWorld();
    const { archive } = good.world.facilities;
    good.world.globus.machine.setPathTroubles(archive.collection, [
      { path: '/', access: 'write', code: 'PERMISSION_DENIED' },
    ]);
    const outcome = await examine(good, { write: true });
    expect([outcome.code, outcomes(notOk(outcome))]).toEqual([1, ['write ARCHIVE /: broken']]);
    expect(notOk(outcome)[0]?.message).toMatch(/^No folder could be made: .*no permission/);
  });

  it('a data folder that is not there yet is not made', async () => {
    const world = await startWorld(cleanUp);
    const outcome = await examine({ world, config: world.writeConfig(8080) });
    expect([outcome.code, notOk(outcome).map(({ check }) => check)]).toEqual([0, ['data-folder']]);
    expect(existsSync(join(world.folder, 'proxy-data'))).toBe(false);
  });
});

describe('the program', () => {
  async function start(
    { world, config }: { readonly world: World; readonly config: string },
    ...argv: readonly string[]
  ) {
    const child: ChildProcess = spawn(
      process.execPath,
      [PROGRAM, 'doctor', '--config', config, ...argv],
      { env: { ...world.secrets, PROXY_CONTAINER: '0' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const written = { out: '', err: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (written.out += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (written.err += text));
    await once(child, 'spawn');
    return { child, written, ended: once(child, 'close') };
  }

  it('ends with 0 where all is well', async () => {
    const { written, child, ended } = await start(await goodWorld());
    await ended;
    expect([child.exitCode, written.err]).toEqual([0, '']);
    expect(written.out).toContain('24 ok, 0 broken');
  });

  it.each([['--timeout', 'soon'], ['--timeout', '0'], ['--wirte']])(
    'ends with 2 when it is called wrongly: %s %s',
    async (...argv) => {
      const { written, child, ended } = await start(await goodWorld(), ...argv);
      await ended;
      expect([child.exitCode, written.out]).toEqual([2, '']);
      expect(written.err).toContain(argv[0]);
    },
  );

  // A login is shared by all who need it, and minds nobody's signal: it would go on for 10 s.
  it.each(['/login', '/whoami'])('Ctrl-C ends it at once, also while %s hangs', async (route) => {
    const good = await goodWorld();
    good.world.scicat.faults.add({ match: { path: `${route}$` }, effect: { type: 'hang' } });
    const { written, child, ended } = await start(good);
    while (!good.world.scicat.requests.some(({ path }) => path.endsWith(route))) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    child.kill('SIGINT');
    await ended;
    // It was ended, and did not wait for a time-out to try again.
    expect(good.world.scicat.requests.filter(({ path }) => path.endsWith(route)).length).toBe(1);
    expect([child.exitCode, written.err]).toEqual([1, 'Interrupted: not everything was tried.\n']);
    expect(written.out).toContain('✓ scicat-health');
    expect(written.out).not.toContain('globus-login');
  });

  it('ends quietly when whoever reads it has seen enough, as `head` has', async () => {
    const { written, child, ended } = await start(await goodWorld());
    child.stdout?.once('data', () => child.stdout?.destroy());
    await ended;
    expect([child.exitCode, written.err]).toEqual([0, '']);
  });

  it('a time-out is one check’s: the next ones are tried', async () => {
    const good = await goodWorld();
    good.world.scicat.faults.add({ match: { path: '/health$' }, effect: { type: 'hang' } });
    const { written, child, ended } = await start(good, '--timeout', '0.5');
    await ended;
    expect(child.exitCode).toBe(1);
    expect(written.out).toMatch(/✗ scicat-health .*: It was not done within 0\.5 s\./);
    expect(written.out).toContain('✓ globus-login');
  });
});
