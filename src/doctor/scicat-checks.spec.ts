import { describe, expect, it } from '@jest/globals';
import { findingsOf, goodScicat, outcomes, settings } from '../../test/support/fake-probes.js';
import { accountRefused, down, rejected, timeout } from '../../test/support/upstream-failures.js';
import { Secret } from '../config/secret.js';
import { ServiceAccountError, UpstreamUnavailableError } from '../errors/upstream.errors.js';
import type { Finding } from './check.js';
import type { RightReading, ScicatProbe } from './probes/scicat-probe.js';
import { scicatChecks } from './scicat-checks.js';

const URL = 'https://scicat.example.org';
const password = new Secret('');

/** @param updater name of the second account, if there is one */
function configWith(updater: string | undefined) {
  const secrets = {
    globusClientId: '',
    globusClientSecret: password,
    scicatServiceUser: { username: 'globus-proxy', password },
    ...(updater === undefined ? {} : { scicatUpdateUser: { username: updater, password } }),
  };
  return { scicatUrl: URL, secrets };
}

interface Options {
  readonly updater?: string;
  readonly write?: boolean;
  readonly userToken?: string;
}

async function findings(
  parts: Partial<ScicatProbe> = {},
  { updater, write = false, userToken }: Options = {},
) {
  const probe = goodScicat(parts);
  const checks = scicatChecks(configWith(updater), {
    scicat: probe,
    settings: settings(),
    write,
    userToken,
  });
  return { found: await findingsOf(checks), asked: probe.asked };
}

/** What is said of one check. */
async function saidOf(
  check: string,
  parts: Partial<ScicatProbe>,
  options: Options = {},
): Promise<Omit<Finding, 'check' | 'subject'> | undefined> {
  const { found } = await findings(parts, options);
  const finding = found.find((one) => one.check === check);
  if (finding === undefined) return undefined;
  const { outcome, message, advice } = finding;
  return { outcome, message, advice };
}

const answering =
  <T>(value: T) =>
  (): Promise<T> =>
    Promise.resolve(value);
const failing = (error: Error) => (): Promise<never> => Promise.reject(error);
const refused: RightReading = { kind: 'refused', status: 403 };
const two = { updater: 'globus-updater' };
const onlyTheCreator: ScicatProbe['mayCreateJobs'] = (role) =>
  Promise.resolve(role === 'creator' ? { kind: 'granted' } : refused);

describe('SciCat in good order', () => {
  it('proves everything with one administrator account', async () => {
    const { found, asked } = await findings();
    expect(outcomes(found)).toEqual([
      `scicat-health ${URL}: ok`,
      'scicat-clock SciCat: ok',
      'scicat-login globus-proxy: ok',
      'scicat-job-type globus_transfer_job: ok',
      'scicat-job-type archive: ok',
      'scicat-create globus-proxy: ok',
      'scicat-update globus-proxy: ok',
      'scicat-delete globus-proxy: ok',
      'scicat-lifecycle globus-proxy: ok',
      'scicat-name globus-proxy: ok',
      'scicat-others globus_transfer_job: ok',
    ]);
    // Each once, and nothing that leaves a trace.
    expect(asked).toEqual([
      'health',
      'whoAmI',
      'jobType',
      'jobType',
      'mayCreateJobs',
      'mayUpdateJobs',
      'mayDeleteJobs',
      'mayChangeLifecycles',
      'release',
      'providerOf',
      'rewrittenJob',
    ]);
  });

  it('with two accounts, shows the groups where SciCat does not tell the rights', async () => {
    const { found } = await findings({}, two);
    expect(outcomes(found)).toEqual([
      `scicat-health ${URL}: ok`,
      'scicat-clock SciCat: ok',
      'scicat-login globus-proxy: ok',
      'scicat-login globus-updater: ok',
      'scicat-job-type globus_transfer_job: ok',
      'scicat-job-type archive: ok',
      'scicat-create globus-proxy: ok',
      'scicat-update globus-updater: unclear',
      'scicat-delete globus-updater: ok',
      'scicat-lifecycle globus-updater: unclear',
      'scicat-name globus-proxy: ok',
      'scicat-name globus-updater: ok',
      'scicat-others globus_transfer_job: ok',
    ]);
    expect(found.find(({ check }) => check === 'scicat-update')).toMatchObject({
      message: 'SciCat does not reveal whether this account may update jobs. Its groups: gtpxa.',
      advice:
        'Ask the SciCat administrators whether one of these groups is in UPDATE_JOB_PRIVILEGED_GROUPS; see config/scicat/README.md. Or run doctor with --write, which tries an update.',
    });
  });

  it('with --write, creates, updates and deletes a job', async () => {
    const { found, asked } = await findings({}, { write: true });
    expect(found.at(-1)).toEqual({
      check: 'scicat-trial-job',
      subject: 'globus-proxy',
      outcome: 'ok',
      message: 'Created, updated and deleted a job.',
      advice: '',
    });
    expect(asked.slice(-3)).toEqual(['makeTrialJob', 'endTrialJob', 'removeJob']);
  });
});

