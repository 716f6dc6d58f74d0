import { afterEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CleanUp } from '../../sandbox/world/clean-up.js';
import { startWorld, type World, type WorldOptions } from '../../sandbox/world/world.js';
import { doctor, type DoctorOptions } from '../../src/cli/doctor/doctor.js';
import type { Finding } from '../../src/doctor/check.js';
import { outcomes } from '../support/fake-probes.js';
import { memoryTerminal } from '../support/memory-terminal.js';
import { outsideContainers } from '../support/outside-containers.js';
import { eventually } from '../support/service.js';

const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const cleanUp = new CleanUp();
outsideContainers();

afterEach(async () => {
  expect(await cleanUp.run()).toEqual([]);
});

/** A world in which all is well: the services, a configuration, a data folder. */
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
  const terminal = memoryTerminal({ env: variables });
  const code = await doctor(terminal, { config, timeout: 20, json: true, ...options });
  const { out, err } = terminal.written;
  for (const [name, value] of Object.entries(variables)) {
    if (!/PASSWORD|SECRET/.test(name)) continue;
    // User names and ids may be shown, secrets never.
    expect(out + err).not.toContain(value);
  }
  expect(out).not.toMatch(/eyJ|Bearer|Ag[A-Za-z0-9]{40}/);
  return { code, findings: JSON.parse(out) as readonly Finding[], text: err };
}

const notOk = ({ findings }: Outcome) => findings.filter(({ outcome }) => outcome !== 'ok');

describe.each(['4.5', '5.2'] as const)(
  'doctor, where all is well, with SciCat %s',
  (generation) => {
    const wellWorld = (options: WorldOptions = {}) =>
      goodWorld({ scicatGeneration: generation, ...options });

    it('with one administrator account: all is proven, exit code 0, and nothing is changed', async () => {
      const good = await wellWorld();
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
        'scicat-name',
        'scicat-others',
        'globus-login',
        'globus-transfer',
        'globus-clock',
        ...['collection', 'scopes', 'list'],
        ...['collection', 'scopes', 'list'],
        ...['collection', 'scopes', 'list'],
        'data-folder',
        'data-space',
      ]);
      expect([world.scicat.machine.jobs(), readdirSync(world.folder, { recursive: true })]).toEqual(
        [[], before],
      );
      const changing = world.globus.requests.filter(
        ({ method, path }) => method === 'POST' && !path.endsWith('/token'),
      );
      expect(changing).toEqual([]);
    });

    it('with two accounts: what SciCat does not reveal is unclear, which is not a failure', async () => {
      const outcome = await examine(await wellWorld({ serviceAccounts: 'least-privilege' }));
      expect([outcome.code, outcomes(notOk(outcome))]).toEqual([
        0,
        [
          'scicat-update globus-proxy-updater: unclear',
          'scicat-lifecycle globus-proxy-updater: unclear',
        ],
      ]);
      expect(notOk(outcome)[0]?.message).toContain('Its groups: globusupdaters.');
    });

    // With two accounts this is an example in docs/commands.md.
    it('--write creates a job and folders, and leaves nothing of them', async () => {
      const good = await wellWorld();
      const { world } = good;
      const outcome = await examine(good, { write: true });
      expect(outcome.code).toBe(0);
      const tried = outcome.findings.filter(({ check }) => /trial|write/.test(check));
      expect(outcomes(tried)).toEqual([
        'scicat-trial-job globus-proxy: ok',
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
      // Created, updated, deleted; and the list of those that others have changed.
      expect(jobs.filter(({ status }) => status === 201 || status === 200).length).toBe(4);
    });
  },
);

interface Fault {
  /** Breaks the world; may change the text of the configuration. */
  readonly breaks: (world: World, yaml: string) => unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly accounts?: WorldOptions['serviceAccounts'];
  /** What is then found broken, in order, with the message and the advice. */
  readonly found: readonly (readonly [check: string, message: RegExp, advice: RegExp])[];
}

