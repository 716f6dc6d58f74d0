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
  /** SciCat knows a user only after the first login; until then a job for this user is given away. */
  readonly neverLoggedIn?: boolean;
}

/** A stored account. */
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

/** Which groups may do what: SciCat's environment variables. */
export interface GroupRights {
  /** ADMIN_GROUPS. @default ['admin'] */
  readonly admin?: readonly string[];
  /** CREATE_JOB_PRIVILEGED_GROUPS. @default ['jobcreators'] */
  readonly createJobPrivileged?: readonly string[];
  /** UPDATE_JOB_PRIVILEGED_GROUPS. @default ['jobupdaters'] */
  readonly updateJobPrivileged?: readonly string[];
  /** DELETE_JOB_GROUPS; administrators are not among them by themselves. @default ['archivemanager'] */
  readonly deleteJob?: readonly string[];
  /** UPDATE_DATASET_LIFECYCLE_GROUPS. @default ['archivemanager'] */
  readonly updateDatasetLifecycle?: readonly string[];
  /** CREATE_DATASET_GROUPS; `#all` is everybody who is logged in. @default ['#all'] */
  readonly createDataset?: readonly string[];
}

/** What one account may do. */
interface Rights {
  readonly admin: boolean;
  readonly createJobPrivileged: boolean;
  readonly updateJobPrivileged: boolean;
  readonly deleteJob: boolean;
  readonly updateDatasetLifecycle: boolean;
  readonly createDataset: boolean;
}

/** Somebody with a valid token. */
export interface Caller {
  readonly account: Account;
  readonly rights: Rights;
}

/**
 * Who sent a request. `anonymous`: a validly signed token that belongs to nobody. Anyone can get one
 * from `POST users/jwt`, without credentials.
 */
export type Identification =
  | { readonly type: 'nobody' }
  | { readonly type: 'anonymous' }
  | (Caller & { readonly type: 'user' });

interface Token {
  /** `undefined`: the anonymous one. */
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

  /** Changes an account. Tokens stay valid, whatever is changed: SciCat looks up only who it is. */
  change(username: string, change: Partial<Omit<Account, 'username' | 'id'>>): Account {
    const account = this.byName.get(username);
    if (account === undefined) throw new RangeError(`There is no SciCat account "${username}".`);
    return this.store({ ...account, ...change });
  }

  find(username: string): Caller | undefined {
    return this.callers.get(username);
  }

  /**
   * Makes a token. Two of them made for one user in the same second are one and the same.
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

  /** Makes the token of nobody. */
  mintAnonymous(now: number, lifeSeconds: number): string {
    return this.sign({ username: 'anonymous' }, undefined, { now, lifeSeconds });
  }

  /** Makes all tokens of this user invalid, as a changed signing secret would. */
  revoke(username: string): void {
    for (const [text, token] of this.tokens) {
      if (token.username === username) this.tokens.delete(text);
    }
  }

  /** A token without the word `Bearer` before it counts as no token. */
  identify(authorization: string | undefined, now: number): Identification {
    if (authorization === undefined || !/^bearer /i.test(authorization)) return NOBODY;
    const token = this.tokens.get(authorization.slice(7));
    if (token === undefined || Math.floor(now / 1000) >= token.expiresAt) return NOBODY;
    const caller = token.username === undefined ? undefined : this.callers.get(token.username);
    // A valid token of a user that does not exist any more is one of nobody's.
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

/** Administrators are tested for by whole names; see below for the others. */
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
 * Surprise: these four lists are kept as one text and searched with `includes`. A member of
 * "creator" has the rights of "jobcreators".
 */
function inGroupText(account: Account, privileged: readonly string[]): boolean {
  const text = privileged.join(',');
  return account.groups.some((group) => text.includes(group));
}

function digest(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}
