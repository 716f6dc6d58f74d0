import { randomUUID } from 'node:crypto';
import type { EmulatedRequest, EmulatedResponse, Emulator } from '../http/emulator.js';
import {
  Accounts,
  type Account,
  type AccountInput,
  type GroupRights,
  type Identification,
} from './accounts.js';
import { parseBody, type ApiVersion, type Call } from './call.js';
import {
  Datasets,
  type DatasetDocument,
  type DatasetInput,
  type DatasetLifecycle,
  type OrigDatablockDocument,
} from './datasets.js';
import { FilterError } from './filter.js';
import { DEFAULT_GENERATION, TRAITS, type ScicatGeneration } from './generation.js';
import type { Mail } from './job-actions.js';
import { DEFAULT_JOB_TYPES, Jobs, type JobDocument, type JobTypeConfig } from './jobs.js';
import { maskPersonalInfo } from './masking.js';
import {
  badRequest,
  created,
  emptySuccess,
  forbidden,
  internalServerError,
  notFound,
  ok,
  Refusal,
  sessionExpired,
  unauthenticated,
  wrongCredentials,
} from './responses.js';

export interface ScicatMachineOptions {
  /** @default {@link DEFAULT_GENERATION} */
  readonly generation?: ScicatGeneration;
  /** Generates job ids. @default random UUIDs */
  readonly newId?: () => string;
  /** Life of a token from a login, in seconds. @default 3600 */
  readonly tokenLifeSeconds?: number;
  readonly groupRights?: GroupRights;
  /** The job configuration file. @default {@link DEFAULT_JOB_TYPES} */
  readonly jobTypes?: Readonly<Record<string, JobTypeConfig>>;
  /** @default 'sandbox' */
  readonly jwtSecret?: string;
}

/** May be changed while the machine runs. */
export interface ScicatSwitches {
  /**
   * The database is down. Surprise: with a valid token the identity is a 401 then and jobs are a 403; a
   * login is a 500; each after {@link databaseTimeoutMs}.
   */
  databaseDown: boolean;
  /** @default 30000 */
  databaseTimeoutMs: number;
  /** MASK_PERSONAL_INFO */
  maskPersonalInfo: boolean;
  /** For new tokens. */
  tokenLifeSeconds: number;
  /** Job types whose create action fails: 400, but the job is stored. */
  readonly failingCreateActions: Set<string>;
  /** Job types whose update action fails: 400, but the update is stored. */
  readonly failingUpdateActions: Set<string>;
  /** No e-mail of a job action can be sent: 400 unless the action ignores it, but the job is stored. */
  mailServerDown: boolean;
}

/** Bytes. Above this a body is a 500, not a 413. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Node refuses longer request headers, URL included, before SciCat sees them. */
const MAX_HEADER_BYTES = 16 * 1024;

const NO_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE']);

/**
 * The parts of SciCat's backend that the proxy uses, as a state machine, including the surprises, and
 * what differs between generations. All state is in memory; time and ids come from outside.
 *
 * Answers share the machine's documents: in the same process, they must not be modified.
 */
export class ScicatMachine implements Emulator {
  readonly switches: ScicatSwitches;
  /** The job configuration; may be changed. */
  readonly jobTypes: Map<string, JobTypeConfig>;
  private readonly accounts: Accounts;
  private readonly datasetStore: Datasets;
  private readonly jobStore: Jobs;

  constructor(options: ScicatMachineOptions = {}) {
    this.switches = {
      databaseDown: false,
      databaseTimeoutMs: 30_000,
      maskPersonalInfo: false,
      tokenLifeSeconds: options.tokenLifeSeconds ?? 3_600,
      failingCreateActions: new Set(),
      failingUpdateActions: new Set(),
      mailServerDown: false,
    };
    this.jobTypes = new Map(Object.entries(options.jobTypes ?? DEFAULT_JOB_TYPES));
    const traits = TRAITS[options.generation ?? DEFAULT_GENERATION];
    this.accounts = new Accounts(options.groupRights ?? {}, options.jwtSecret ?? 'sandbox', traits);
    this.datasetStore = new Datasets(traits);
    this.jobStore = new Jobs({
      accounts: this.accounts,
      datasets: this.datasetStore,
      jobTypes: this.jobTypes,
      switches: this.switches,
      newId: options.newId ?? randomUUID,
      traits,
    });
  }

