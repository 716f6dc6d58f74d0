/** Who and what there is in the benchmark's world. */

/** Of all tokens: longer than any run. */
export const LIFE_SECONDS = 24 * 3600;

/**
 * How long the services keep idle connections. SciCat itself drops them after five seconds; but the
 * baselines repeat nothing, and must not send into one that is just being dropped.
 */
export const KEEP_ALIVE_MS = 600_000;

/** The group that owns all datasets. */
export const DATASET_GROUP = 'p10001';

/** SciCat accounts. */
export const ACCOUNTS = {
  scientist: {
    username: 'alice',
    password: 'alice-password',
    groups: [DATASET_GROUP, 'SOURCE', 'ARCHIVE'],
  },
  attacker: {
    username: 'mallory',
    password: 'mallory-password',
    groups: [DATASET_GROUP, 'SOURCE', 'ARCHIVE'],
  },
  proxy: {
    username: 'globus-proxy',
    password: 'proxy-password',
    groups: ['admin', 'archivemanager'],
  },
  /** What the baselines call SciCat as, so that the proxy does not take their jobs for its own. */
  baseline: {
    username: 'bare-client',
    password: 'bare-password',
    groups: ['admin', 'archivemanager'],
  },
} as const;

/** Globus clients; the baselines have their own, so that their tasks are not among the proxy's. */
export const GLOBUS_CLIENTS = {
  proxy: { id: 'cccccccc-0000-4000-8000-000000000001', secret: 'proxy-secret' },
  baseline: { id: 'cccccccc-0000-4000-8000-000000000002', secret: 'bare-secret' },
} as const;

/** Globus collections. */
export const COLLECTIONS = {
  source: 'aaaaaaaa-0000-4000-8000-000000000001',
  archive: 'aaaaaaaa-0000-4000-8000-000000000002',
} as const;

/** PID of a dataset of the emulated SciCat. */
export function datasetPid(series: string, number: number): string {
  return `20.500.12345/${series}-${number}`;
}
