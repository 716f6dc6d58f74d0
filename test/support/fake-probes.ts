import type { Check, Finding } from '../../src/doctor/check.js';
import type { DataFolderProbe } from '../../src/doctor/probes/data-folder-probe.js';
import type { GlobusProbe } from '../../src/doctor/probes/globus-probe.js';
import type { ScicatProbe } from '../../src/doctor/probes/scicat-probe.js';
import { runChecks } from '../../src/doctor/run-checks.js';
import type { SettingLocations } from '../../src/doctor/setting-locations.js';

/** The names of the methods that were called, in order. */
export interface Asked {
  readonly asked: string[];
}

/** A SciCat where all is well, with one account in one administrators' group. */
export function goodScicat(parts: Partial<ScicatProbe> = {}): ScicatProbe & Asked {
  return recorded<ScicatProbe>({
    health: () => Promise.resolve({ status: 200, kind: 'well', aheadMs: 0 }),
    whoAmI: (role) =>
      Promise.resolve({
        username: role === 'creator' ? 'globus-proxy' : 'globus-updater',
        groups: ['gtpxa'],
      }),
    release: () => Promise.resolve('before-5.2'),
    jobType: () => Promise.resolve({ kind: 'known' }),
    mayCreateJobs: () => Promise.resolve({ kind: 'granted' }),
    mayUpdateJobs: () => Promise.resolve({ kind: 'not-told' }),
    mayDeleteJobs: () => Promise.resolve({ kind: 'granted' }),
    mayChangeLifecycles: () => Promise.resolve({ kind: 'not-told' }),
    readsJobsOfOthers: () => Promise.resolve({ kind: 'not-told' }),
    readsDatasetsOfOthers: () => Promise.resolve({ kind: 'not-told' }),
    providerOf: () => Promise.resolve('local'),
    rewrittenJob: () => Promise.resolve(undefined),
    userOf: () => Promise.resolve({ username: 'alice', groups: ['p123'] }),
    mayUserUpdate: () => Promise.resolve({ kind: 'refused', status: 403 }),
    makeTrialJob: () => Promise.resolve({ kind: 'made', jobId: 'job-1' }),
    findTrialJob: () => Promise.resolve(undefined),
    endTrialJob: () => Promise.resolve(),
    removeJob: () => Promise.resolve(),
    ...parts,
  });
}

/** A Globus where all is well: every collection is a mapped one, and every folder exists. */
export function goodGlobus(parts: Partial<GlobusProbe> = {}): GlobusProbe & Asked {
  return recorded<GlobusProbe>({
    requestToken: () => Promise.resolve({ kind: 'given' }),
    reachTransfer: () => Promise.resolve(0),
    collection: () =>
      Promise.resolve({
        displayName: 'Disk',
        entityType: 'GCSv5_mapped_collection',
        highAssurance: false,
        connected: undefined,
        paused: undefined,
      }),
    list: () => Promise.resolve(),
    makeFolder: () => Promise.resolve(),
    deleteFolder: () => Promise.resolve('task-1'),
    deletion: () => Promise.resolve('done'),
    ...parts,
  });
}

/** A data folder that can be used, and is not in use. */
export function goodDataFolder(parts: Partial<DataFolderProbe> = {}): DataFolderProbe & Asked {
  return recorded<DataFolderProbe>({
    folder: () => Promise.resolve({ kind: 'usable' }),
    lock: () => Promise.resolve({ kind: 'free' }),
    tryToWrite: () => Promise.resolve({ kind: 'usable' }),
    space: () => Promise.resolve({ freeBytes: 10 * 1024 ** 3, freeFiles: undefined }),
    volatility: () => undefined,
    ...parts,
  });
}

/** Settings that are all on line 7 of a file, except those that are named. */
export function settings(unset: readonly string[] = []): SettingLocations {
  return {
    of: (path) => `${path} (/proxy.yaml:7)`,
    isSet: (path) => !unset.includes(path),
  };
}

/** Runs checks to their end, without a time limit. */
export async function findingsOf(checks: readonly Check[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const interrupted = new AbortController().signal;
  const never = (): AbortSignal => new AbortController().signal;
  for await (const finding of runChecks(checks, { timeoutMs: 1, interrupted, after: never })) {
    findings.push(finding);
  }
  return findings;
}

/** `check subject: outcome` of each finding. */
export function outcomes(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ check, subject, outcome }) => `${check} ${subject}: ${outcome}`);
}

function recorded<Probe extends object>(probe: Probe): Probe & Asked {
  const asked: string[] = [];
  return new Proxy(probe, {
    get: (target, name, receiver): unknown => {
      if (name === 'asked') return asked;
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return (...parameters: readonly unknown[]): unknown => {
        asked.push(String(name));
        return Reflect.apply(method, target, parameters) as unknown;
      };
    },
  }) as Probe & Asked;
}
