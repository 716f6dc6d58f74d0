import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ALICES_DATASET,
  eventually,
  startUpstreams,
  TestService,
  type Upstreams,
} from '../support/service.js';

/*
 * An attacker, or an honest user, whose transfer waits while its rights are lost; seen at the running
 * service: carried out all the same.
 */

let world: Upstreams;
let service: TestService | undefined;

beforeEach(async () => {
  world = await startUpstreams();
});

afterEach(async () => {
  await service?.stop();
  await world.scicat.close();
  await world.globus.close();
});

async function start(changeYaml: (text: string) => string = (text) => text): Promise<TestService> {
  const started = await TestService.start({ upstreams: world, pollSeconds: 0.1, changeYaml });
  service = started;
  await started.ready();
  return started;
}

/** A transfer of alice's that waits, because Globus is in maintenance; the service is stopped. */
async function leftWaiting(): Promise<string> {
  const first = await start();
  first.globus.machine.setMaintenance(true);
  const jobId = await first.accepted();
  await first.reaches(jobId, '001');
  await first.stop();
  service = undefined;
  return jobId;
}

/** It ends once it is certain that no earlier process has submitted it, after two minutes. */
async function saysThatItWillFail(jobId: string, reason: string): Promise<void> {
  const message = () => world.scicat.machine.job(jobId)?.statusMessage ?? '';
  await eventually(
    () => message().includes('the transfer is no longer allowed'),
    () => `the job says that it is not carried out: ${message()}`,
  );
  expect(message()).toContain(reason);
  expect(world.globus.machine.tasks()).toEqual([]);
}

describe('a transfer that waits while it is no longer allowed', () => {
  it('its dataset belongs to another group: nothing is copied, and the job says why', async () => {
    const jobId = await leftWaiting();
    world.scicat.machine.changeDataset(ALICES_DATASET, { ownerGroup: 'group2' });
    world.globus.machine.setMaintenance(false);
    await start();
    await saysThatItWillFail(
      jobId,
      'the dataset belongs to group "group2" now; when the transfer was requested, it belonged to "group1"',
    );
  });

  it('its source folder is another one', async () => {
    const jobId = await leftWaiting();
    world.scicat.machine.changeDataset(ALICES_DATASET, { sourceFolder: '/data/group2/secret' });
    world.globus.machine.setMaintenance(false);
    await start();
    await saysThatItWillFail(jobId, 'the dataset\'s source folder is "/data/group2/secret" now');
  });

  it('the facility requires another group', async () => {
    const jobId = await leftWaiting();
    world.globus.machine.setMaintenance(false);
    await start((text) => text.replace('- name: SOURCE', '- name: SOURCE\n    accessValue: vip'));
    await saysThatItWillFail(jobId, 'facility "SOURCE" requires "vip" at profile.accessGroups now');
  });

  it('nothing has changed: it is carried out', async () => {
    const jobId = await leftWaiting();
    world.globus.machine.setMaintenance(false);
    const second = await start();
    await second.reaches(jobId, '003');
  });
});

describe('a dataset whose group changes while Globus copies it', () => {
  it('is neither marked nor archived', async () => {
    const first = await start();
    first.holdTasks();
    const jobId = await first.accepted();
    await first.reaches(jobId, '002');
    const before = first.scicat.machine.datasets.get(ALICES_DATASET)?.datasetlifecycle;
    first.scicat.machine.changeDataset(ALICES_DATASET, { ownerGroup: 'group2' });
    first.releaseTasks();
    const { statusMessage } = await first.reaches(jobId, '998');
    expect(statusMessage).toMatch(/^all files were copied, but .* neither marked .* nor archived/);
    expect(first.archiveJobs()).toEqual([]);
    expect(first.scicat.machine.datasets.get(ALICES_DATASET)?.datasetlifecycle).toEqual(before);
  });
});
