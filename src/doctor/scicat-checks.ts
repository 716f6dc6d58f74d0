import type { Account, AppConfig } from '../config/app-config.js';
import {
  ServiceAccountError,
  type UpstreamError,
  UpstreamTimeoutError,
} from '../errors/upstream.errors.js';
import { broken, type Check, type DoctorDeps, ok, once, unclear, type Verdict } from './check.js';
import { clockCheck } from './clock-check.js';
import { failureOf, generalFailure, isUnreachable, reachabilityAdvice } from './failures.js';
import type {
  AccountRole,
  CreateReading,
  HealthReading,
  ScicatProbe,
} from './probes/scicat-probe.js';
import { CLEAN_UP_MS, trialJobCheck } from './trial-job-check.js';

type ScicatDeps = Pick<DoctorDeps, 'scicat' | 'settings' | 'write'>;

const JOB_TYPES = ['globus_transfer_job', 'archive'] as const;
const SEE_SETUP = 'see config/scicat/README.md';

/** All checks of SciCat, in order. */
export function scicatChecks(
  { scicatUrl, secrets }: Pick<AppConfig, 'scicatUrl' | 'secrets'>,
  deps: ScicatDeps,
): readonly Check[] {
  const { scicat: probe, settings } = deps;
  const { scicatServiceUser, scicatUpdateUser } = secrets;
  const readHealth = once((signal) => probe.health(signal));
  const health: Check = {
    check: 'scicat-health',
    subject: scicatUrl,
    needs: [],
    run: async (signal) => healthVerdict(await readHealth(signal), settings.of('scicatUrl')),
    onFailure: (error) => healthFailure(error, settings.of('scicatUrl')),
  };
  const clock = clockCheck(
    'scicat-clock',
    'SciCat',
    [health],
    async (signal) => (await readHealth(signal)).aheadMs,
  );
  const account = (role: AccountRole, { username }: Account, setting: string): CheckedAccount =>
    checkedAccount(username, setting, health, (signal) => probe.whoAmI(role, signal));
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
    // It needs every right but the one to set lifecycles.
    ...(deps.write ? [trialJobCheck(creator.name, rights.slice(0, 3), probe)] : []),
  ];
}

function healthVerdict({ kind, status }: HealthReading, setting: string): Verdict {
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
}

function healthFailure(error: UpstreamError, setting: string): Verdict {
  if (!isUnreachable(error)) return generalFailure(error);
  return broken(
    `SciCat ${failureOf(error)}.`,
    error instanceof UpstreamTimeoutError
      ? `Ask the SciCat administrators whether its database is down: each response then takes half a minute. If it is not, something in the network drops the packets sent to ${setting}.`
      : reachabilityAdvice(error, setting),
  );
}

/** One of the service's accounts in SciCat. */
interface CheckedAccount {
  readonly name: string;
  readonly login: Check;
  /** A sentence that lists its groups. */
  readonly groups: (signal: AbortSignal) => Promise<string>;
}

function checkedAccount(
  name: string,
  setting: string,
  health: Check,
  whoAmI: (signal: AbortSignal) => ReturnType<ScicatProbe['whoAmI']>,
): CheckedAccount {
  const facts = once(whoAmI);
  const groups = async (signal: AbortSignal): Promise<string> => {
    const names = (await facts(signal)).groups;
    return names.length === 0 ? 'It has no groups.' : `Its groups: ${names.join(', ')}.`;
  };
  const login: Check = {
    check: 'scicat-login',
    subject: name,
    needs: [health],
    run: async (signal) => {
      const { username } = await facts(signal);
      if (username === name) return ok(`Logged in. ${await groups(signal)}`);
      return broken(
        `SciCat calls this account "${username}", so the service would not recognize the jobs it creates.`,
        `Set ${setting}_USERNAME to "${username}".`,
      );
    },
    onFailure: (error) => {
      if (error instanceof ServiceAccountError) {
        return broken(
          `SciCat rejects the user name or the password (status ${error.status ?? 'unknown'}).`,
          `Correct ${setting}_USERNAME and ${setting}_PASSWORD (or ${setting}_PASSWORD_FILE).`,
        );
      }
      if (error.status === undefined) return generalFailure(error);
      return broken(
        `The login failed: SciCat ${failureOf(error)}.`,
        `Check that "${name}" is a functional account of SciCat (functionalAccounts.json): LDAP and OIDC users can't log in this way. If it is one, ask the SciCat administrators.`,
      );
    },
  };
  return { name, login, groups };
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
  /** Whether the account is known to be an administrator, who has the right whatever `ask` tells. */
  readonly impliedBy?: (signal: AbortSignal) => Promise<boolean>;
  /** What it allows, to follow "may". */
  readonly may: string;
  /** SciCat's variable that grants it. */
  readonly variable: string;
  /** What else proves the right: a sentence, preceded by a space. */
  readonly proof?: string;
  /** Replaces the usual explanation and advice if the right is refused. */
  readonly refused?: { readonly why: string; readonly advice: string };
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
  // Only an administrator passes both: SciCat refuses every update to any other account that may
  // create jobs.
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
        : ' Or run doctor with --write, which tries an update.',
      // SciCat checks the right to create first, and then never the right to update.
      refused: {
        why: 'may create jobs, which is why SciCat does not let it update any',
        advice: single
          ? `Only an administrator can have both rights. Give the service a second account (SCICAT_UPDATE_USER_USERNAME and …_PASSWORD), or ask the SciCat administrators to add a group of this one to ADMIN_GROUPS; ${SEE_SETUP}.`
          : `Ask the SciCat administrators to check CREATE_JOB_PRIVILEGED_GROUPS: it must contain none of this account's groups, and no group whose name contains one of theirs; ${SEE_SETUP}.`,
      },
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
  const { check, account, needs, may, variable, proof = '', refused } = right;
  return {
    check,
    subject: account.name,
    needs,
    run: async (signal) => {
      if ((await right.impliedBy?.(signal)) === true) {
        return ok(`This account may ${may}: it is an administrator.`);
      }
      const reading = await right.ask(signal);
      switch (reading.kind) {
        case 'granted':
          return ok(`This account may ${may}.`);
        case 'refused':
          return broken(
            `This account ${refused?.why ?? `may not ${may}`} (status ${reading.status}). ${await account.groups(signal)}`,
            refused?.advice ??
              `Ask the SciCat administrators to add one of its groups to ${variable}; ${SEE_SETUP}.`,
          );
        case 'not-told':
          return unclear(
            `SciCat does not reveal whether this account may ${may}. ${await account.groups(signal)}`,
            `Ask the SciCat administrators whether one of these groups is in ${variable}; ${SEE_SETUP}.${proof}`,
          );
        case 'strange':
          return strange(reading.status);
        case 'stored':
          return removed(reading.jobId, probe);
      }
    },
  };
}

function strange(status: number): Verdict {
  return unclear(
    `SciCat returned an unexpected response (status ${status}).`,
    'Ask the SciCat administrators whether there is a proxy between this machine and SciCat.',
  );
}

/** SciCat stored a job that it was expected to refuse. Whatever that means, the job must go. */
async function removed(jobId: string, probe: ScicatProbe): Promise<Verdict> {
  const created = 'SciCat created a job that it was expected to refuse';
  try {
    await probe.removeJob(jobId, AbortSignal.timeout(CLEAN_UP_MS));
  } catch {
    return broken(
      `${created}, and the job ${jobId} could not be deleted.`,
      'Ask the SciCat administrators to delete it.',
    );
  }
  return unclear(
    `${created}; the job has been deleted.`,
    'Run doctor with --write, which creates a job on purpose.',
  );
}
