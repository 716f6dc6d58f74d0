import type { Account, AppConfig } from '../config/app-config.js';
import {
  ServiceAccountError,
  UpstreamError,
  UpstreamTimeoutError,
} from '../errors/upstream.errors.js';
import type { AccountFacts } from '../scicat/scicat.wire.js';
import { broken, type Check, type DoctorDeps, ok, once, unclear, type Verdict } from './check.js';
import { clockCheck } from './clock-check.js';
import { failureOf, isUnreachable, REACHABILITY } from './failures.js';
import type {
  AccountRole,
  CreateReading,
  HealthReading,
  ScicatProbe,
} from './probes/scicat-probe.js';
import { CLEAN_UP_MS, trialJobCheck } from './trial-job-check.js';

type ScicatDeps = Pick<DoctorDeps, 'scicat' | 'settings' | 'write'>;

const JOB_TYPES = ['globus_transfer_job', 'archive'] as const;
/** Comes with the service. */
const SEE_SETUP = 'see config/scicat/README.md';

/** All checks of SciCat, in order. */
export function scicatChecks(
  { scicatUrl, secrets }: Pick<AppConfig, 'scicatUrl' | 'secrets'>,
  deps: ScicatDeps,
): readonly Check[] {
  const { scicat: probe, settings } = deps;
  const { scicatServiceUser, scicatUpdateUser } = secrets;
  const askHealth = once((signal) => probe.health(signal));
  const health: Check = {
    check: 'scicat-health',
    subject: scicatUrl,
    needs: [],
    run: (signal) => healthVerdict(askHealth(signal), settings.of('scicatUrl')),
  };
  const clock = clockCheck(
    'scicat-clock',
    'SciCat',
    [health],
    async (signal) => (await askHealth(signal)).aheadMs,
  );
  const account = (role: AccountRole, { username }: Account, setting: string): CheckedAccount =>
    new CheckedAccount(role, username, setting, health, probe);
  const creator = account('creator', scicatServiceUser, 'SCICAT_SERVICE_USER');
  const updater =
    scicatUpdateUser === undefined
      ? creator
      : account('updater', scicatUpdateUser, 'SCICAT_UPDATE_USER');
  const types = JOB_TYPES.map((type) => jobTypeCheck(type, creator, probe));
  const rights = rightChecks(creator, updater, types.slice(0, 1), deps);
  return [
    health,
    clock,
    ...new Set([creator.login, updater.login]),
    ...types,
    ...rights,
    // Changes no lifecycle, so needs no right to do so.
    ...(deps.write ? [trialJobCheck(creator.name, rights.slice(0, 3), probe)] : []),
  ];
}

async function healthVerdict(answer: Promise<HealthReading>, setting: string): Promise<Verdict> {
  try {
    const { kind, status } = await answer;
    switch (kind) {
      case 'well':
        return ok('SciCat is healthy.');
      case 'unwell':
        return broken(
          `SciCat reports that it is unhealthy (status ${status}).`,
          'Ask the SciCat administrators: most often it is the database, or a proxy in front of SciCat.',
        );
      case 'no-scicat':
        return broken(
          `There is no SciCat API at this address (status ${status}).`,
          `Correct ${setting}: it must be SciCat's base URL, to which the service adds /api/v3 and /api/v4.`,
        );
    }
  } catch (error) {
    if (!(error instanceof UpstreamError) || !isUnreachable(error)) throw error;
    return broken(
      `SciCat ${failureOf(error)}.`,
      error instanceof UpstreamTimeoutError
        ? `Ask the SciCat administrators whether its database is down: each response then takes half a minute. If not, something on the way drops what is sent to ${setting}.`
        : `Check ${setting}, and ${REACHABILITY}`,
    );
  }
}

/** One of the service's accounts, and what is found out about it only once. */
class CheckedAccount {
  readonly login: Check;
  private readonly facts: (signal: AbortSignal) => Promise<AccountFacts>;

