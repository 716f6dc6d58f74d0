import { createHmac } from 'node:crypto';

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
  readonly createJobPrivileged: boolean;
  readonly updateJobPrivileged: boolean;
  readonly deleteJob: boolean;
  readonly updateDatasetLifecycle: boolean;
  readonly createDataset: boolean;
}

/** A user with a valid token. */
export interface Caller {
  readonly account: Account;
  readonly rights: Rights;
}

/**
 * Who sent a request. `nobody`: without a valid token. `anonymous`: with a valid token that belongs to
 * no user, as `POST users/jwt` issues without credentials.
 */
export type Identification =
  | { readonly type: 'nobody' }
  | { readonly type: 'anonymous' }
  | (Caller & { readonly type: 'user' });

interface Token {
  /** `undefined`: anonymous. */
  readonly username: string | undefined;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

const NOBODY: Identification = { type: 'nobody' };
const ANONYMOUS: Identification = { type: 'anonymous' };

/** Accounts, their rights and their tokens. */
export class Accounts {
  private readonly byName = new Map<string, Account>();
  private readonly callers = new Map<string, Caller>();
  private readonly tokens = new Map<string, Token>();

  constructor(
    private readonly groupRights: GroupRights,
    private readonly jwtSecret: string,
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
    if (token === undefined || Math.floor(now / 1000) >= token.expiresAt) return NOBODY;
    const caller = token.username === undefined ? undefined : this.callers.get(token.username);
    // The valid token of a deleted user is anonymous.
    return caller === undefined ? ANONYMOUS : { type: 'user', ...caller };
  }

  private store(account: Account): Account {
    this.byName.set(account.username, account);
    this.callers.set(account.username, { account, rights: rightsOf(account, this.groupRights) });
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

/** Only administrators are matched by whole group names; see below. */
function rightsOf(account: Account, groups: GroupRights): Rights {
  const admin = account.groups.some((group) => (groups.admin ?? ['admin']).includes(group));
  const create = inGroupText(account, groups.createJobPrivileged ?? ['jobcreators']);
  const update = inGroupText(account, groups.updateJobPrivileged ?? ['jobupdaters']);
  const datasetCreators = groups.createDataset ?? ['#all'];
  return {
    admin,
    createJobPrivileged: admin || create,
    updateJobPrivileged: admin || update,
    deleteJob: inGroupText(account, groups.deleteJob ?? ['archivemanager']),
    updateDatasetLifecycle: inGroupText(
      account,
      groups.updateDatasetLifecycle ?? ['archivemanager'],
    ),
    createDataset:
      datasetCreators.includes('#all') ||
      account.groups.some((group) => datasetCreators.includes(group)),
  };
}

/**
 * Surprise: each of these four lists is one string, searched with `includes`. A member of "creator" has
 * the rights of "jobcreators".
 */
function inGroupText(account: Account, privileged: readonly string[]): boolean {
  const text = privileged.join(',');
  return account.groups.some((group) => text.includes(group));
}

function digest(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}