describe('the health of SciCat', () => {
  it.each<[string, Partial<ScicatProbe>, string, string]>([
    [
      'unreachable',
      { health: failing(down()) },
      "SciCat can't be reached.",
      'Check scicatUrl (/proxy.yaml:7), and whether this machine can reach it',
    ],
    ['silent', { health: failing(timeout()) }, 'SciCat timed out.', 'whether its database is down'],
    [
      'unwell',
      { health: answering({ status: 503, kind: 'unwell', aheadMs: 0 }) },
      'SciCat reports that it is unhealthy (status 503).',
      'Ask the SciCat administrators',
    ],
    [
      'something else',
      { health: answering({ status: 404, kind: 'no-scicat', aheadMs: 0 }) },
      'There is no SciCat API at this address (status 404).',
      'Correct scicatUrl (/proxy.yaml:7)',
    ],
  ])('%s: reports it, and makes no further calls', async (_what, parts, message, advice) => {
    const { found, asked } = await findings(parts, { write: true });
    expect(found[0]).toMatchObject({ outcome: 'broken', message });
    expect(found[0]?.advice).toContain(advice);
    expect(new Set(found.slice(1).map(({ outcome }) => outcome))).toEqual(new Set(['skipped']));
    expect(asked).toEqual(['health']);
  });

  it('shows that the clock is off', async () => {
    const health = answering({ status: 200, kind: 'well', aheadMs: -600_000 } as const);
    expect(await saidOf('scicat-clock', { health })).toMatchObject({
      outcome: 'broken',
      message: "This machine's clock is 600 s ahead of that of SciCat.",
    });
  });
});

describe('the login of an account', () => {
  it('with a wrong password names the variables of that account', async () => {
    const error = new ServiceAccountError('SciCat', 'No.', { status: 401 });
    const whoAmI: ScicatProbe['whoAmI'] = (role) =>
      role === 'updater'
        ? Promise.reject(error)
        : Promise.resolve({ username: 'globus-proxy', groups: [] });
    const { found } = await findings({ whoAmI }, two);
    expect(found.filter(({ check }) => check === 'scicat-login')).toEqual([
      {
        check: 'scicat-login',
        subject: 'globus-proxy',
        outcome: 'ok',
        message: 'Logged in. It has no groups.',
        advice: '',
      },
      {
        check: 'scicat-login',
        subject: 'globus-updater',
        outcome: 'broken',
        message: 'SciCat rejects the user name or the password (status 401).',
        advice:
          'Correct SCICAT_UPDATE_USER_USERNAME and SCICAT_UPDATE_USER_PASSWORD (or SCICAT_UPDATE_USER_PASSWORD_FILE).',
      },
    ]);
    // What the other account may do is found out all the same.
    expect(outcomes(found.slice(-7))).toEqual([
      'scicat-create globus-proxy: ok',
      'scicat-update globus-updater: skipped',
      'scicat-delete globus-updater: skipped',
      'scicat-lifecycle globus-updater: skipped',
      'scicat-name globus-proxy: ok',
      'scicat-name globus-updater: skipped',
      'scicat-others globus_transfer_job: ok',
    ]);
  });

  it('of an account that is not a functional one fails in SciCat', async () => {
    const error = new UpstreamUnavailableError('SciCat', 'No.', {
      status: 500,
      outcomeUnclear: false,
    });
    expect(await saidOf('scicat-login', { whoAmI: failing(error) })).toMatchObject({
      outcome: 'broken',
      message: 'The login failed: SciCat returned status 500.',
      advice: expect.stringContaining('functionalAccounts.json') as unknown,
    });
  });

  it('fails if SciCat spells the name differently: the service would not recognize its jobs', async () => {
    const whoAmI = answering({ username: 'Globus-Proxy', groups: [] });
    expect(await saidOf('scicat-login', { whoAmI })).toEqual({
      outcome: 'broken',
      message:
        'SciCat calls this account "Globus-Proxy", so the service would not recognize the jobs it creates.',
      advice: 'Set SCICAT_SERVICE_USER_USERNAME to "Globus-Proxy".',
    });
  });
});

