/**
 * What one user of the service, or somebody without an account, does to all others. By the names that
 * figures and targets have, in the order in which they are tried.
 */
export const ATTACKS = {
  pipelining: '45,000 requests sent ahead on a connection, again and again',
  'wrong-tokens': '450 callers of one address with wrong tokens, over which SciCat hangs',
  parallel: '1,200 parallel requests of one user',
  trickle: 'bodies of 128 MiB that come at 1.4 KB/s',
  silent: '2,050 silent connections',
  metadata: '90 parallel reads of datasets with 16 MB of metadata',
  'job-lists': '12 callers that list 15,000 jobs',
  'token-folder': '20 callers and a source folder of 120 KB of beginnings of tokens',
  links: 'lists of 1,000,000 entries with every second one a link',
  restart: 'a restart with 11 jobs of 7 MB',
} as const;

export type AttackName = keyof typeof ATTACKS;

/** All of them, as typed names. */
export const ATTACK_NAMES = Object.keys(ATTACKS) as readonly AttackName[];

/** Datasets that the attacker may read: enough that a request is seldom for the same one again. */
export const ATTACKED = { series: 'attacked', count: 2_000 } as const;

/** What every wrong token begins with; the emulated SciCat never answers requests with one. */
export const WRONG_TOKEN = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.wrong';

/** How many jobs there are to be listed. */
export const LISTED_JOBS = 15_000;