  constructor(
    role: AccountRole,
    readonly name: string,
    private readonly setting: string,
    health: Check,
    probe: ScicatProbe,
  ) {
    this.facts = once((signal) => probe.whoAmI(role, signal));
    this.login = {
      check: 'scicat-login',
      subject: name,
      needs: [health],
      run: (signal) => this.loginVerdict(signal),
    };
  }

  /** A sentence with the groups. */
  async groups(signal: AbortSignal): Promise<string> {
    const { groups } = await this.facts(signal);
    return groups.length === 0 ? 'It has no groups.' : `Its groups: ${groups.join(', ')}.`;
  }

  private async loginVerdict(signal: AbortSignal): Promise<Verdict> {
    const { name, setting } = this;
    try {
      const { username } = await this.facts(signal);
      if (username === name) return ok(`Logged in. ${await this.groups(signal)}`);
      return broken(
        `SciCat calls this account "${username}", so the service would not recognize the jobs it creates.`,
        `Set ${setting}_USERNAME to "${username}".`,
      );
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (error instanceof ServiceAccountError) {
        return broken(
          `SciCat rejects the user name or the password (status ${error.status ?? 'unknown'}).`,
          `Correct ${setting}_USERNAME and ${setting}_PASSWORD (or ${setting}_PASSWORD_FILE).`,
        );
      }
      if (error.status === undefined) throw error;
      return broken(
        `The login failed: SciCat ${failureOf(error)}.`,
        `Check that "${name}" is a functional account of SciCat (functionalAccounts.json): LDAP and OIDC users can't log in this way. If it is one, ask the SciCat administrators.`,
      );
    }
  }
}

function jobTypeCheck(type: string, creator: CheckedAccount, probe: ScicatProbe): Check {
  return {
    check: 'scicat-job-type',
    subject: type,
    needs: [creator.login],
    run: async (signal) => {
      const reading = await probe.jobType(type, signal);
      switch (reading.kind) {
        case 'known':
          return ok('SciCat has this job type.');
        case 'unknown':
          return broken(
            'SciCat does not have this job type.',
            'Ask the SciCat administrators to add it to the file that JOB_CONFIGURATION_FILE names and to restart SciCat; config/scicat/job-types.yaml contains it.',
          );
        case 'strange':
          return strange(reading.status);
      }
    },
  };
}

interface Right {
  readonly check: string;
  readonly account: CheckedAccount;
  readonly needs: readonly Check[];
  readonly ask: (signal: AbortSignal) => Promise<CreateReading>;
  /** Whether an administrator certainly has it, whatever `ask` would tell. */
  readonly impliedBy?: (signal: AbortSignal) => Promise<boolean>;
  /** What it allows, to follow "may". */
  readonly may: string;
  /** SciCat's variable that grants it. */
  readonly variable: string;
  /** What proves the right after all: a sentence with a blank before it. */
  readonly proof?: string;
  /** What is said instead when it is refused. */
  readonly refused?: (status: number, groups: string) => Verdict;
}

/** What the accounts may do, as far as it can be known without doing it. */
function rightChecks(
  creator: CheckedAccount,
  updater: CheckedAccount,
  types: readonly Check[],
  { scicat: probe, write }: ScicatDeps,
): readonly Check[] {
  const single = creator === updater;
  const mayCreate = once((signal) => probe.mayCreateJobs(signal));
  const mayUpdate = once((signal) => probe.mayUpdateJobs(signal));
  // Only an administrator passes both: an account that may create jobs, but is no administrator,
  // is refused every update.
  const isAdministrator = async (signal: AbortSignal): Promise<boolean> =>
    single &&
    (await mayCreate(signal)).kind === 'granted' &&
    (await mayUpdate(signal)).kind === 'not-told';

  const create = rightCheck(probe, {
    check: 'scicat-create',
    account: creator,
    needs: [creator.login, ...types],
    ask: mayCreate,
    may: 'create jobs for other users',
    variable: single ? 'ADMIN_GROUPS' : 'CREATE_JOB_PRIVILEGED_GROUPS',
  });
  const needs = single ? [create] : [updater.login];
  return [
    create,
    rightCheck(probe, {
      check: 'scicat-update',
      account: updater,
      needs,
      ask: mayUpdate,
      impliedBy: isAdministrator,
      may: 'update jobs',
      variable: single ? 'ADMIN_GROUPS' : 'UPDATE_JOB_PRIVILEGED_GROUPS',
      proof: write
        ? ' The trial job below proves it.'
        : ' Or run doctor with --write, which tries.',
      refused: (status, groups) => creatorOnly(status, groups, single),
    }),
    rightCheck(probe, {
      check: 'scicat-delete',
      account: updater,
      needs: [updater.login],
      ask: (signal) => probe.mayDeleteJobs(signal),
      may: 'delete jobs',
      variable: 'DELETE_JOB_GROUPS (which does not include administrators automatically)',
    }),
    rightCheck(probe, {
      check: 'scicat-lifecycle',
      account: updater,
      needs,
      ask: (signal) => probe.mayChangeLifecycles(signal),
      impliedBy: isAdministrator,
      may: 'mark datasets as archivable',
      variable: single ? 'ADMIN_GROUPS' : 'UPDATE_DATASET_LIFECYCLE_GROUPS',
    }),
  ];
}

