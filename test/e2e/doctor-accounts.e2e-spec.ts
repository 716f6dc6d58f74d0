import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SCICAT_GENERATIONS, type ScicatGeneration } from '../../sandbox/scicat/generation.js';
import { CleanUp } from '../../sandbox/world/clean-up.js';
import { startWorld, type World, type WorldOptions } from '../../sandbox/world/world.js';
import { doctor } from '../../src/cli/doctor/doctor.js';
import type { Finding } from '../../src/doctor/check.js';
import { memoryTerminal } from '../support/memory-terminal.js';
import { outsideContainers } from '../support/outside-containers.js';

const cleanUp = new CleanUp();
outsideContainers();

afterEach(async () => {
  expect(await cleanUp.run()).toEqual([]);
});

/** SciCat and the service's variables, as administrators leave them. */
interface Setup {
  readonly accounts: NonNullable<WorldOptions['serviceAccounts']>;
  readonly changes?: (world: World) => unknown;
  /** Variables other than the right ones. */
  readonly env?: (secrets: World['secrets']) => Readonly<Record<string, string>>;
  readonly write?: boolean;
}

/** `check subject: outcome` of each finding about rights that is not ok, its message, its advice. */
type Found = readonly [what: string, message: RegExp, advice: RegExp];

async function examine(generation: ScicatGeneration, setup: Setup) {
  const world = await startWorld(cleanUp, {
    serviceAccounts: setup.accounts,
    scicatGeneration: generation,
  });
  mkdirSync(join(world.folder, 'proxy-data'));
  const config = world.writeConfig(8080);
  setup.changes?.(world);
  const jobs = () => world.scicat.machine.jobs().length;
  const before = jobs();
  const terminal = memoryTerminal({ env: { ...world.secrets, ...setup.env?.(world.secrets) } });
  const write = setup.write ?? false;
  const code = await doctor(terminal, { config, timeout: 20, json: true, write });
  expect(jobs()).toBe(before);
  return { code, findings: JSON.parse(terminal.written.out) as readonly Finding[] };
}

const notOk = (findings: readonly Finding[]) =>
  findings
    .filter(({ check, outcome }) => check.startsWith('scicat-') && outcome !== 'ok')
    .map(({ check, subject, outcome, message, advice }) => [
      `${check} ${subject}: ${outcome}`,
      message,
      advice,
    ]);
const matching = (found: readonly Found[]) =>
  found.map(([what, message, advice]) => [
    what,
    expect.stringMatching(message),
    expect.stringMatching(advice),
  ]);

/** A job of somebody else, as every SciCat in use has some. */
function someJob(world: World): void {
  const { document } = world.registerDataset([]);
  const id = '2d5528e1-0f3e-4f0a-8c58-0a1b2c3d4e5f';
  world.scicat.machine.putJob({
    _id: id,
    id,
    type: 'archive',
    ownerUser: 'alice',
    ownerGroup: document.ownerGroup,
    accessGroups: [],
    isPublished: false,
    statusCode: 'finishedSuccessful',
    statusMessage: 'done',
    jobParams: { datasetList: [{ pid: document.pid, files: [] }] },
    jobResultObject: {},
    configVersion: '1',
    createdBy: 'alice',
    updatedBy: 'alice',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    __v: 0,
  });
}

const [CREATOR, UPDATER] = ['globus-proxy-creator', 'globus-proxy-updater'];
const updaterIn =
  (...groups: readonly string[]) =>
  ({ scicat }: World) =>
    scicat.machine.setGroups(UPDATER, groups);

const SWAP = /^Exchange the values of SCICAT_SERVICE_USER_USERNAME and SCICAT_UPDATE_USER_USERNAME/;
const SWAPPED = /the two accounts are swapped \(status 403\)/;

