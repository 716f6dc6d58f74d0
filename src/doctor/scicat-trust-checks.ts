import { randomUUID } from 'node:crypto';
import { broken, type Check, type DoctorDeps, ok, once, unclear, type Verdict } from './check.js';
import type { ScicatProbe, TrialUser } from './probes/scicat-probe.js';
import { type CheckedAccount, strange } from './scicat-right-checks.js';
import { CLEAN_UP_MS } from './trial-job-check.js';

/** Variable with a user's token, as for `explain`. */
export const USER_TOKEN_VARIABLE = 'SCICAT_TOKEN';

const ONLY_ADMINS =
  'Set update.auth of the job type globus_transfer_job to "#jobAdmin" (config/scicat/job-types.yaml), and check that no group of users is in, or before SciCat 5.2 part of, UPDATE_JOB_PRIVILEGED_GROUPS or ADMIN_GROUPS.';
const OWN_JOBS =
  'The service does not believe what others write into its jobs, but its users see it.';

/**
 * Whether others could pass for the service: under the name of one of its accounts, by which SciCat says
 * who created and changed a job, or because they may write into its jobs.
 *
 * @param trialNeeds checks of the rights without which a trial job would be left behind
 */
export function trustChecks(
  accounts: readonly CheckedAccount[],
  trialNeeds: readonly Check[],
  { scicat: probe, write, userToken }: Pick<DoctorDeps, 'scicat' | 'write' | 'userToken'>,
): readonly Check[] {
  const [creator] = accounts;
  if (creator === undefined) return [];
  return [
    ...accounts.map((account) => nameCheck(account, probe)),
    othersCheck(creator, probe, userToken),
    ...(userToken !== undefined && write ? [trialCheck(userToken, trialNeeds, probe)] : []),
  ];
}

function nameCheck(account: CheckedAccount, probe: ScicatProbe): Check {
  const { name, role, setting, login } = account;
  return {
    check: 'scicat-name',
    subject: name,
    needs: [login],
    run: async (signal) => {
      const provider = await probe.providerOf(role, signal);
      if (provider !== 'local') {
        return broken(
          `Somebody has logged in to SciCat as this account through ${provider}, where a user has its name or its e-mail address.`,
          `Ask the SciCat administrators to create another account with a name and an address that no user can have, and to remove this one; then change ${setting}_USERNAME, and list this name in scicat.formerServiceUsers only until its transfers have ended.`,
        );
      }
      const doubt = doubtIn(name);
      return doubt === undefined
        ? ok('Nobody has logged in as this account by any means other than its password.')
        : unclear(
            `${doubt} SciCat tells who created or changed a job by this name alone, and by default lets a user of its OIDC provider log in as the account with the same name or e-mail address.`,
            'Make sure that your OIDC and LDAP directories never give this name, or the e-mail address of the account, to a user, or choose one such as "globus-proxy".',
          );
    },
  };
}

/** Why a user could have an account's name; undefined for one that looks like a service's. */
function doubtIn(name: string): string | undefined {
  if (name.includes('@')) {
    return 'The name looks like an e-mail address, which users can have, and which SciCat may hide from the service (MASK_PERSONAL_INFO).';
  }
  if (/[\s,]/.test(name))
    return 'The name looks like the display name of a person, as LDAP users have it.';
  if (/^[a-z]*\d{0,2}$/i.test(name)) return 'The name looks like the login name of a person.';
  return undefined;
}

/** Whether SciCat lets others write into the service's jobs, as far as that shows without doing it. */
function othersCheck(
  creator: CheckedAccount,
  probe: ScicatProbe,
  userToken: string | undefined,
): Check {
  return {
    check: 'scicat-others',
    subject: 'globus_transfer_job',
    needs: [creator.login],
    run: async (signal) => {
      const rewritten = await probe.rewrittenJob(signal);
      if (rewritten !== undefined) {
        const who =
          rewritten.updatedBy === '' ? 'an account that SciCat hides' : `"${rewritten.updatedBy}"`;
        return unclear(
          `Job ${rewritten.jobId} of the service was last changed by ${who}, which is not one of its accounts. ${OWN_JOBS}`,
          `If that was not an operator on purpose, or a former account that is missing from scicat.formerServiceUsers: ${ONLY_ADMINS}`,
        );
      }
      if (userToken === undefined) {
        return ok(
          `No job of the service was last changed by another account. (To prove that a user can't, put the token of an ordinary user into ${USER_TOKEN_VARIABLE}.)`,
        );
      }
      return userVerdict(probe, userToken, signal);
    },
  };
}

async function userVerdict(
  probe: ScicatProbe,
  token: string,
  signal: AbortSignal,
): Promise<Verdict> {
  const user = await probe.userOf(token, signal);
  if (user === undefined) return badToken();
  const reading = await probe.mayUserUpdate(token, signal);
  switch (reading.kind) {
    case 'refused':
      return ok(`User "${user.username}" may update no jobs.`);
    case 'granted':
    case 'not-told':
      return unclear(
        `SciCat does not reveal whether user "${user.username}" may update jobs of the service.`,
        'Run doctor with --write as well, which lets this user try it on a job of their own.',
      );
    case 'strange':
      return strange(reading.status);
  }
}

function badToken(): Verdict {
  return broken(
    `SciCat does not accept the token in ${USER_TOKEN_VARIABLE}.`,
    'Copy a fresh one from the user settings of SciCat.',
  );
}

/** Creates a job that belongs to the user, and lets them try to change it. */
function trialCheck(token: string, needs: readonly Check[], probe: ScicatProbe): Check {
  const user = once((signal) => probe.userOf(token, signal));
  return {
    check: 'scicat-user-trial',
    subject: USER_TOKEN_VARIABLE,
    needs,
    run: async (signal) => {
      const owner = await user(signal);
      if (owner === undefined) return badToken();
      const marker = randomUUID();
      const made = await probe.makeTrialJob(marker, signal, owner);
      const jobId =
        made.kind === 'made'
          ? made.jobId
          : await probe.findTrialJob(marker, AbortSignal.timeout(CLEAN_UP_MS));
      if (jobId === undefined) {
        return unclear(
          'SciCat did not create the job that the user was to try to change.',
          'See what scicat-trial-job reports.',
        );
      }
      try {
        return trialVerdict(await probe.mayUserUpdate(token, signal, jobId), owner);
      } finally {
        await probe.removeJob(jobId, AbortSignal.timeout(CLEAN_UP_MS));
      }
    },
  };
}

function trialVerdict(
  reading: Awaited<ReturnType<ScicatProbe['mayUserUpdate']>>,
  { username }: TrialUser,
): Verdict {
  switch (reading.kind) {
    case 'refused':
      return ok(`User "${username}" may not update their own transfer job.`);
    case 'granted':
      return broken(
        `User "${username}" may update their own transfer jobs in SciCat. ${OWN_JOBS}`,
        `Ask the SciCat administrators: ${ONLY_ADMINS}`,
      );
    case 'not-told':
      return strange(400);
    case 'strange':
      return strange(reading.status);
  }
}
