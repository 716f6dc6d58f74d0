import type { Account, AppConfig } from '../config/app-config.js';
import {
  ServiceAccountError,
  type UpstreamError,
  UpstreamTimeoutError,
} from '../errors/upstream.errors.js';
import { broken, type Check, type DoctorDeps, ok, once, unclear, type Verdict } from './check.js';
import { clockCheck } from './clock-check.js';
import { failureOf, generalFailure, isUnreachable, reachabilityAdvice } from './failures.js';
import type { AccountRole, HealthReading, ScicatProbe } from './probes/scicat-probe.js';
import { type CheckedAccount, rightChecks, strange } from './scicat-right-checks.js';
import { trustChecks } from './scicat-trust-checks.js';
import { trialJobCheck } from './trial-job-check.js';

type ScicatDeps = Pick<DoctorDeps, 'scicat' | 'settings' | 'write' | 'userToken'>;

const JOB_TYPES = ['globus_transfer_job', 'archive'] as const;

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
    checkedAccount({ name: username, role, setting }, health, probe);
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
    ...trustChecks([...new Set([creator, updater])], rights.slice(0, 3), deps),
    // It needs every right but the one to set lifecycles.
    ...(deps.write ? [trialJobCheck(creator, updater, rights.slice(0, 3), probe)] : []),
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

function checkedAccount(
  { name, role, setting }: Pick<CheckedAccount, 'name' | 'role' | 'setting'>,
  health: Check,
  probe: ScicatProbe,
): CheckedAccount {
  const facts = once((signal) => probe.whoAmI(role, signal));
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
  return { name, role, setting, login, facts, groups };
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
        case 'refused':
          return unclear(
            `SciCat does not let this service create any jobs (status ${reading.status}), and so does not reveal whether it has this job type.`,
            'First fix what scicat-create reports.',
          );
        case 'strange':
          return strange(reading.status);
      }
    },
  };
}
