/**
 * The generations of SciCat's backend that sites run. `4.5` and `5.2` (5.2.1) are releases; `head` is the
 * development version ten days after 5.2.1 (commit 783086a0).
 */
export const SCICAT_GENERATIONS = ['4.5', '5.2', 'head'] as const;
export type ScicatGeneration = (typeof SCICAT_GENERATIONS)[number];

/** Emulated unless another one is asked for: the newest release. */
export const DEFAULT_GENERATION: ScicatGeneration = '5.2';

/** Everything in which the generations differ, as far as the emulator is concerned. */
export interface Traits {
  readonly jobList: {
    /**
     * Which `sort` of the filter counts. Surprise: each generation silently ignores the other one.
     *
     * - `top-level`: `{"sort":{"id":1}}`
     * - `in-limits`: `{"limits":{"sort":{"id":"asc"}}}`
     */
    readonly sort: 'top-level' | 'in-limits';
    /** Without `sort`: in order of insertion, or by `createdAt`, ascending. */
    readonly defaultOrder: 'insertion' | 'createdAt';
    /** Without `limits.limit`; undefined: all jobs. `limit: 0` means all jobs in any generation. */
    readonly defaultLimit: number | undefined;
  };
  /** Status of `POST jobs` with datasets or an owner that are not valid; the words are the same. */
  readonly invalidJobStatus: 400 | 422;
  /** Status of `POST jobs` by an ordinary account for an owner that it may not name. */
  readonly foreignOwnerStatus: 400 | 403;
  /**
   * Answer to an expired token.
   *
   * - `ignored`: as if there were none, so mostly a 403
   * - `401`: a 401 `SESSION_EXPIRED` on all routes. A token that was never valid is ignored here as well.
   */
  readonly expiredToken: 'ignored' | '401';
  /**
   * How the groups of CREATE_JOB_PRIVILEGED_GROUPS, UPDATE_JOB_PRIVILEGED_GROUPS, DELETE_JOB_GROUPS and
   * UPDATE_DATASET_LIFECYCLE_GROUPS are compared with a user's.
   *
   * - `substring`: surprise: each list is one string, searched with `includes`. A member of "creator" has
   *   the rights of "jobcreators".
   */
  readonly groupLists: 'substring' | 'exact';
  /**
   * How the rights of a user's groups combine.
   *
   * - `first`: surprise: a chain of else-ifs, administrator before create-privileged before
   *   update-privileged. An account that may create jobs for others, but is not an administrator, may
   *   update none, regardless of its other groups and of the job type.
   * - `sum`: rights add up. Surprise: a group that is only create-privileged takes away the right to
   *   update, even one that another group gives, and vice versa. One account has both rights only if a
   *   single group has both.
   */
  readonly jobRights: 'first' | 'sum';
  /**
   * Whose access to the datasets counts in a `#dataset…` job type when a privileged creator names an owner.
   *
   * - `named-owner`: of the owner user in the owner group, or of the group alone.
   * - `known-user`: of the owner user only. Surprise: a job for a group alone, or for a user whom SciCat
   *   does not know, is refused with 403. (A regression; repaired later.)
   * - `user-or-group`: of the owner user's groups and the owner group together.
   */
  readonly datasetAccess: 'named-owner' | 'known-user' | 'user-or-group';
  /** Whether jobs of a type that is no longer configured can be read (otherwise a 400, and not listed). */
  readonly removedTypeIsReadable: boolean;
  /**
   * Whether version 4 asks for a login even for a published dataset. Otherwise it looks for the dataset
   * first, so that a missing one is a 404 without a token.
   */
  readonly publishedNeedsLogin: boolean;
}

/** Releases from 5.2.0 on. */
const SINCE_5_2: Traits = {
  jobList: { sort: 'in-limits', defaultOrder: 'createdAt', defaultLimit: 100 },
  invalidJobStatus: 422,
  foreignOwnerStatus: 403,
  expiredToken: '401',
  groupLists: 'exact',
  jobRights: 'first',
  datasetAccess: 'known-user',
  removedTypeIsReadable: false,
  publishedNeedsLogin: true,
};

export const TRAITS: Readonly<Record<ScicatGeneration, Traits>> = {
  '4.5': {
    jobList: { sort: 'top-level', defaultOrder: 'insertion', defaultLimit: undefined },
    invalidJobStatus: 400,
    foreignOwnerStatus: 400,
    expiredToken: 'ignored',
    groupLists: 'substring',
    jobRights: 'first',
    datasetAccess: 'named-owner',
    removedTypeIsReadable: false,
    publishedNeedsLogin: true,
  },
  '5.2': SINCE_5_2,
  head: {
    ...SINCE_5_2,
    jobRights: 'sum',
    datasetAccess: 'user-or-group',
    removedTypeIsReadable: true,
    publishedNeedsLogin: false,
  },
};