  /** By PID, in order of creation. */
  get datasets(): ReadonlyMap<string, DatasetDocument> {
    return this.datasetStore.all;
  }

  /** Adds an account, or replaces the one of the same name. */
  addUser(input: AccountInput): Account {
    return this.accounts.add(input);
  }

  /** Tokens stay valid. */
  setPassword(username: string, password: string): void {
    this.accounts.change(username, { password });
  }

  /** Takes effect immediately, also for existing tokens. */
  setGroups(username: string, groups: readonly string[]): void {
    this.accounts.change(username, { groups });
  }

  /**
   * Issues a token without a login.
   *
   * @param options.now milliseconds since the epoch
   */
  mintToken(
    username: string,
    options: { readonly now: number; readonly expiresInSeconds?: number },
  ): string {
    return this.accounts.mint(
      username,
      options.now,
      options.expiresInSeconds ?? this.switches.tokenLifeSeconds,
    );
  }

  revokeTokens(username: string): void {
    this.accounts.revoke(username);
  }

  /** Adds a dataset, or replaces the one with the same PID. */
  addDataset(input: DatasetInput): DatasetDocument {
    return this.datasetStore.add(input);
  }

  addOrigDatablock(
    pid: string,
    files: readonly { readonly path: string; readonly size?: number }[],
  ): OrigDatablockDocument {
    return this.datasetStore.addBlock(pid, files);
  }

  /** @returns whether it existed */
  deleteDataset(pid: string): boolean {
    return this.datasetStore.delete(pid);
  }

  changeDataset(
    pid: string,
    change: Partial<Omit<DatasetDocument, '_id' | 'pid'>>,
  ): DatasetDocument {
    return this.datasetStore.change(pid, change);
  }

  /** Merges into a dataset's lifecycle, as the archiver would. */
  changeLifecycle(pid: string, change: DatasetLifecycle): DatasetDocument {
    const before = this.datasetStore.all.get(pid)?.datasetlifecycle;
    return this.datasetStore.change(pid, { datasetlifecycle: { ...before, ...change } });
  }

  /** In order of creation. */
  jobs(): readonly JobDocument[] {
    return [...this.jobStore.all.values()];
  }

  job(id: string): JobDocument | undefined {
    return this.jobStore.all.get(id);
  }

  /** Stores a job without any checks, such as one of an older version of the proxy. */
  putJob(job: JobDocument): void {
    this.jobStore.store(job);
  }

  /** @returns whether it existed */
  removeJob(id: string): boolean {
    return this.jobStore.remove(id) !== undefined;
  }

  /** How often a job's update actions (e-mails) ran. */
  updateActions(id: string): number {
    return this.jobStore.updateActions(id);
  }

  /** E-mails that job actions sent, oldest first. */
  mails(): readonly Mail[] {
    return this.jobStore.mails;
  }

  handle(request: EmulatedRequest, now: number): EmulatedResponse {
    if (hasLongHeader(request)) return { status: 431 };
    // Express reads the body before the token is checked.
    if (!NO_BODY.has(request.method) && isLongBody(request.body)) return internalServerError;
    const who = this.accounts.identify(request.headers['authorization'], now);
    const response = this.answer({ request, who, now });
    if (!this.switches.maskPersonalInfo || (who.type === 'user' && who.rights.admin)) {
      return response;
    }
    const ownEmail = who.type === 'user' ? who.account.email : undefined;
    return response.body === undefined
      ? response
      : { ...response, body: maskPersonalInfo(response.body, ownEmail) };
  }

  private answer(call: Call): EmulatedResponse {
    try {
      const route = routeOf(call.request.path);
      // Before the database is asked.
      if (call.who.type === 'expired') return sessionExpired;
      const response = this.switches.databaseDown
        ? this.answerWithoutDatabase(route, call)
        : this.answerRoute(route, call);
      return response ?? notFound(`Cannot ${call.request.method} ${call.request.path}`);
    } catch (error) {
      if (error instanceof Refusal) return error.response;
      // Surprise: any failure of a list is a 400.
      if (error instanceof FilterError) return badRequest(error.message);
      throw error;
    }
  }

