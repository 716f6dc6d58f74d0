import type { AccountFacts } from '../scicat/scicat.wire.js';
import { broken, type Check, type DoctorDeps, ok, once, unclear, type Verdict } from './check.js';
import type {
  AccountRole,
  CreateReading,
  RightReading,
  ScicatProbe,
} from './probes/scicat-probe.js';
import { CLEAN_UP_MS } from './trial-job-check.js';

/** One of the service's accounts in SciCat. */
export interface CheckedAccount {
  readonly name: string;
  readonly role: AccountRole;
  /** What its variables begin with, e.g. `SCICAT_SERVICE_USER`. */
  readonly setting: string;
  readonly login: Check;
  readonly facts: (signal: AbortSignal) => Promise<AccountFacts>;
  /** A sentence that lists its groups. */
  readonly groups: (signal: AbortSignal) => Promise<string>;
}

const SEE_SETUP = 'see config/scicat/README.md';
/** Of SciCat 5.2.0 and 5.2.1. */
const OWNERS_MUST_BE_KNOWN = `This SciCat (5.2.0 or 5.2.1) refuses this account's archive jobs for a group alone, and for users whom SciCat does not know or who have left the owner group; see "Archive jobs" in config/scicat/README.md.`;

type Ask<T> = (signal: AbortSignal) => Promise<T>;

/** What the accounts may do, as far as it can be known without doing it. */
export function rightChecks(
  creator: CheckedAccount,
  updater: CheckedAccount,
  types: readonly Check[],
  { scicat: probe, write }: Pick<DoctorDeps, 'scicat' | 'write'>,
): readonly Check[] {
  const single = creator === updater;
  const asked = questions(probe, single);
  const check = (right: Right): Check => rightCheck(probe, asked, right);
  const create = check({
    check: 'scicat-create',
    account: creator,
    needs: [creator.login, ...types],
    ask: asked.mayCreate,
    may: 'create jobs for other users',
    variable: single ? 'ADMIN_GROUPS' : 'CREATE_JOB_PRIVILEGED_GROUPS',
    advice: async (signal) =>
      single && (await asked.release(signal)) === 'later' ? ONE_GROUP_WITH_ALL_RIGHTS : undefined,
    note: async (signal) =>
      !single &&
      (await asked.release(signal)) === '5.2' &&
      // An administrator's jobs may have any owner.
      (await asked.creatorMayUpdate(signal)).kind === 'refused'
        ? OWNERS_MUST_BE_KNOWN
        : undefined,
  });
  const needs = [single ? create : updater.login];
  return [
    create,
    check({
      check: 'scicat-update',
      account: updater,
      needs,
      ask: async (signal) => {
        const reading = await asked.mayUpdate(signal);
        if (reading.kind !== 'not-told') return reading;
        return single
          ? mayUpdateAsWell(await asked.mayCreate(signal))
          : probe.readsJobsOfOthers(await updater.facts(signal), signal);
      },
      may: 'update jobs',
      variable: single ? 'ADMIN_GROUPS' : 'UPDATE_JOB_PRIVILEGED_GROUPS',
      proof: write
        ? ' The trial job below proves it.'
        : ' Or run doctor with --write, which tries an update.',
      // SciCat checks the right to create first, and then never the right to update.
      why: async (signal) =>
        (await asked.updaterMayCreate(signal)).kind === 'granted'
          ? 'may create jobs, which is why SciCat does not let it update any'
          : undefined,
      advice: async (signal) => {
        if ((await asked.updaterMayCreate(signal)).kind !== 'granted') return undefined;
        if (!single) return NO_COMMON_GROUPS;
        return (await asked.release(signal)) === 'later'
          ? ONE_GROUP_WITH_ALL_RIGHTS
          : ADMINISTRATOR_OR_SECOND_ACCOUNT;
      },
    }),
    check({
      check: 'scicat-delete',
      account: updater,
      needs: [updater.login],
      ask: (signal) => probe.mayDeleteJobs(signal),
      may: 'delete jobs',
      variable: 'DELETE_JOB_GROUPS (which does not include administrators automatically)',
    }),
    check({
      check: 'scicat-lifecycle',
      account: updater,
      needs,
      ask: async (signal) => {
        const reading = await probe.mayChangeLifecycles(signal);
        if (reading.kind !== 'not-told') return reading;
        return single && (await asked.isAdministrator(signal))
          ? { kind: 'granted' }
          : probe.readsDatasetsOfOthers(await updater.facts(signal), signal);
      },
      may: 'mark datasets as archivable',
      variable: single
        ? 'ADMIN_GROUPS or UPDATE_DATASET_LIFECYCLE_GROUPS'
        : 'UPDATE_DATASET_LIFECYCLE_GROUPS',
    }),
  ];
}

const ONE_GROUP_WITH_ALL_RIGHTS = `Ask the SciCat administrators to add one group of this account, the same in each, to CREATE_JOB_PRIVILEGED_GROUPS, UPDATE_JOB_PRIVILEGED_GROUPS, DELETE_JOB_GROUPS and UPDATE_DATASET_LIFECYCLE_GROUPS; ${SEE_SETUP}.`;
const ADMINISTRATOR_OR_SECOND_ACCOUNT = `Only an administrator can have both permissions. Give the service a second account (SCICAT_UPDATE_USER_USERNAME and …_PASSWORD), or ask the SciCat administrators to add a group of this one to ADMIN_GROUPS; ${SEE_SETUP}.`;
const NO_COMMON_GROUPS = `Ask the SciCat administrators to check CREATE_JOB_PRIVILEGED_GROUPS: it must contain none of this account's groups, and no group whose name contains the name of one of this account's groups; ${SEE_SETUP}.`;
const SWAPPED = {
  why: "has the other account's permissions: the two accounts are swapped",
  advice:
    'Exchange the values of SCICAT_SERVICE_USER_USERNAME and SCICAT_UPDATE_USER_USERNAME, and those of the two passwords.',
} as const;