describe.each(SCICAT_GENERATIONS)('doctor, with SciCat %s', (generation) => {
  const severalRights = generation === 'head';

  it('two accounts with the right groups: all is proven where SciCat is in use', async () => {
    const { code, findings } = await examine(generation, {
      accounts: 'least-privilege',
      changes: someJob,
    });
    expect([code, notOk(findings)]).toEqual([0, []]);
    // Whom it concerns: who adopts transfers of the Go version, for example.
    const said = findings.find(({ check }) => check === 'scicat-create')?.message;
    expect(said?.includes("5.2.0 or 5.2.1) refuses this account's archive jobs")).toBe(
      generation === '5.2',
    );
  });

  it('an administrator account: nothing else is needed, and no warning is due', async () => {
    const { code, findings } = await examine(generation, {
      accounts: 'one-account',
      changes: someJob,
    });
    expect([code, notOk(findings)]).toEqual([0, []]);
    expect(JSON.stringify(findings)).not.toContain('5.2.1');
  });

  it('swapped accounts: says that they are swapped', async () => {
    const { code, findings } = await examine(generation, {
      accounts: 'least-privilege',
      env: (secrets) =>
        Object.fromEntries(
          Object.entries(secrets).map(([name, value]) => [
            name.includes('SERVICE_USER')
              ? name.replace('SERVICE_USER', 'UPDATE_USER')
              : name.replace('UPDATE_USER', 'SERVICE_USER'),
            value,
          ]),
        ),
    });
    expect([code, notOk(findings)]).toEqual([
      1,
      matching([
        [`scicat-create ${UPDATER}: broken`, SWAPPED, SWAP],
        [`scicat-update ${CREATOR}: broken`, SWAPPED, SWAP],
        [`scicat-delete ${CREATOR}: broken`, SWAPPED, SWAP],
        [`scicat-lifecycle ${CREATOR}: unclear`, /does not reveal/, SWAP],
      ]),
    ]);
  });

  it.each<[string, Setup, readonly Found[]]>([
    [
      'without any group',
      { accounts: 'least-privilege', changes: updaterIn() },
      [
        [
          `scicat-update ${UPDATER}: broken`,
          /may not update jobs/,
          /give this account a group.* UPDATE_JOB_/,
        ],
        [`scicat-delete ${UPDATER}: broken`, /may not delete jobs/, /DELETE_JOB_GROUPS/],
        [`scicat-lifecycle ${UPDATER}: broken`, /may not mark/, /UPDATE_DATASET_LIFECYCLE_GROUPS/],
      ],
    ],
    [
      'in another group, where SciCat is in use',
      {
        accounts: 'least-privilege',
        changes: (world) => {
          someJob(world);
          updaterIn('archivemanager')(world);
        },
      },
      [
        [
          `scicat-update ${UPDATER}: broken`,
          /^This account may not update jobs \(status 403\)\. Its groups: archivemanager\.$/,
          /add one of its groups to UPDATE_JOB_PRIVILEGED_GROUPS/,
        ],
      ],
    ],
  ])('an updater %s: names the right that it lacks', async (_what, setup, found) => {
    const { code, findings } = await examine(generation, setup);
    expect([code, notOk(findings)]).toEqual([1, matching(found)]);
  });

  it('an updater in another group, in a SciCat without any jobs: --write names the right', async () => {
    const { code, findings } = await examine(generation, {
      accounts: 'least-privilege',
      changes: updaterIn('archivemanager'),
      write: true,
    });
    const last = notOk(findings).at(-1);
    const [newest] = matching([
      [
        `scicat-trial-job ${CREATOR}: broken`,
        /could not be updated by globus-proxy-updater: SciCat returned status 403/,
        /to UPDATE_JOB_PRIVILEGED_GROUPS/,
      ],
    ]);
    expect([code, last]).toEqual([1, newest]);
  });

  it.each(['globus_transfer_job', 'archive'])('a missing job type %s: names it', async (type) => {
    const { code, findings } = await examine(generation, {
      accounts: 'least-privilege',
      changes: (world) => {
        someJob(world);
        world.scicat.machine.jobTypes.delete(type);
      },
    });
    expect(code).toBe(1);
    expect(notOk(findings)[0]).toEqual(
      matching([
        [
          `scicat-job-type ${type}: broken`,
          /^SciCat does not have this job type\.$/,
          /JOB_CONFIGURATION_FILE/,
        ],
      ])[0],
    );
  });

  it('one account, no administrator, in one group with all rights: suffices where SciCat allows it', async () => {
    const { code, findings } = await examine(generation, {
      accounts: 'one-group',
      changes: someJob,
      write: true,
    });
    const refused = matching([
      [
        'scicat-update globus-proxy: broken',
        /may create jobs, which is why/,
        /^Only an administrator can have both permissions\. Give the service a second account/,
      ],
      ['scicat-trial-job globus-proxy: skipped', /"scicat-update" failed/, /^$/],
    ]);
    expect([code, notOk(findings)]).toEqual(severalRights ? [0, []] : [1, refused]);
  });

  it('one account, no administrator, that may only create: says what this SciCat needs', async () => {
    const { code, findings } = await examine(generation, {
      accounts: 'least-privilege',
      changes: someJob,
      env: () => ({ SCICAT_UPDATE_USER_USERNAME: '', SCICAT_UPDATE_USER_PASSWORD: '' }),
    });
    expect(code).toBe(1);
    expect(notOk(findings)[0]).toEqual(
      matching([
        [
          `scicat-update ${CREATOR}: broken`,
          /may create jobs, which is why/,
          severalRights
            ? /add one group of this account, the same in each, to CREATE_JOB_PRIVILEGED_GROUPS, UPDATE_/
            : /^Only an administrator/,
        ],
      ])[0],
    );
  });
});
