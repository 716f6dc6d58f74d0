import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ALICES_DATASET,
  SERVICE_USER,
  startUpstreams,
  startUpstreamsForTwo,
  TestService,
  UPDATE_USER,
  UPDATE_USER_ENVIRONMENT,
  type Upstreams,
} from '../support/service.js';
import { errorOf } from './error-shape.js';

let upstreams: Upstreams;
let service: TestService;

afterEach(async () => {
  await service.stop();
  await upstreams.scicat.close();
  await upstreams.globus.close();
});

describe('two SciCat accounts, neither of them an administrator', () => {
  it('one creates jobs, the other updates and removes them and marks datasets', async () => {
    upstreams = await startUpstreamsForTwo();
    const { machine } = upstreams.scicat;
    service = await TestService.start({
      upstreams,
      pollSeconds: 0.1,
      env: UPDATE_USER_ENVIRONMENT,
    });
    await service.ready();
    const jobId = await service.accepted();
    const job = await service.reaches(jobId, '003');
    expect(job).toMatchObject({
      createdBy: SERVICE_USER,
      updatedBy: UPDATE_USER,
      ownerUser: 'alice',
    });
    expect(machine.datasets.get(ALICES_DATASET)?.datasetlifecycle).toMatchObject({
      archivable: true,
    });
    expect(service.archiveJobs()).toMatchObject([{ createdBy: SERVICE_USER, ownerUser: 'alice' }]);
    const page = await service.call('GET', '/transfer', { who: 'alice' });
    expect(page.json).toMatchObject({ total: 1, transfers: [{ transferId: jobId }] });
    const removed = await service.call('DELETE', `/transfer/${jobId}?delete=true`, {
      who: 'alice',
    });
    expect([removed.status, machine.job(jobId)]).toEqual([200, undefined]);
  });
});

describe("a SciCat in which the service's account may create jobs only for itself", () => {
  it('tells the user to come again and the operator what to do; it goes on once the right is there', async () => {
    upstreams = await startUpstreams();
    const { machine } = upstreams.scicat;
    const logged: string[] = [];
    machine.setGroups(SERVICE_USER, ['archivemanager']);
    service = await TestService.start({
      upstreams,
      pollSeconds: 0.1,
      log: { write: (line) => logged.push(line) },
    });
    await service.ready();
    const error = errorOf(await service.post());
    expect(error).toMatchObject({ status: 503, code: 'UPSTREAM_UNAVAILABLE' });
    const alarms = () => logged.filter((line) => line.includes('"scicat-account-create"'));
    expect(alarms()).toEqual([
      expect.stringMatching(/"level":"error".*own SciCat account lacks a permission/),
    ]);
    const ready = await service.call('GET', '/health/ready');
    expect(ready.text).toContain('scicat-account-create');
    expect([machine.jobs().length, service.globus.machine.tasks().length]).toEqual([0, 0]);
    machine.setGroups(SERVICE_USER, ['admin', 'archivemanager']);
    await service.reaches(await service.accepted(), '003');
    expect(alarms()[1]).toContain('"msg":"alarm cleared"');
  });
});

describe('a SciCat that masks personal information', () => {
  it('does not break transfers, look-up, resuming or cancelling', async () => {
    upstreams = await startUpstreams();
    const { machine } = upstreams.scicat;
    machine.switches.maskPersonalInfo = true;
    machine.addUser({
      username: 'ann@scicat.example',
      email: 'ann@scicat.example',
      groups: ['group1', 'SOURCE', 'ARCHIVE'],
    });
    const first = await TestService.start({ upstreams, pollSeconds: 0.1 });
    await first.ready();
    first.holdTasks();
    const who = first.scicat.mintToken('ann@scicat.example');
    const one = await first.accepted({ scicatPid: first.addDataset('mask-1') }, { who });
    const two = await first.accepted(
      { scicatPid: first.addDataset('mask-2'), autoArchive: 'false' },
      { who },
    );
    await first.reaches(one, '002');
    await first.stop();
    service = await TestService.start({ upstreams, pollSeconds: 0.1 });
    await service.ready();
    const cancelled = await service.call('DELETE', `/transfer/${two}`, { who });
    expect([cancelled.status, cancelled.text]).toEqual([200, '']);
    await service.reaches(two, '004');
    service.releaseTasks();
    await service.reaches(one, '003');
    expect(service.archiveJobs()).toMatchObject([{ ownerUser: 'ann@scicat.example' }]);
    const look = await service.call('GET', `/transfer/${one}`, { who });
    expect([look.status, look.json]).toEqual([
      200,
      expect.objectContaining({ status: 'finished' }),
    ]);
  });

  it('says so where it hides the source folder', async () => {
    upstreams = await startUpstreams();
    upstreams.scicat.machine.switches.maskPersonalInfo = true;
    service = await TestService.start({ upstreams, pollSeconds: 0.1 });
    await service.ready();
    const scicatPid = service.addDataset('hidden', 'group1', '/data/bob@scicat.example/run1');
    const error = errorOf(await service.post({ scicatPid }));
    expect(error).toMatchObject({ status: 400, message: expect.stringMatching(/SciCat hides/) });
  });

  it('two users whose names it hides are not the same person', async () => {
    upstreams = await startUpstreams();
    const { machine } = upstreams.scicat;
    machine.switches.maskPersonalInfo = true;
    const groups = { one: ['group1', 'SOURCE', 'ARCHIVE'], other: ['group2', 'SOURCE', 'ARCHIVE'] };
    for (const [name, of] of Object.entries(groups)) {
      // A user name that looks like an address, but is not this user's own e-mail address.
      machine.addUser({
        username: `${name}@idp.example`,
        email: `${name}@mail.example`,
        groups: of,
      });
    }
    service = await TestService.start({ upstreams, pollSeconds: 0.1 });
    await service.ready();
    const post = await service.post({}, { who: service.scicat.mintToken('one@idp.example') });
    // An unknown name may be refused; an accepted one belongs to no other user.
    if (post.status !== 200) return;
    const { jobId } = post.json as { readonly jobId: string };
    const who = service.scicat.mintToken('other@idp.example');
    const answers = await Promise.all([
      service.call('GET', `/transfer/${jobId}`, { who }),
      service.call('DELETE', `/transfer/${jobId}`, { who }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([403, 403]);
  });
});