/** Several mistakes in each world, which do not hide each other. */
const faults: Readonly<Record<string, Fault>> = {
  'SciCat is down; Globus is down for maintenance': {
    breaks: (world) => {
      world.scicat.faults.outage(true);
      world.globus.machine.setMaintenance(true);
    },
    found: [
      [
        'scicat-health',
        /^SciCat closed the connection \(ECONNRESET\)\.$/,
        /^Check scicatUrl \(.*:1\)/,
      ],
      ['globus-transfer', /status 503, ServiceUnavailable, request \w+/, /try again later/],
    ],
  },
  "SciCat's address is that of something else; the Globus secret is wrong": {
    breaks: (world, yaml) => yaml.replace(world.scicat.url, world.globus.url),
    env: { GLOBUS_CLIENT_SECRET: 'not the one' },
    found: [
      [
        'scicat-health',
        /no SciCat API at this address \(status 404\)/,
        /^Correct scicatUrl \(.*:1\)/,
      ],
      ['globus-login', /rejects the client \(status 401, invalid_client\)/, /GLOBUS_CLIENT_SECRET/],
    ],
  },
  "the password is wrong; SciCat's clock is off; permission on a collection is missing": {
    breaks: (world) => {
      const date = new Date(Date.now() + 600_000).toUTCString();
      world.scicat.faults.add({
        match: { path: '/health$' },
        effect: { type: 'status', status: 200, body: { status: 'ok' }, headers: { date } },
      });
      world.globus.machine.setPermission(world.facilities.archive.collection, []);
    },
    env: { SCICAT_SERVICE_USER_PASSWORD: 'not the one' },
    found: [
      ['scicat-clock', /clock is (600|601|599) s behind that of SciCat/, /NTP/],
      ['scicat-login', /rejects the user name or the password/, /SCICAT_SERVICE_USER_PASSWORD/],
      [
        'list',
        /no permission on the folder \/ \(status 403, PermissionDenied, request \w+\)/,
        /@clients\.auth\.globus\.org read and write permission/,
      ],
    ],
  },
  'the account has no rights; a collection does not exist; a guest collection has data_access': {
    breaks: (world, yaml) => {
      world.scicat.machine.setGroups('globus-proxy', []);
      const { name, collection, folder } = world.facilities.archive;
      const kind = 'GCSv5_guest_collection';
      world.globus.machine.addCollection({ id: collection, displayName: name, folder, kind });
      return yaml.replace(
        world.facilities.vault.collection,
        '99999999-9999-4999-8999-999999999999',
      );
    },
    found: [
      ['scicat-create', /^This account may not create jobs .* It has no groups\.$/, /ADMIN_GROUPS/],
      ['scicat-delete', /^This account may not delete jobs/, /DELETE_JOB_GROUPS/],
      [
        'scopes',
        /UNKNOWN_SCOPE_ERROR.*no data_access scope/,
        /^Add the line scopes: \['urn:globus:auth:scope:transfer\.api\.globus\.org:all'\] to facilities\[1\] \(.*yaml:\d+\)$/,
      ],
      [
        'collection',
        /no such collection.* \(status 404, EndpointNotFound, request \w+\)/,
        /^Correct facilities\[2\]\.collection \(.*yaml:\d+\)/,
      ],
    ],
  },
  'one account, no administrator, is to create and to update; a personal collection is off line': {
    breaks: (world, yaml) => {
      world.scicat.machine.setGroups('globus-proxy', ['jobcreators', 'jobupdaters']);
      const { name, collection, folder } = world.facilities.archive;
      const kind = 'GCP_mapped_collection';
      world.globus.machine.addCollection({ id: collection, displayName: name, folder, kind });
      world.globus.machine.setConnected(collection, false);
      return yaml.replace(
        `collection: ${collection}`,
        `collection: ${collection}\n    scopes: ["urn:globus:auth:scope:transfer.api.globus.org:all"]`,
      );
    },
    found: [
      ['scicat-update', /may create jobs, which is why/, /second account/],
      ['scicat-delete', /^This account may not delete jobs/, /DELETE_JOB_GROUPS/],
      ['list', /^Globus Connect Personal is not connected/, /keep it running/],
    ],
  },
  'the updater is a creator too; a job type and a permission are missing; the data folder is a file':
    {
      accounts: 'least-privilege',
      breaks: (world, yaml) => {
        world.scicat.machine.setGroups('globus-proxy-updater', [
          'globuscreators',
          'globusupdaters',
        ]);
        world.scicat.machine.jobTypes.delete('archive');
        world.globus.machine.setPathTroubles(world.facilities.beamline.collection, [
          { path: '/', access: 'read', code: 'PERMISSION_DENIED' },
        ]);
        // The tests may run as root, who has access to everything but what is not a folder.
        writeFileSync(join(world.folder, 'file'), '');
        return yaml.replace('/proxy-data', '/file');
      },
      found: [
        ['scicat-job-type', /does not have this job type/, /job-types\.yaml/],
        ['scicat-update', /may create jobs, which is why/, /none of this account's groups/],
        [
          'list',
          /\(status 403, EndpointPermissionDenied, request \w+\)/,
          /@clients\.auth\.globus\.org read permission/,
        ],
        ['data-folder', /^Not usable by user \d+: .*\/file \(ENOTDIR\)/, /dataDir \(.*yaml:\d+\)/],
      ],
    },
  'the configuration is invalid': {
    breaks: (_world, yaml) => yaml.replace('direction: SRC', 'direction: SCR'),
    found: [
      [
        'configuration',
        /^The service would not start with this configuration:\n.*yaml:\d+: facilities\[0\]\.direction: .*did you mean "SRC"/,
        /docs\/configuration\.md/,
      ],
    ],
  },
};

describe('doctor, where something is broken: exit code 1, and the advice that helps', () => {
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

  it('--write finds a folder that is read-only, and leaves nothing', async () => {
    const good = await goodWorld();
    const { archive } = good.world.facilities;
    good.world.globus.machine.setPathTroubles(archive.collection, [
      { path: '/', access: 'write', code: 'PERMISSION_DENIED' },
    ]);
    const outcome = await examine(good, { write: true });
    expect([outcome.code, outcomes(notOk(outcome))]).toEqual([1, ['write ARCHIVE /: broken']]);
    expect(notOk(outcome)[0]?.message).toMatch(/^No folder could be created: .*no permission/);
  });

  it('a data folder that does not exist yet is not created', async () => {
    const world = await startWorld(cleanUp);
    const outcome = await examine({ world, config: world.writeConfig(8080) });
    expect([outcome.code, notOk(outcome).map(({ check }) => check)]).toEqual([0, ['data-folder']]);
    expect(existsSync(join(world.folder, 'proxy-data'))).toBe(false);
  });

  it('the time limit is that of one check: the next ones run', async () => {
    const good = await goodWorld();
    good.world.scicat.faults.add({ match: { path: '/health$' }, effect: { type: 'hang' } });
    const { code, findings } = await examine(good, { timeout: 0.2 });
    expect([code, findings[1]?.check, findings[1]?.message]).toEqual([
      1,
      'scicat-health',
      'Timed out after 0.2 s.',
    ]);
    expect(outcomes(findings)).toContainEqual(expect.stringMatching(/^globus-login .*: ok$/));
  });
});

// That it exits with 0 and with 1 is shown by the examples in docs/commands.md.
describe('the program', () => {
  async function start({ world, config }: { readonly world: World; readonly config: string }) {
    const child: ChildProcess = spawn(process.execPath, [PROGRAM, 'doctor', '--config', config], {
      env: { ...world.secrets, PROXY_CONTAINER: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const written = { out: '', err: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (written.out += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (written.err += text));
    await once(child, 'spawn');
    return { child, written, ended: once(child, 'close') };
  }

  // A login is shared by all who need it, and ignores their signals: it would go on for 10 s.
  it('Ctrl-C ends it at once, even while a login hangs', async () => {
    const good = await goodWorld();
    const { faults: scicatFaults, requests } = good.world.scicat;
    scicatFaults.add({ match: { path: '/login$' }, effect: { type: 'hang' } });
    const { written, child, ended } = await start(good);
    const logins = () => requests.filter(({ path }) => path.endsWith('/login')).length;
    await eventually(() => logins() > 0, 'a login hangs');
    child.kill('SIGINT');
    await ended;
    // It did not wait for a time-out to try again.
    expect(logins()).toBe(1);
    expect([child.exitCode, written.err]).toEqual([1, 'Interrupted: some checks did not run.\n']);
    expect(written.out).toContain('✓ scicat-health');
    expect(written.out).not.toContain('globus-login');
  });

  it('ends quietly when its reader has seen enough, as `head` has', async () => {
    const { written, child, ended } = await start(await goodWorld());
    child.stdout?.once('data', () => child.stdout?.destroy());
    await ended;
    expect([child.exitCode, written.err]).toEqual([0, '']);
  });
});