  private answerRoute(route: Route, call: Call): EmulatedResponse | undefined {
    switch (`${route.version}/${route.resource}`) {
      case 'v3/auth':
      case 'v3/users':
        return this.answerAuth(route, call);
      case 'v3/health':
        return route.rest.length === 0 && call.request.method === 'GET' ? healthy(true) : undefined;
      case 'v3/datasets':
      case 'v4/datasets':
        return this.answerDatasets(route.version, route, call);
      case 'v4/origdatablocks':
        return route.rest.length === 0 && call.request.method === 'GET'
          ? this.datasetStore.listBlocks(call)
          : undefined;
      case 'v4/jobs':
        return this.answerJobs(route, call);
      default:
        return undefined;
    }
  }

  private answerAuth(route: Route, call: Call): EmulatedResponse | undefined {
    switch (`${call.request.method} ${route.resource}/${route.rest.join('/').toLowerCase()}`) {
      case 'POST auth/login':
        return this.login(call);
      case 'GET auth/whoami':
        return whoAmI(call.who);
      case 'GET users/my/identity':
        return identity(call.who);
      case 'POST users/jwt':
        // Surprise: a valid token without credentials.
        return created({
          jwt: this.accounts.mintAnonymous(call.now, this.switches.tokenLifeSeconds),
        });
      default:
        return undefined;
    }
  }

  private answerDatasets(
    version: ApiVersion,
    route: Route,
    call: Call,
  ): EmulatedResponse | undefined {
    const [pid, sub] = route.rest;
    const { method } = call.request;
    if (route.rest.length > 2) return undefined;
    if (sub !== undefined && pid !== undefined) {
      const name = sub.toLowerCase();
      if (method === 'PATCH' && name === 'datasetlifecycle') {
        return this.datasetStore.patchLifecycle(version, pid, call);
      }
      return method === 'GET' && version === 'v3' && name === 'origdatablocks'
        ? this.datasetStore.getBlocksV3(pid, call)
        : undefined;
    }
    if (method !== 'GET') return undefined;
    switch (pid?.toLowerCase()) {
      // Surprise: an empty PID is the list, and some PIDs are routes.
      case undefined:
      case 'fullquery':
        return this.datasetStore.list(version, call);
      case 'findone':
        return this.datasetStore.findOne(version, call);
      default:
        return this.datasetStore.get(version, pid ?? '', call);
    }
  }

  private answerJobs(route: Route, call: Call): EmulatedResponse | undefined {
    const [id, sub] = route.rest;
    if (sub !== undefined) return undefined;
    const { method } = call.request;
    if (id === undefined) {
      if (method === 'POST') return this.jobStore.create(call);
      return method === 'GET' ? this.jobStore.list(call) : undefined;
    }
    switch (method) {
      case 'GET':
        // Surprise: these are routes, not ids; `count` isn't one, and so is an invalid id.
        if (id.toLowerCase() === 'fullquery') return this.jobStore.list(call);
        if (id.toLowerCase() === 'fullfacet') return this.jobStore.facets(call);
        return this.jobStore.get(id, call);
      case 'PATCH':
        return this.jobStore.update(id, call);
      case 'DELETE':
        return this.jobStore.delete(id, call);
      default:
        return undefined;
    }
  }

  private login(call: Call): EmulatedResponse {
    const { username, password } = parseBody(call.request);
    if (typeof username !== 'string' || typeof password !== 'string') return wrongCredentials;
    const account = this.accounts.find(username)?.account;
    if (account === undefined) return wrongCredentials;
    // An LDAP or OIDC account has no local password.
    if (account.password === undefined) return internalServerError;
    if (account.password !== password) return wrongCredentials;
    this.accounts.change(username, { known: true });
    const lifeSeconds = this.switches.tokenLifeSeconds;
    const token = this.accounts.mint(username, call.now, lifeSeconds);
    return created({
      access_token: token,
      id: token,
      expires_in: lifeSeconds,
      ttl: lifeSeconds,
      created: new Date(call.now).toISOString(),
      userId: account.id,
      user: {
        _id: account.id,
        username,
        email: account.email,
        authStrategy: 'local',
        __v: 0,
        id: account.id,
      },
    });
  }

