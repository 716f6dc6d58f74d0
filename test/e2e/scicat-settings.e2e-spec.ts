import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import type { JobTypeConfig } from '../../sandbox/scicat/jobs.js';
import { startScicatSandbox, type ScicatSandbox } from '../../sandbox/scicat/scicat-sandbox.js';
import { ALICES_DATASET, eventually, startUpstreams, TestService } from '../support/service.js';

const FOLDER = new URL('../../config/scicat/', import.meta.url);

interface JobTypeInFile {
  readonly jobType: string;
  readonly create: {
    readonly auth: JobTypeConfig['create']['auth'];
    readonly actions?: readonly {
      readonly datasets: Readonly<Record<string, { readonly const: unknown }>>;
    }[];
  };
  readonly update: JobTypeConfig['update'];
}

function text(name: string): string {
  return readFileSync(new URL(name, FOLDER), 'utf8');
}

/** The job types that administrators are told to set, as the emulator takes them. */
function jobTypes(): Readonly<Record<string, JobTypeConfig>> {
  const file = parse(text('job-types.yaml')) as { readonly jobs: readonly JobTypeInFile[] };
  return Object.fromEntries(
    file.jobs.map(({ jobType, create, update }) => {
      const musts = (create.actions ?? []).flatMap(({ datasets }) =>
        Object.entries(datasets).map(([path, { const: value }]) => [path, value] as const),
      );
      const auth = create.auth;
      return [
        jobType,
        {
          create:
            musts.length === 0 ? { auth } : { auth, datasetsMustHave: Object.fromEntries(musts) },
          update,
        },
      ];
    }),
  );
}

/** A SciCat that is set up with nothing but what the files of this variant say. */
async function scicatOf(variant: string): Promise<ScicatSandbox> {
  const env = parseEnv(text(`${variant}.env`));
  const groups = (name: string): readonly string[] => env[name]?.split(',') ?? [];
  const scicat = await startScicatSandbox({
    jobTypes: jobTypes(),
    groupRights: {
      admin: groups('ADMIN_GROUPS'),
      createJobPrivileged: groups('CREATE_JOB_PRIVILEGED_GROUPS'),
      updateJobPrivileged: groups('UPDATE_JOB_PRIVILEGED_GROUPS'),
      deleteJob: groups('DELETE_JOB_GROUPS'),
      updateDatasetLifecycle: groups('UPDATE_DATASET_LIFECYCLE_GROUPS'),
    },
  });
  const accounts = JSON.parse(text(`${variant}.functionalAccounts.json`)) as readonly {
    readonly username: string;
    readonly password: string;
    readonly role: string;
  }[];
  for (const { username, password, role } of accounts) {
    scicat.machine.addUser({ username, password, groups: [role] });
  }
  for (const username of ['alice', 'bob', 'carol']) {
    scicat.machine.addUser({ username, groups: [`${username}s`, 'SOURCE', 'ARCHIVE'] });
  }
  scicat.machine.addDataset({
    pid: ALICES_DATASET,
    ownerGroup: 'alices',
    sourceFolder: '/data/run1',
    datasetlifecycle: { archivable: false, archiveStatusMessage: 'filesNotYetAvailable' },
  });
  return scicat;
}

describe('what config/scicat tells SciCat administrators to set', () => {
  const cleanUps: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  it.each([
    ['one-account', {}],
    [
      'two-accounts',
      {
        SCICAT_UPDATE_USER_USERNAME: 'globus-proxy-updater',
        SCICAT_UPDATE_USER_PASSWORD: 'choose-another',
      },
    ],
  ])('%s: is enough for a transfer, its archive job, and its removal', async (variant, more) => {
    const scicat = await scicatOf(variant);
    cleanUps.push(() => scicat.close());
    const { globus, scicat: unused } = await startUpstreams();
    cleanUps.push(
      () => globus.close(),
      () => unused.close(),
    );
    const service = await TestService.start({
      upstreams: { scicat, globus },
      env: { SCICAT_SERVICE_USER_PASSWORD: 'choose-one', ...more },
    });
    cleanUps.push(() => service.stop());
    await service.ready();

    const answer = await service.post();
    expect({ status: answer.status, json: answer.json }).toEqual({
      status: 200,
      json: { jobId: expect.any(String) },
    });
    const { jobId } = answer.json as { readonly jobId: string };
    await eventually(() => scicat.machine.job(jobId)?.statusCode === '003', 'it is finished');
    const archiveJobs = [...scicat.machine.jobs()].filter(({ type }) => type === 'archive');
    expect(archiveJobs).toEqual([
      expect.objectContaining({ createdBy: 'globus-proxy', ownerUser: 'alice' }),
    ]);

    const removed = await service.call('DELETE', `/transfer/${jobId}?delete=true`, {
      who: 'alice',
    });
    expect(removed.status).toBe(200);
    await eventually(() => scicat.machine.job(jobId) === undefined, 'its job is removed');
  });
});
