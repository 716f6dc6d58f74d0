import { createHmac } from 'node:crypto';
import type { Traits } from './generation.js';

/** A SciCat account as tests and the demo set it up. */
export interface AccountInput {
  readonly username: string;
  /** Absent: an LDAP or OIDC account, for which a login with a password is a 500. */
  readonly password?: string;
  readonly groups?: readonly string[];
  /** @default `<username>@scicat.example` */
  readonly email?: string;
  /** @default the user name */
  readonly displayName?: string;
  /** @default derived from the user name, 24 hexadecimal digits */
  readonly id?: string;
  /** Further keys of the identity's `profile`, e.g. `oidcClaims`. */
  readonly profile?: Readonly<Record<string, unknown>>;
  /**
   * Through which a user logged in last. Surprise: by default, a user of the OIDC provider with the name or
   * the e-mail address of a functional account logs in as that account.
   *
   * @default local
   */
  readonly provider?: string;
  /** SciCat knows users only after their first login; until then jobs for them go to another owner. */
  readonly neverLoggedIn?: boolean;
}

export interface Account {
  readonly id: string;
  readonly username: string;
  readonly password: string | undefined;
  readonly groups: readonly string[];
  readonly email: string;
  readonly displayName: string;
  readonly profile: Readonly<Record<string, unknown>>;
  readonly provider: string;
  /** Whether SciCat can find this user by name (see `neverLoggedIn`). */
  readonly known: boolean;
}

/** Rights of groups, as in SciCat's environment variables. */
export interface GroupRights {
  /** ADMIN_GROUPS. @default ['admin'] */
  readonly admin?: readonly string[];
  /** CREATE_JOB_PRIVILEGED_GROUPS. @default ['jobcreators'] */
  readonly createJobPrivileged?: readonly string[];
  /** UPDATE_JOB_PRIVILEGED_GROUPS. @default ['jobupdaters'] */
  readonly updateJobPrivileged?: readonly string[];
  /** DELETE_JOB_GROUPS; does not include administrators. @default ['archivemanager'] */
  readonly deleteJob?: readonly string[];
  /** UPDATE_DATASET_LIFECYCLE_GROUPS. @default ['archivemanager'] */
  readonly updateDatasetLifecycle?: readonly string[];
  /** CREATE_DATASET_GROUPS; `#all` is every user who is logged in. @default ['#all'] */
  readonly createDataset?: readonly string[];
}

interface Rights {
  readonly admin: boolean;
  /** ADMIN or CREATE_JOB_PRIVILEGED: names any owner for a job. */
  readonly createJobPrivileged: boolean;
  /** Reads all jobs. */
  readonly readAnyJob: boolean;
  readonly createJob: JobRight;
  readonly updateJob: JobRight;
  readonly deleteJob: boolean;
  readonly updateDatasetLifecycle: boolean;
  readonly createDataset: boolean;
}

/**
 * - `any`: whatever the job's type says.
 * - `by-type`: if `auth` of the job's type permits it.
 * - `none`: refused by the guard, before anything else.
 */
type JobRight = 'any' | 'by-type' | 'none';

/** A user with a valid token. */
export interface Caller {
  readonly account: Account;
  readonly rights: Rights;
}

/**
 * Who sent a request. `nobody`: without a valid token. `expired`: with an expired one, where that makes
 * a difference. `anonymous`: with a valid token that belongs to no user, as `POST users/jwt` issues
 * without credentials.
 */
export type Identification =
  | { readonly type: 'nobody' }
  | { readonly type: 'expired' }
  | { readonly type: 'anonymous' }
  | (Caller & { readonly type: 'user' });

interface Token {
  /** `undefined`: anonymous. */
  readonly username: string | undefined;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

const NOBODY: Identification = { type: 'nobody' };
const EXPIRED: Identification = { type: 'expired' };
const ANONYMOUS: Identification = { type: 'anonymous' };

/** Accounts, their rights and their tokens. */
export class Accounts {
  private readonly byName = new Map<string, Account>();
  private readonly callers = new Map<string, Caller>();
  private readonly tokens = new Map<string, Token>();

  constructor(
    private readonly groupRights: GroupRights,
    private readonly jwtSecret: string,
    private readonly traits: Traits,
  ) {}

  /** Adds an account, or replaces the one of the same name. */
  add(input: AccountInput): Account {
    return this.store({
      id: input.id ?? digest(input.username, this.jwtSecret).slice(0, 24),
      username: input.username,
      password: input.password,
      groups: input.groups ?? [],
      email: input.email ?? `${input.username}@scicat.example`,
      displayName: input.displayName ?? input.username,
      profile: input.profile ?? {},
      provider: input.provider ?? 'local',
      known: input.neverLoggedIn !== true,
    });
  }

  /** Changes an account. Its tokens stay valid, because they contain only its identity. */
  change(username: string, change: Partial<Omit<Account, 'username' | 'id'>>): Account {
    const account = this.byName.get(username);
    if (account === undefined) throw new RangeError(`There is no SciCat account "${username}".`);
    return this.store({ ...account, ...change });
  }

  find(username: string): Caller | undefined {
    return this.callers.get(username);
  }