  private answerWithoutDatabase(route: Route, call: Call): EmulatedResponse | undefined {
    const late = (response: EmulatedResponse): EmulatedResponse => ({
      ...response,
      delayMs: this.switches.databaseTimeoutMs,
    });
    const hasToken = call.who.type !== 'nobody';
    switch (`${route.version}/${route.resource}`) {
      case 'v3/health':
        return late(healthy(false));
      case 'v3/users':
        // Surprise: an outage looks like a bad token.
        return hasToken ? late(unauthenticated) : unauthenticated;
      case 'v3/auth':
        return route.rest[0]?.toLowerCase() === 'whoami'
          ? { ...emptySuccess, delayMs: Number.POSITIVE_INFINITY }
          : late(internalServerError);
      case 'v3/datasets':
        return late(internalServerError);
      case 'v4/datasets':
      case 'v4/origdatablocks':
      case 'v4/jobs':
        // Surprise: an outage looks like missing rights.
        return hasToken ? late(forbidden()) : forbidden();
      default:
        return undefined;
    }
  }
}

interface Route {
  readonly version: ApiVersion;
  /** Lower case. */
  readonly resource: string;
  /** What follows, decoded. */
  readonly rest: readonly string[];
}

const NO_ROUTE: Route = { version: 'v3', resource: '', rest: [] };

/** Paths are case-insensitive; each segment is decoded on its own. */
function routeOf(path: string): Route {
  const [, api, version, resource, ...rest] = path.split('/');
  if (rest.at(-1) === '') rest.pop();
  const known = version?.toLowerCase();
  if (api?.toLowerCase() !== 'api' || resource === undefined) return NO_ROUTE;
  if (known !== 'v3' && known !== 'v4') return NO_ROUTE;
  return { version: known, resource: resource.toLowerCase(), rest: rest.map(decode) };
}

function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Refusal(badRequest(`Failed to decode param '${segment}'`));
  }
}

function hasLongHeader(request: EmulatedRequest): boolean {
  const filter = request.query.get('filter');
  // Percent-encoding makes a code unit at most nine characters long.
  if (filter === null || filter.length * 9 < MAX_HEADER_BYTES) return false;
  return encodeURIComponent(filter).length > MAX_HEADER_BYTES;
}

function isLongBody(body: string): boolean {
  // A code unit takes at most three bytes.
  return body.length * 3 > MAX_BODY_BYTES && Buffer.byteLength(body) > MAX_BODY_BYTES;
}

function healthy(up: boolean): EmulatedResponse {
  const mongodb = { mongodb: { status: up ? 'up' : 'down' } };
  return up
    ? ok({ status: 'ok', info: mongodb, error: {}, details: mongodb })
    : { status: 503, body: { status: 'error', info: {}, error: mongodb, details: mongodb } };
}

function whoAmI(who: Identification): EmulatedResponse {
  switch (who.type) {
    case 'nobody':
    case 'expired':
      // Surprise: an empty 200, not a 401.
      return emptySuccess;
    case 'anonymous':
      return ok({ username: 'anonymous', currentGroups: [] });
    case 'user':
      return ok({
        _id: who.account.id,
        username: who.account.username,
        email: who.account.email,
        currentGroups: who.account.groups,
        authStrategy: 'local',
      });
  }
}

function identity(who: Identification): EmulatedResponse {
  switch (who.type) {
    case 'nobody':
    case 'expired':
      return unauthenticated;
    case 'anonymous':
      // Surprise: an empty 200.
      return emptySuccess;
    case 'user': {
      const { id, username, email, displayName, groups, profile } = who.account;
      const time = '2026-01-01T00:00:00.000Z';
      return ok({
        _id: `identity-${id}`,
        authStrategy: 'local',
        externalId: '',
        profile: {
          displayName,
          email,
          username,
          thumbnailPhoto: 'error: no photo found',
          id,
          emails: [{ value: email }],
          accessGroups: groups,
          _id: `profile-${id}`,
          ...profile,
        },
        provider: who.account.provider,
        userId: id,
        created: time,
        modified: time,
        __v: 0,
        id: `identity-${id}`,
      });
    }
  }
}
