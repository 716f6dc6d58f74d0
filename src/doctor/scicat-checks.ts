import {
  ServiceAccountError,
  UpstreamError,
  UpstreamTimeoutError,
} from '../errors/upstream.errors.js';
import { broken, type Check, ok, unclear, type Verdict } from './check.js';
import { clockCheck } from './clock-check.js';
import { deedOf, isUnreachable } from './failures.js';
import { once } from './once.js';
import type { Places } from './places.js';
import type {
  AccountFacts,
  AccountRole,
  HealthReading,
  RightReading,
  ScicatProbe,
} from '../ports/scicat-probe.port.js';
import { trialJobCheck } from './trial-job-check.js';

/** What is asked about SciCat. */
export interface ScicatChecksDeps {
  readonly scicatUrl: string;
  /** Name of the account that creates jobs. */
  readonly creator: string;
  /** Name of the account that updates them; undefined when the creator does. */
  readonly updater: string | undefined;
  readonly places: Places;
  readonly probe: ScicatProbe;
  /** Whether a job may be made. */
  readonly write: boolean;
}

const TRANSFER_TYPE = 'globus_transfer_job';
const ARCHIVE_TYPE = 'archive';
/** Where it says what to set up; comes with the service. */
const SETUP = 'config/scicat/README.md';

/** All that is checked at SciCat, in order. */
export function scicatChecks(input: ScicatChecksDeps): readonly Check[] {
  const { probe, scicatUrl, places } = input;
  const health = once((signal) => probe.health(signal));
  const healthCheck: Check = {
    check: 'scicat-health',
    subject: scicatUrl,
    needs: [],
    run: (signal) => healthVerdict(health, places, signal),
  };
  const clock = clockCheck(
    'scicat-clock',
    'SciCat',
    [healthCheck],
    async (signal) => (await health(signal)).aheadMs,
  );
  const creator = new Account('creator', input.creator, 'SCICAT_SERVICE_USER', healthCheck, probe);
  const updater =
    input.updater === undefined
      ? creator
      : new Account('updater', input.updater, 'SCICAT_UPDATE_USER', healthCheck, probe);
  const types = [TRANSFER_TYPE, ARCHIVE_TYPE].map((type) => jobTypeCheck(type, creator, probe));
  const rights = rightChecks(creator, updater, types.slice(0, 1), input);
  return [
    healthCheck,
    clock,
    ...new Set([creator.login, updater.login]),
    ...types,
    ...rights,
    ...(input.write ? [trialJobCheck(creator.name, rights.slice(0, 3), probe)] : []),
  ];
}

async function healthVerdict(
  health: (signal: AbortSignal) => Promise<HealthReading>,
  places: Places,
  signal: AbortSignal,
): Promise<Verdict> {
  try {
    const { kind, status } = await health(signal);
    switch (kind) {
      case 'well':
        return ok('SciCat answers and is well.');
      case 'unwell':
        return broken(
          `SciCat reports that it is unhealthy (status ${status}).`,
          'Ask the SciCat administrators: most often it is its database, or what stands before it.',
        );
      case 'no-scicat':
        return broken(
          `What answers there is not SciCat's API (status ${status}).`,
          `Correct ${places.of('scicatUrl')}: it must be SciCat's base address, to which the service adds /api/v3 and /api/v4.`,
        );
    }
  } catch (error) {
    if (!(error instanceof UpstreamError) || !isUnreachable(error)) throw error;
    if (error instanceof UpstreamTimeoutError) {
      return broken(
        'SciCat does not answer in time.',
        `Ask the SciCat administrators: while its database is down SciCat takes half a minute for each answer. If all is well there, something on the way swallows what is sent to ${places.of('scicatUrl')}.`,
      );
    }
    return broken(
      `SciCat ${deedOf(error)}.`,
      `Check ${places.of('scicatUrl')}, and whether this machine gets there: name, port, certificate, firewall. Variables such as HTTPS_PROXY are not followed.`,
    );
  }
}

/** One of the service's accounts, and what is found out about it only once. */
class Account {
  readonly login: Check;
  readonly facts: (signal: AbortSignal) => Promise<AccountFacts>;

  constructor(
    role: AccountRole,
    readonly name: string,
    readonly setting: string,
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

  /** The groups in words. */
  async groups(signal: AbortSignal): Promise<string> {
    const { groups } = await this.facts(signal);
    return groups.length === 0 ? 'it is in no group' : `its groups are ${groups.join(', ')}`;
  }

  private async loginVerdict(signal: AbortSignal): Promise<Verdict> {
    const { name, setting } = this;
    try {
      const { username } = await this.facts(signal);
      if (username === name) return ok(`Logged in; ${await this.groups(signal)}.`);
      return broken(
        `SciCat calls this account "${username}". The service would not recognize the jobs that it creates.`,
        `Set ${setting}_USERNAME to "${username}".`,
      );
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      if (error instanceof ServiceAccountError) {
        return broken(
          `SciCat refuses the user name or the password (status ${error.status ?? 'unknown'}).`,
          `Correct ${setting}_USERNAME and ${setting}_PASSWORD (or ${setting}_PASSWORD_FILE).`,
        );
      }
      if (error.status === undefined) throw error;
      return broken(
        `The login does not work: SciCat ${deedOf(error)}.`,
        `Check that "${name}" is a functional account of SciCat (functionalAccounts.json): for LDAP and OIDC users this login fails. Otherwise ask the SciCat administrators.`,
      );
    }
  }
}

function jobTypeCheck(type: string, creator: Account, probe: ScicatProbe): Check {
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
            `Ask the SciCat administrators to add it to the file that JOB_CONFIGURATION_FILE names, and to restart SciCat; config/scicat/job-types.yaml has it.`,
          );
        case 'strange':
          return strange(reading.status);
      }
    },
  };
}