function rightCheck(probe: ScicatProbe, right: Right): Check {
  const { check, account, needs } = right;
  return {
    check,
    subject: account.name,
    needs,
    run: (signal) => rightVerdict(probe, right, signal),
  };
}

async function rightVerdict(
  probe: ScicatProbe,
  { account, ask, impliedBy, may, variable, proof = '', refused }: Right,
  signal: AbortSignal,
): Promise<Verdict> {
  if ((await impliedBy?.(signal)) === true) {
    return ok(`This account may ${may}: it is an administrator.`);
  }
  const reading = await ask(signal);
  switch (reading.kind) {
    case 'granted':
      return ok(`This account may ${may}.`);
    case 'refused': {
      const groups = await account.groups(signal);
      return (
        refused?.(reading.status, groups) ??
        broken(
          `This account may not ${may} (status ${reading.status}). ${groups}`,
          `Ask the SciCat administrators to add one of its groups to ${variable}; ${SEE_SETUP}.`,
        )
      );
    }
    case 'not-told':
      return unclear(
        `SciCat does not tell whether this account may ${may}. ${await account.groups(signal)}`,
        `Ask the SciCat administrators whether one of these groups is in ${variable}; ${SEE_SETUP}.${proof}`,
      );
    case 'strange':
      return strange(reading.status);
    case 'stored':
      return removed(reading.jobId, probe);
  }
}

/** SciCat asks for the right to create before the right to update, and then never for the latter. */
function creatorOnly(status: number, groups: string, single: boolean): Verdict {
  return broken(
    `This account may create jobs, and for that reason SciCat lets it update none (status ${status}). ${groups}`,
    single
      ? `Only an administrator can have both rights. Give the service a second account (SCICAT_UPDATE_USER_USERNAME and …_PASSWORD), or ask the SciCat administrators to add a group of this one to ADMIN_GROUPS; ${SEE_SETUP}.`
      : `Ask the SciCat administrators to make sure that no group of this account is in CREATE_JOB_PRIVILEGED_GROUPS, or is part of the name of one that is; ${SEE_SETUP}.`,
  );
}

function strange(status: number): Verdict {
  return unclear(
    `SciCat returned an unexpected response (status ${status}).`,
    'Ask the SciCat administrators whether there is a proxy between this machine and SciCat.',
  );
}

/** SciCat has stored what it was expected to refuse: whatever that means, it must not stay. */
async function removed(jobId: string, probe: ScicatProbe): Promise<Verdict> {
  const created = 'SciCat created a job that it was expected to refuse';
  try {
    await probe.removeJob(jobId, AbortSignal.timeout(CLEAN_UP_MS));
    return unclear(
      `${created}; the job has been deleted.`,
      'Run doctor with --write, which creates a job on purpose.',
    );
  } catch {
    return broken(
      `${created}, and the job ${jobId} could not be deleted.`,
      'Ask the SciCat administrators to delete it.',
    );
  }
}
