import { describe, expect, it } from '@jest/globals';
import type { EmulatedResponse } from '../http/emulator.js';
import { jobTypesOf } from './job-types-file.js';
import { jobId, TestWorld } from './test-world.js';

const EMAIL = {
  actionType: 'email',
  to: '{{{ job.contactEmail }}}',
  subject: '{{ job.type }} {{{ datasets.[0].pid }}}: {{ job.statusCode }}{{ job.unknown }}',
  bodyTemplateFile: 'mail.html',
};
const switchOn = (cases: readonly unknown[], more: object = {}): unknown => ({
  actionType: 'switch',
  phase: 'perform',
  property: 'job.statusCode',
  cases,
  ...more,
});

/** A job configuration file with one type and these actions. */
const fileWith = (update: readonly unknown[], create: readonly unknown[] = []): unknown => ({
  configVersion: '1',
  jobs: [
    {
      jobType: 'transfer',
      create: { auth: '#jobAdmin', actions: create },
      update: { auth: '#jobAdmin', actions: update },
    },
  ],
});

/** A SciCat with these actions, and one job. */
function worldWith(update: readonly unknown[], create: readonly unknown[] = []): TestWorld {
  const world = new TestWorld({ jobTypes: jobTypesOf(fileWith(update, create)) });
  world.as('admin', 'POST', '/api/v4/jobs', {
    json: {
      type: 'transfer',
      ownerUser: 'alice',
      contactEmail: 'alice@scicat.example',
      jobParams: { datasetList: [{ pid: '20.500/one', files: [] }] },
    },
  });
  return world;
}

const patch = (world: TestWorld, statusCode: string): EmulatedResponse =>
  world.as('admin', 'PATCH', `/api/v4/jobs/${jobId(1)}`, {
    json: { statusCode, statusMessage: '' },
  });
const mailed = (world: TestWorld): readonly string[] =>
  world.machine.mails().map(({ statusCode }) => statusCode);

describe('job actions', () => {
  it('an e-mail after each update, with the values of the stored job', () => {
    const world = worldWith([{ actionType: 'log' }, EMAIL]);
    patch(world, 'a');
    patch(world, 'b');
    expect(world.machine.mails()).toEqual(
      ['a', 'b'].map((statusCode) => ({
        jobId: jobId(1),
        statusCode,
        to: 'alice@scicat.example',
        subject: `transfer 20.500/one: ${statusCode}`,
      })),
    );
  });

  it('an e-mail when a job is created', () => {
    expect(mailed(worldWith([], [EMAIL]))).toEqual(['jobSubmitted']);
  });

  it('a switch takes the first case that matches, or none', () => {
    const world = worldWith([
      switchOn([
        { regex: '/^FINISHED/i', actions: [EMAIL] },
        { match: 'failed', actions: [EMAIL, EMAIL] },
        { match: 'quiet', actions: [] },
      ]),
    ]);
    for (const code of ['002', 'finishedSuccessful', 'unfinished', 'failed', 'quiet']) {
      patch(world, code);
    }
    expect(mailed(world)).toEqual(['finishedSuccessful', 'failed', 'failed']);
  });

  it('a case without a condition always matches; a switch before storing sends nothing', () => {
    const always = { actions: [EMAIL] };
    const world = worldWith([switchOn([always]), switchOn([always], { phase: 'validate' })]);
    patch(world, 'x');
    expect(mailed(world)).toEqual(['x']);
  });

  it('surprise: an e-mail that can not be sent is a 400, but the update is stored', () => {
    const world = worldWith([EMAIL]);
    world.machine.switches.mailServerDown = true;
    expect(patch(world, 'x')).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("unable to perform action 'email'") },
    });
    expect(world.machine.job(jobId(1))?.statusCode).toBe('x');
  });

  it('ignoreErrors: the update is answered as if the e-mail had been sent', () => {
    const world = worldWith([{ ...EMAIL, ignoreErrors: true }]);
    world.machine.switches.mailServerDown = true;
    expect(patch(world, 'x').status).toBe(200);
    expect(mailed(world)).toEqual([]);
  });

  it('a regular expression on what is not a string is a 400', () => {
    const cases = [{ regex: '/a/', actions: [] }];
    const world = worldWith([switchOn(cases, { property: 'job.jobResultObject.code' })]);
    expect(patch(world, 'x')).toMatchObject({
      status: 400,
      body: {
        message: 'Property job.jobResultObject.code was expected to be a string. Got undefined',
      },
    });
  });
});

describe('a job configuration file that SciCat does not start with', () => {
  it.each([
    ['an unknown action', fileWith([{ actionType: 'mail' }]), 'Unknown action type "mail"'],
    ['an e-mail without a text', fileWith([{ ...EMAIL, bodyTemplateFile: 1 }]), 'bodyTemplateFile'],
    ['a regex without slashes', fileWith([switchOn([{ regex: '^a', actions: [] }])]), 'slash'],
    ['a case without actions', fileWith([switchOn([{ regex: '/a/' }])]), 'must have actions'],
    ['a phase of SciCat 4.0', fileWith([switchOn([], { phase: 'performJob' })]), '"phase"'],
    ['an unknown key in a switch', fileWith([switchOn([], { scope: 'request' })]), 'scope'],
    ['a version that is a number', { configVersion: 1, jobs: [] }, 'configVersion'],
    [
      'a type that stands there twice',
      {
        configVersion: '1',
        jobs: [1, 2].map(() => ({
          jobType: 'a',
          create: { auth: '#all' },
          update: { auth: '#all' },
        })),
      },
      'Duplicate',
    ],
  ])('%s', (_, file, words) => {
    expect(() => jobTypesOf(file)).toThrow(words);
  });
});
