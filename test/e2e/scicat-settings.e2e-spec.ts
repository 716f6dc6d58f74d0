import { afterEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';
import { jobTypesOf } from '../../sandbox/scicat/job-types-file.js';
import { startScicatSandbox, type ScicatSandbox } from '../../sandbox/scicat/scicat-sandbox.js';
import { ALICES_DATASET, eventually, startUpstreams, TestService } from '../support/service.js';

const FOLDER = new URL('../../config/scicat/', import.meta.url);

function text(name: string): string {
  return readFileSync(new URL(name, FOLDER), 'utf8');
}

/** A SciCat that is set up with nothing but what the files of this variant say. */
async function scicatOf(variant: string, jobTypes: string): Promise<ScicatSandbox> {
  const env = parseEnv(text(`${variant}.env`));
  const groups = (name: string): readonly string[] => env[name]?.split(',') ?? [];
  const scicat = await startScicatSandbox({
    jobTypes: jobTypesOf(parse(text(jobTypes))),
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
    scicat.machine.addUser({
      username,
      email: `${username}@scicat.example`,
      groups: [`${username}s`, 'SOURCE', 'ARCHIVE'],
    });
  }
  scicat.machine.addDataset({
    pid: ALICES_DATASET,
    ownerGroup: 'alices',
    sourceFolder: '/data/run1',
    datasetlifecycle: { archivable: false, archiveStatusMessage: 'filesNotYetAvailable' },
  });
  return scicat;
}

/** Ways to set up accounts, with the proxy's environment. */
const VARIANTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'one-account': {},
  'two-accounts': {
    SCICAT_UPDATE_USER_USERNAME: 'globus-proxy-updater',
    SCICAT_UPDATE_USER_PASSWORD: 'choose-another',
  },
};

const WORDS = 'scicat: { statusCodes: words }';

describe('what config/scicat tells SciCat administrators to set', () => {
  const cleanUps: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  async function start(variant: string, jobTypes: string, yaml = ''): Promise<TestService> {
    const scicat = await scicatOf(variant, jobTypes);
    cleanUps.push(() => scicat.close());
    const { globus, scicat: unused } = await startUpstreams();
    cleanUps.push(
      () => globus.close(),
      () => unused.close(),
    );
    const service = await TestService.start({
      upstreams: { scicat, globus },
      env: { SCICAT_SERVICE_USER_PASSWORD: 'choose-one', ...VARIANTS[variant] },
      yaml,
      pollSeconds: 0.1,
    });
    cleanUps.push(() => service.stop());
    await service.ready();
    return service;
  }

  it.each(Object.keys(VARIANTS))(
    '%s: is enough for a transfer, its archive job, and its removal',
    async (variant) => {
      const service = await start(variant, 'job-types.yaml');
      const jobId = await service.accepted();
      await service.reaches(jobId, '003');
      expect(service.archiveJobs()).toEqual([
        expect.objectContaining({ createdBy: 'globus-proxy', ownerUser: 'alice' }),
      ]);

      const removed = await service.call('DELETE', `/transfer/${jobId}?delete=true`, {
        who: 'alice',
      });
      expect(removed.status).toBe(200);
      const { machine } = service.scicat;
      await eventually(() => machine.job(jobId) === undefined, 'its job is removed');
    },
  );

  it.each(Object.keys(VARIANTS))(
    '%s, with e-mails and status codes in words: one e-mail at the end, none for progress',
    async (variant) => {
      const service = await start(variant, 'job-types-with-mail.yaml', WORDS);
      const { machine } = service.scicat;
      service.holdTasks();
      const jobId = await service.accepted();
      await service.reaches(jobId, 'inProgress');
      service.releaseTasks();
      await service.reaches(jobId, 'finishedSuccessful');
      expect(machine.updateActions(jobId)).toBeGreaterThan(2);
      expect(machine.mails()).toEqual([
        {
          jobId,
          statusCode: 'finishedSuccessful',
          to: 'alice@scicat.example',
          subject: `[SciCat] Transfer of dataset ${ALICES_DATASET}: finished`,
        },
      ]);
    },
  );

  it('with e-mails but status codes in numbers, which is the default: no e-mail', async () => {
    const service = await start('two-accounts', 'job-types-with-mail.yaml');
    await service.reaches(await service.accepted(), '003');
    expect(service.scicat.machine.mails()).toEqual([]);
  });
});