describe('the job types and rights in SciCat', () => {
  it.each(['globus_transfer_job', 'archive'])('a missing job type %s', async (missing) => {
    const jobType: ScicatProbe['jobType'] = (type) =>
      Promise.resolve({ kind: type === missing ? 'unknown' : 'known' });
    const { found } = await findings({ jobType });
    expect(found.filter(({ outcome }) => outcome === 'broken')).toEqual([
      {
        check: 'scicat-job-type',
        subject: missing,
        outcome: 'broken',
        message: 'SciCat does not have this job type.',
        advice:
          'Ask the SciCat administrators to add it to the file that JOB_CONFIGURATION_FILE names and to restart SciCat; config/scicat/job-types.yaml contains it.',
      },
    ]);
  });

  it('an unexpected response counts neither as success nor as failure', async () => {
    const strange = answering({ kind: 'strange', status: 418 } as const);
    const { found } = await findings({ jobType: strange, mayDeleteJobs: strange });
    expect(
      found.filter(({ outcome }) => outcome === 'unclear').map(({ message }) => message),
    ).toEqual(Array(3).fill('SciCat returned an unexpected response (status 418).'));
  });

  it('an account that may not create jobs for others', async () => {
    expect(await saidOf('scicat-create', { mayCreateJobs: answering(refused) }, two)).toEqual({
      outcome: 'broken',
      message: 'This account may not create jobs for other users (status 403). Its groups: gtpxa.',
      advice:
        'Ask the SciCat administrators to add one of its groups to CREATE_JOB_PRIVILEGED_GROUPS; see config/scicat/README.md.',
    });
  });

  it.each(['before-5.2', '5.2', 'unknown'] as const)(
    'one account that may create, and therefore not update, needs a second one (%s)',
    async (release) => {
      const parts = { mayUpdateJobs: answering(refused), release: answering(release) };
      expect(await saidOf('scicat-update', parts)).toEqual({
        outcome: 'broken',
        message:
          'This account may create jobs, which is why SciCat does not let it update any (status 403). Its groups: gtpxa.',
        advice:
          'Only an administrator can have both permissions. Give the service a second account (SCICAT_UPDATE_USER_USERNAME and …_PASSWORD), or ask the SciCat administrators to add a group of this one to ADMIN_GROUPS; see config/scicat/README.md.',
      });
    },
  );

  it('one account whose right to create is unclear: the other rights are, too', async () => {
    const mayCreateJobs = answering({ kind: 'strange', status: 418 } as const);
    expect((await saidOf('scicat-update', { mayCreateJobs }))?.outcome).toBe('unclear');
    expect((await saidOf('scicat-lifecycle', { mayCreateJobs }))?.outcome).toBe('unclear');
  });

  it('one account of a later SciCat needs one group with all rights', async () => {
    const advice =
      'Ask the SciCat administrators to add one group of this account, the same in each, to CREATE_JOB_PRIVILEGED_GROUPS, UPDATE_JOB_PRIVILEGED_GROUPS, DELETE_JOB_GROUPS and UPDATE_DATASET_LIFECYCLE_GROUPS; see config/scicat/README.md.';
    const release = answering('later' as const);
    const noUpdate = { mayUpdateJobs: answering(refused), release };
    expect(await saidOf('scicat-update', noUpdate)).toMatchObject({ outcome: 'broken', advice });
    const noCreation = { mayCreateJobs: answering(refused), release };
    expect(await saidOf('scicat-create', noCreation)).toMatchObject({ outcome: 'broken', advice });
  });

  it('the only account of a later SciCat need not be an administrator: its lifecycle right is not implied', async () => {
    const release = answering('later' as const);
    expect((await saidOf('scicat-update', { release }))?.outcome).toBe('ok');
    expect((await saidOf('scicat-lifecycle', { release }))?.outcome).toBe('unclear');
    const readsDatasetsOfOthers = answering({ kind: 'granted' } as const);
    expect((await saidOf('scicat-lifecycle', { release, readsDatasetsOfOthers }))?.outcome).toBe(
      'ok',
    );
  });

  it('what an account may read proves what it may do', async () => {
    const proof = { kind: 'granted' } as const;
    const parts = {
      readsJobsOfOthers: answering(proof),
      readsDatasetsOfOthers: answering(proof),
    };
    const { found } = await findings(parts, two);
    expect(found.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
    const lacking: Partial<ScicatProbe> = {
      readsJobsOfOthers: answering({ kind: 'refused', status: 403 } as const),
      mayCreateJobs: onlyTheCreator,
    };
    expect(await saidOf('scicat-update', lacking, two)).toEqual({
      outcome: 'broken',
      message: 'This account may not update jobs (status 403). Its groups: gtpxa.',
      advice:
        'Ask the SciCat administrators to add one of its groups to UPDATE_JOB_PRIVILEGED_GROUPS; see config/scicat/README.md.',
    });
  });

  it('an account without groups has no rights, whatever SciCat does not tell', async () => {
    const whoAmI: ScicatProbe['whoAmI'] = (role) =>
      Promise.resolve(
        role === 'creator'
          ? { username: 'globus-proxy', groups: ['gtpxc'] }
          : { username: 'globus-updater', groups: [] },
      );
    expect(
      await saidOf(
        'scicat-update',
        {
          whoAmI,
          mayCreateJobs: onlyTheCreator,
        },
        two,
      ),
    ).toEqual({
      outcome: 'broken',
      message: 'This account may not update jobs: it has no groups.',
      advice:
        'Ask the SciCat administrators to give this account a group, and to add that to UPDATE_JOB_PRIVILEGED_GROUPS; see config/scicat/README.md.',
    });
  });

  describe('two accounts, each with the rights of the other one', () => {
    const swapped: Partial<ScicatProbe> = {
      mayCreateJobs: (role) => Promise.resolve(role === 'creator' ? refused : { kind: 'granted' }),
      mayUpdateJobs: (role) => Promise.resolve(role === 'creator' ? { kind: 'not-told' } : refused),
      mayDeleteJobs: answering(refused),
    };

    it.each(['scicat-create', 'scicat-update', 'scicat-delete'])('%s says so', async (check) => {
      expect(await saidOf(check, swapped, two)).toEqual({
        outcome: 'broken',
        message:
          "This account has the other account's permissions: the two accounts are swapped (status 403). Its groups: gtpxa.",
        advice:
          'Exchange the values of SCICAT_SERVICE_USER_USERNAME and SCICAT_UPDATE_USER_USERNAME, and those of the two passwords.',
      });
    });

    it('are not confused with a second account that has all rights', async () => {
      const mayUpdateJobs = answering({ kind: 'not-told' } as const);
      expect((await saidOf('scicat-create', { ...swapped, mayUpdateJobs }, two))?.message).toBe(
        'This account may not create jobs for other users (status 403). Its groups: gtpxa.',
      );
    });
  });

  it.each([
    ['5.2', refused, true],
    ['5.2', { kind: 'not-told' } as const, false],
    ['before-5.2', refused, false],
    ['later', refused, false],
  ] as const)(
    'archive jobs without a known owner are refused by 5.2 to creators that are no administrators (%s, %j)',
    async (release, reading, noted) => {
      const said = await saidOf(
        'scicat-create',
        {
          release: answering(release),
          mayUpdateJobs: (role) =>
            Promise.resolve(role === 'creator' ? reading : { kind: 'not-told' }),
        },
        two,
      );
      expect([said?.outcome, said?.message.includes('"Archive jobs"')]).toEqual(['ok', noted]);
    },
  );

  it('a job type that SciCat does not reveal to an account that may create no jobs', async () => {
    expect(await saidOf('scicat-job-type', { jobType: answering(refused) })).toEqual({
      outcome: 'unclear',
      message:
        'SciCat does not let this service create any jobs (status 403), and so does not reveal whether it has this job type.',
      advice: 'First fix what scicat-create reports.',
    });
  });

  it('a second account that may create jobs', async () => {
    expect(await saidOf('scicat-update', { mayUpdateJobs: answering(refused) }, two)).toMatchObject(
      {
        outcome: 'broken',
        advice: expect.stringContaining("it must contain none of this account's groups") as unknown,
      },
    );
  });

  it.each([
    ['scicat-delete', 'mayDeleteJobs', 'delete jobs', 'DELETE_JOB_GROUPS'],
    [
      'scicat-lifecycle',
      'mayChangeLifecycles',
      'mark datasets as archivable',
      'UPDATE_DATASET_LIFECYCLE_GROUPS',
    ],
  ])('%s: a right that is missing', async (check, probed, may, lists) => {
    const said = await saidOf(check, { [probed]: answering(refused) }, two);
    expect(said).toMatchObject({
      outcome: 'broken',
      message: `This account may not ${may} (status 403). Its groups: gtpxa.`,
    });
    expect(said?.advice).toContain(lists);
  });
});

describe('a job that SciCat should have refused', () => {
  const mayCreateJobs = answering({ kind: 'stored', jobId: 'job-7' } as const);

  it('is deleted', async () => {
    expect(await saidOf('scicat-create', { mayCreateJobs })).toMatchObject({
      outcome: 'unclear',
      message: 'SciCat created a job that it was expected to refuse; the job has been deleted.',
    });
  });

  it("is named if it can't be deleted", async () => {
    const removeJob = failing(rejected());
    expect(await saidOf('scicat-create', { mayCreateJobs, removeJob })).toMatchObject({
      outcome: 'broken',
      message:
        'SciCat created a job that it was expected to refuse, and the job job-7 could not be deleted.',
    });
  });
});

describe('the trial job', () => {
  const write = { write: true };

  it('is not created if it could not be deleted', async () => {
    const { found, asked } = await findings({ mayDeleteJobs: answering(refused) }, write);
    expect(found.at(-1)?.outcome).toBe('skipped');
    expect(asked).not.toContain('makeTrialJob');
  });

  it('is created without the right to change lifecycles', async () => {
    const parts = { mayChangeLifecycles: answering(refused) };
    expect((await saidOf('scicat-trial-job', parts, { ...two, ...write }))?.outcome).toBe('ok');
  });

  it('that SciCat stores although it reports an error is deleted', async () => {
    const parts = {
      makeTrialJob: answering({ kind: 'doubtful', status: 400 } as const),
      findTrialJob: answering('job-3'),
    };
    const { found, asked } = await findings(parts, write);
    expect(found.at(-1)).toMatchObject({
      outcome: 'unclear',
      message:
        'Created, updated and deleted a job, although SciCat reported that it could not be created.',
    });
    expect(asked.slice(-4)).toEqual(['makeTrialJob', 'findTrialJob', 'endTrialJob', 'removeJob']);
  });

  it('that SciCat does not create', async () => {
    const makeTrialJob = answering({ kind: 'doubtful', status: 403 } as const);
    expect(await saidOf('scicat-trial-job', { makeTrialJob }, write)).toMatchObject({
      outcome: 'broken',
      message: 'SciCat refuses to create a job of type globus_transfer_job (status 403).',
    });
  });

  it('is searched for if the response was lost', async () => {
    const parts = { makeTrialJob: failing(timeout()), findTrialJob: answering('job-3') };
    const { asked } = await findings(parts, write);
    expect(asked.slice(-2)).toEqual(['endTrialJob', 'removeJob']);
    expect(await saidOf('scicat-trial-job', { makeTrialJob: failing(timeout()) }, write)).toEqual({
      outcome: 'broken',
      message: 'No job could be created: SciCat timed out.',
      advice:
        'Try again. If the problem persists, check the network between this machine and SciCat.',
    });
  });

  it('that cannot be updated is deleted all the same', async () => {
    const { found, asked } = await findings({ endTrialJob: failing(accountRefused()) }, write);
    expect(found.at(-1)).toMatchObject({
      outcome: 'broken',
      message: expect.stringMatching(
        /^The job was created, but could not be updated by globus-proxy: /,
      ) as unknown,
    });
    expect(asked.at(-1)).toBe('removeJob');
  });

  it('that cannot be deleted is named', async () => {
    const said = await saidOf('scicat-trial-job', { removeJob: failing(down()) }, write);
    expect(said).toEqual({
      outcome: 'broken',
      message: 'A job was created. The job job-1 could not be deleted.',
      advice: 'Ask the SciCat administrators to delete that job; a running service ignores it.',
    });
  });

  it('is deleted also after Ctrl-C', async () => {
    const interrupt = new AbortController();
    const removals: boolean[] = [];
    const probe = goodScicat({
      endTrialJob: (_id, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
          interrupt.abort(new Error('Ctrl-C'));
        }),
      removeJob: (_id, signal) => {
        removals.push(signal.aborted);
        return Promise.resolve();
      },
    });
    const deps = { scicat: probe, settings: settings(), write: true, userToken: undefined };
    const checks = scicatChecks(configWith(undefined), deps);
    const verdict = await checks.at(-1)?.run(interrupt.signal);
    expect(verdict?.message).toBe(
      'The job was created, but could not be updated by globus-proxy: the check ended before SciCat responded.',
    );
    // With a signal of its own: the other one would have ended it at once.
    expect(removals).toEqual([false]);
  });
});