type Questions = ReturnType<typeof questions>;

/** Questions to SciCat, each asked once however many checks need its answer. */
function questions(probe: ScicatProbe, single: boolean) {
  const mayCreate = once((signal) => probe.mayCreateJobs('creator', signal));
  const mayUpdate = once((signal) => probe.mayUpdateJobs('updater', signal));
  const release = once((signal) => probe.release(signal));
  /** Whether the account that updates jobs may create them, too: of two accounts, it should not. */
  const updaterMayCreate = single
    ? mayCreate
    : once(async (signal) => {
        const reading = await probe.mayCreateJobs('updater', signal);
        if (reading.kind === 'stored') await removed(reading.jobId, probe);
        return reading;
      });
  return {
    mayCreate,
    mayUpdate,
    release,
    updaterMayCreate,
    creatorMayUpdate: single ? mayUpdate : once((signal) => probe.mayUpdateJobs('creator', signal)),
    /** Whether the only account is certainly an administrator, who may do all but delete jobs. */
    isAdministrator: async (signal: AbortSignal): Promise<boolean> => {
      const known = await release(signal);
      // Until 5.2 SciCat refuses every update to any other account that may create jobs.
      return (
        (known === 'before-5.2' || known === '5.2') &&
        (await mayCreate(signal)).kind === 'granted' &&
        (await mayUpdate(signal)).kind === 'not-told'
      );
    },
    /** Whether each of two accounts has the rights that the other one should have. */
    areSwapped: async (signal: AbortSignal): Promise<boolean> =>
      !single &&
      (await mayCreate(signal)).kind === 'refused' &&
      (await updaterMayCreate(signal)).kind === 'granted' &&
      (await mayUpdate(signal)).kind === 'refused',
  };
}

/**
 * The right to update of the only account, whose update SciCat did not refuse outright. It refuses those
 * of an account that may create jobs, unless that may update all of them, too.
 */
function mayUpdateAsWell(mayCreate: CreateReading): RightReading {
  return mayCreate.kind === 'granted' ? mayCreate : { kind: 'not-told' };
}

interface Right {
  readonly check: string;
  readonly account: CheckedAccount;
  readonly needs: readonly Check[];
  readonly ask: Ask<CreateReading>;
  /** What it allows, to follow "may". */
  readonly may: string;
  /** SciCat's variable that grants it. */
  readonly variable: string;
  /** What else proves the right: a sentence, preceded by a space. */
  readonly proof?: string;
  /** Replaces the usual explanation of a refusal, to follow "This account ". */
  readonly why?: Ask<string | undefined>;
  /** Replaces the usual advice on a refusal. */
  readonly advice?: Ask<string | undefined>;
  /** What an operator should know even if all is well: a sentence. */
  readonly note?: Ask<string | undefined>;
}

function rightCheck(probe: ScicatProbe, asked: Questions, right: Right): Check {
  const { check, account, needs, may, variable, proof = '' } = right;
  const give = `Ask the SciCat administrators to give this account a group, and to add that to ${variable}; ${SEE_SETUP}.`;
  const refused = async (status: number, signal: AbortSignal): Promise<Verdict> => {
    const swapped = (await asked.areSwapped(signal)) ? SWAPPED : undefined;
    const why = swapped?.why ?? (await right.why?.(signal)) ?? `may not ${may}`;
    const { groups } = await account.facts(signal);
    const usual =
      groups.length === 0
        ? give
        : `Ask the SciCat administrators to add one of its groups to ${variable}; ${SEE_SETUP}.`;
    return broken(
      `This account ${why} (status ${status}). ${await account.groups(signal)}`,
      swapped?.advice ?? (await right.advice?.(signal)) ?? usual,
    );
  };
  const notTold = async (signal: AbortSignal): Promise<Verdict> => {
    const { groups } = await account.facts(signal);
    // SciCat grants rights to groups only.
    if (groups.length === 0) return broken(`This account may not ${may}: it has no groups.`, give);
    const advice = (await asked.areSwapped(signal))
      ? SWAPPED.advice
      : `Ask the SciCat administrators whether one of these groups is in ${variable}; ${SEE_SETUP}.${proof}`;
    return unclear(
      `SciCat does not reveal whether this account may ${may}. ${await account.groups(signal)}`,
      advice,
    );
  };
  return {
    check,
    subject: account.name,
    needs,
    run: async (signal) => {
      const reading = await right.ask(signal);
      switch (reading.kind) {
        case 'granted': {
          const note = await right.note?.(signal);
          return ok(`This account may ${may}.${note === undefined ? '' : ` ${note}`}`);
        }
        case 'refused':
          return refused(reading.status, signal);
        case 'not-told':
          return notTold(signal);
        case 'strange':
          return strange(reading.status);
        case 'stored':
          return removed(reading.jobId, probe);
      }
    },
  };
}

/** An answer that SciCat is not known to give. */
export function strange(status: number): Verdict {
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