/** What the accounts may do, as far as it can be known without doing it. */
function rightChecks(
  creator: Account,
  updater: Account,
  types: readonly Check[],
  { probe, write }: ScicatChecksDeps,
): readonly Check[] {
  const single = creator === updater;
  const mayCreate = once((signal) => probe.mayCreateJobs(signal));
  const mayUpdate = once((signal) => probe.mayUpdateJobs(signal));
  /**
   * SciCat lets nobody but an administrator pass both of these: whoever may only create jobs for
   * others is turned away from every update.
   */
  const isAdministrator = async (signal: AbortSignal): Promise<boolean> =>
    single &&
    (await mayCreate(signal)).kind === 'granted' &&
    (await mayUpdate(signal)).kind === 'not-told';

  const create: Check = {
    check: 'scicat-create',
    subject: creator.name,
    needs: [creator.login, ...types],
    run: async (signal) => {
      const reading = await mayCreate(signal);
      if (reading.kind === 'stored') return removed(reading.jobId, probe);
      return rightVerdict(reading, creator, signal, {
        may: 'create jobs for other people',
        lists: single ? 'ADMIN_GROUPS' : 'CREATE_JOB_PRIVILEGED_GROUPS',
      });
    },
  };
  const update: Check = {
    check: 'scicat-update',
    subject: updater.name,
    needs: single ? [create] : [updater.login],
    run: async (signal) => {
      if (await isAdministrator(signal)) return ok('It may update jobs: it is an administrator.');
      const reading = await mayUpdate(signal);
      if (reading.kind === 'refused') return shutOut(reading.status, single, updater, signal);
      return rightVerdict(reading, updater, signal, {
        may: 'update jobs',
        lists: single ? 'ADMIN_GROUPS' : 'UPDATE_JOB_PRIVILEGED_GROUPS',
        proof: write ? ' The trial job below shows it.' : ' Or have it tried by --write.',
      });
    },
  };
  const remove: Check = {
    check: 'scicat-delete',
    subject: updater.name,
    needs: [updater.login],
    run: async (signal) =>
      rightVerdict(await probe.mayDeleteJobs(signal), updater, signal, {
        may: 'delete jobs',
        lists: 'DELETE_JOB_GROUPS (administrators are not in it by themselves)',
      }),
  };
  const lifecycle: Check = {
    check: 'scicat-lifecycle',
    subject: updater.name,
    needs: single ? [create] : [updater.login],
    run: async (signal) => {
      if (await isAdministrator(signal)) {
        return ok('It may mark datasets as archivable: it is an administrator.');
      }
      return rightVerdict(await probe.mayChangeLifecycles(signal), updater, signal, {
        may: 'mark datasets as archivable',
        lists: single ? 'ADMIN_GROUPS' : 'UPDATE_DATASET_LIFECYCLE_GROUPS',
      });
    },
  };
  return [create, update, remove, lifecycle];
}

interface Right {
  /** What it is to do, behind "it may". */
  readonly may: string;
  /** SciCat's variable that gives it. */
  readonly lists: string;
  /** A sentence with a blank before it: what proves the right nevertheless. */
  readonly proof?: string;
}

async function rightVerdict(
  reading: RightReading,
  account: Account,
  signal: AbortSignal,
  { may, lists, proof }: Right,
): Promise<Verdict> {
  switch (reading.kind) {
    case 'granted':
      return ok(`It may ${may}.`);
    case 'refused':
      return broken(
        `It may not ${may} (status ${reading.status}); ${await account.groups(signal)}.`,
        `Ask the SciCat administrators to have a group of this account in ${lists}; see ${SETUP}.`,
      );
    case 'not-told':
      return unclear(
        `Not proven that it may ${may}; ${await account.groups(signal)}.`,
        `Ask the SciCat administrators whether one of these groups is in ${lists}; see ${SETUP}.${proof ?? ''}`,
      );
    case 'strange':
      return strange(reading.status);
  }
}

/** SciCat asks for the right to create before the right to update, and never for the second then. */
async function shutOut(
  status: number,
  single: boolean,
  account: Account,
  signal: AbortSignal,
): Promise<Verdict> {
  const message = `It may create jobs and therefore update none (status ${status}); ${await account.groups(signal)}.`;
  return broken(
    message,
    single
      ? `SciCat gives no account both rights, unless it is an administrator. Give the service a second account (SCICAT_UPDATE_USER_USERNAME and …_PASSWORD), or ask the SciCat administrators to have a group of this one in ADMIN_GROUPS; see ${SETUP}.`
      : `Ask the SciCat administrators to see that no group of this account is in CREATE_JOB_PRIVILEGED_GROUPS, nor part of the name of one that is; see ${SETUP}.`,
  );
}

function strange(status: number): Verdict {
  return unclear(
    `SciCat gives an answer that it is not known to give (status ${status}).`,
    'Ask the SciCat administrators whether something stands between this machine and SciCat.',
  );
}

const CLEAN_UP_MS = 10_000;

/** SciCat has stored what it was expected to refuse: whatever that means, it must not stay. */
async function removed(jobId: string, probe: ScicatProbe): Promise<Verdict> {
  const told = 'SciCat made a job where it was expected to refuse one';
  try {
    await probe.removeJob(jobId, AbortSignal.timeout(CLEAN_UP_MS));
    return unclear(
      `${told}; it has been removed again.`,
      'Try --write, which makes a job on purpose.',
    );
  } catch {
    return broken(
      `${told}, and the job ${jobId} could not be removed.`,
      'Ask the SciCat administrators to delete it.',
    );
  }
}