describe('whether others could pass for the service', () => {
  it.each([
    ['globus@example.org', 'an e-mail address'],
    ['Globus Proxy', 'the display name of a person'],
    ['alice', 'the login name of a person'],
    ['asmith2', 'the login name of a person'],
  ])('a user may have the name %s', async (updater, looksLike) => {
    const { found } = await findings(
      { whoAmI: answering({ username: updater, groups: ['g'] }) },
      { updater },
    );
    const said = found.find(({ check, subject }) => check === 'scicat-name' && subject === updater);
    expect(said).toMatchObject({ outcome: 'unclear' });
    expect(said?.message).toContain(looksLike);
    expect(said?.advice).toContain('OIDC');
  });

  it('a user has logged in as the account', async () => {
    const provider = 'https://login.example.org';
    expect(await saidOf('scicat-name', { providerOf: answering(provider) })).toEqual({
      outcome: 'broken',
      message: `Somebody has logged in to SciCat as this account through ${provider}, where a user has its name or its e-mail address.`,
      advice: expect.stringContaining('change SCICAT_SERVICE_USER_USERNAME'),
    });
  });

  it('another account has written into a job', async () => {
    const rewritten = { jobId: 'job-7', updatedBy: 'mallory' };
    expect(await saidOf('scicat-others', { rewrittenJob: answering(rewritten) })).toMatchObject({
      outcome: 'unclear',
      message: expect.stringContaining('Job job-7 of the service was last changed by "mallory"'),
      advice: expect.stringContaining('update.auth'),
    });
  });

  it('says how to prove that a user can not write, if there is no token', async () => {
    expect(await saidOf('scicat-others', {})).toMatchObject({
      outcome: 'ok',
      message: expect.stringContaining('SCICAT_TOKEN'),
    });
  });

  it.each<[string, Partial<ScicatProbe>, string, RegExp]>([
    ['may update no jobs', {}, 'ok', /^User "alice" may update no jobs\.$/],
    ['may or may not', { mayUserUpdate: answering({ kind: 'not-told' }) }, 'unclear', /"alice"/],
    ['is unknown', { userOf: answering(undefined) }, 'broken', /does not accept the token/],
    [
      'gets a strange answer',
      { mayUserUpdate: answering({ kind: 'strange', status: 418 }) },
      'unclear',
      /418/,
    ],
  ])('the user of the token %s', async (_who, parts, outcome, message) => {
    expect(await saidOf('scicat-others', parts, { userToken: 'token' })).toMatchObject({
      outcome,
      message: expect.stringMatching(message),
    });
  });

  it.each<[string, Partial<ScicatProbe>, string, RegExp]>([
    ['is refused', {}, 'ok', /^User "alice" may not update their own transfer job\.$/],
    [
      'succeeds',
      { mayUserUpdate: answering({ kind: 'granted' }) },
      'broken',
      /may update their own transfer jobs/,
    ],
    [
      'has no job to try',
      { makeTrialJob: answering({ kind: 'doubtful', status: 400 }) },
      'unclear',
      /did not create/,
    ],
  ])('with --write, the user %s, and no job is left', async (_how, parts, outcome, message) => {
    const options = { userToken: 'token', write: true };
    const { found, asked } = await findings(parts, options);
    const said = found.find(({ check }) => check === 'scicat-user-trial');
    expect(said).toMatchObject({ outcome, message: expect.stringMatching(message) });
    const made = asked.filter((name) => name === 'makeTrialJob').length;
    expect(asked.filter((name) => name === 'removeJob')).toHaveLength(
      parts.makeTrialJob === undefined ? made : 0,
    );
  });
});