  /**
   * Issues a token. Tokens for the same user within the same second are identical.
   *
   * @param now milliseconds since the epoch
   */
  mint(username: string, now: number, lifeSeconds: number): string {
    const caller = this.callers.get(username);
    if (caller === undefined) throw new RangeError(`There is no SciCat account "${username}".`);
    const { id, email } = caller.account;
    return this.sign({ _id: id, username, email, authStrategy: 'local', __v: 0, id }, username, {
      now,
      lifeSeconds,
    });
  }

  /** Issues an anonymous token. */
  mintAnonymous(now: number, lifeSeconds: number): string {
    return this.sign({ username: 'anonymous' }, undefined, { now, lifeSeconds });
  }

  /** Invalidates all tokens of a user, as a changed signing secret would. */
  revoke(username: string): void {
    for (const [text, token] of this.tokens) {
      if (token.username === username) this.tokens.delete(text);
    }
  }

  /** A token without `Bearer` in front of it is ignored. */
  identify(authorization: string | undefined, now: number): Identification {
    if (authorization === undefined || !/^bearer /i.test(authorization)) return NOBODY;
    const token = this.tokens.get(authorization.slice(7));
    if (token === undefined) return NOBODY;
    if (Math.floor(now / 1000) >= token.expiresAt) {
      return this.traits.expiredToken === '401' ? EXPIRED : NOBODY;
    }
    const caller = token.username === undefined ? undefined : this.callers.get(token.username);
    // The valid token of a deleted user is anonymous.
    return caller === undefined ? ANONYMOUS : { type: 'user', ...caller };
  }

  private store(account: Account): Account {
    this.byName.set(account.username, account);
    this.callers.set(account.username, {
      account,
      rights: rightsOf(account, this.groupRights, this.traits),
    });
    return account;
  }

  private sign(
    claims: Readonly<Record<string, unknown>>,
    username: string | undefined,
    life: { readonly now: number; readonly lifeSeconds: number },
  ): string {
    const issuedAt = Math.floor(life.now / 1000);
    const expiresAt = issuedAt + life.lifeSeconds;
    const signed = [
      { alg: 'HS256', typ: 'JWT' },
      { ...claims, iat: issuedAt, exp: expiresAt },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = createHmac('sha256', this.jwtSecret).update(signed).digest('base64url');
    const text = `${signed}.${signature}`;
    this.tokens.set(text, { username, expiresAt });
    return text;
  }
}

function rightsOf(account: Account, lists: GroupRights, { groupLists, jobRights }: Traits): Rights {
  const {
    admin: adminGroups = ['admin'],
    createJobPrivileged = ['jobcreators'],
    updateJobPrivileged = ['jobupdaters'],
    deleteJob = ['archivemanager'],
    updateDatasetLifecycle = ['archivemanager'],
    createDataset = ['#all'],
  } = lists;
  const has = groupLists === 'exact' ? inList : inText;
  const belongsTo = (list: readonly string[]): boolean =>
    account.groups.some((group) => has(group, list));
  // Administrators and creators of datasets are always matched by whole names.
  const admin = account.groups.some((group) => inList(group, adminGroups));
  const create = belongsTo(createJobPrivileged);
  const update = belongsTo(updateJobPrivileged);
  const job = { admin: adminGroups, create: createJobPrivileged, update: updateJobPrivileged };
  return {
    admin,
    createJobPrivileged: admin || create,
    readAnyJob: admin || create || update,
    ...(jobRights === 'sum'
      ? summedJobRights(account.groups, job)
      : firstJobRights({ admin, create, update })),
    deleteJob: belongsTo(deleteJob),
    updateDatasetLifecycle: belongsTo(updateDatasetLifecycle),
    createDataset:
      createDataset.includes('#all') ||
      account.groups.some((group) => inList(group, createDataset)),
  };
}

/** See `Traits.jobRights`. */
function firstJobRights(
  memberOf: Readonly<Record<'admin' | 'create' | 'update', boolean>>,
): Pick<Rights, 'createJob' | 'updateJob'> {
  if (memberOf.admin) return { createJob: 'any', updateJob: 'any' };
  if (memberOf.create) return { createJob: 'any', updateJob: 'none' };
  if (memberOf.update) return { createJob: 'none', updateJob: 'any' };
  return { createJob: 'by-type', updateJob: 'by-type' };
}

/** See `Traits.jobRights`. */
function summedJobRights(
  groups: readonly string[],
  lists: Readonly<Record<'admin' | 'create' | 'update', readonly string[]>>,
): Pick<Rights, 'createJob' | 'updateJob'> {
  const right = (wanted: 'create' | 'update', other: 'create' | 'update'): JobRight => {
    const isLost = groups.some(
      (group) =>
        inList(group, lists[other]) && !inList(group, lists[wanted]) && !inList(group, lists.admin),
    );
    if (isLost) return 'none';
    const isPrivileged = groups.some(
      (group) => inList(group, lists.admin) || inList(group, lists[wanted]),
    );
    return isPrivileged ? 'any' : 'by-type';
  };
  return { createJob: right('create', 'update'), updateJob: right('update', 'create') };
}

function inList(group: string, list: readonly string[]): boolean {
  return list.includes(group);
}

/** See `Traits.groupLists`. */
function inText(group: string, list: readonly string[]): boolean {
  return list.join(',').includes(group);
}

function digest(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}
