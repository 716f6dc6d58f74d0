import { randomUUID } from 'node:crypto';
import { TRANSFER_JOB_TYPE, type TransferJobDocument } from '../../domain/job-reading.js';
import type { JobView } from '../../domain/job-view.js';
import { statusCodeIn, type StatusCodeStyle } from '../../domain/status-codes.js';
import { field, stringField } from '../../domain/untyped.js';
import { serverAheadMs } from '../../http-client/server-time.js';
import type { UpstreamAnswer } from '../../http-client/upstream-caller.js';
import type { Clock } from '../../ports/clock.port.js';
import { JOBS_PATH, listJobs } from '../../scicat/job-list.js';
import { type ScicatRequest, segment } from '../../scicat/scicat-api.js';
import { DATASETS_PATH } from '../../scicat/scicat-datasets.client.js';
import {
  failureOf,
  isInvalid,
  isNotThere,
  malformed,
  saysUnknownJob,
  saysUnknownJobType,
  upstreamMessageOf,
} from '../../scicat/scicat-error.js';
import { HEALTH_PATH } from '../../scicat/scicat-health.js';
import type { ScicatServices } from '../../scicat/scicat-services.js';
import {
  type AccountFacts,
  readAccount,
  readIdentity,
  readJobDocument,
  readJobId,
  readJobKey,
} from '../../scicat/scicat.wire.js';

/** Which of the service's SciCat accounts; both are the same if it has only one. */
export type AccountRole = 'creator' | 'updater';

/** What SciCat's health route says. */
export interface HealthReading {
  readonly status: number;
  /** `no-scicat`: what responds there is not SciCat. */
  readonly kind: 'well' | 'unwell' | 'no-scicat';
  /** How far SciCat's clock is ahead of this machine's, in milliseconds; undefined if unknown. */
  readonly aheadMs: number | undefined;
}

/**
 * What a response tells about a right. `not-told`: it is the same with and without the right;
 * `strange`: SciCat is not known to give it.
 */
export type RightReading =
  | { readonly kind: 'granted' | 'not-told' }
  | { readonly kind: 'refused' | 'strange'; readonly status: number };

/** As {@link RightReading}; or SciCat stored a job that it should have refused, to be removed. */
export type CreateReading = RightReading | { readonly kind: 'stored'; readonly jobId: string };

/**
 * Whether SciCat's job configuration has a type. `refused`: SciCat lets none of the accounts create any
 * job, and does not tell.
 */
export type JobTypeReading =
  | { readonly kind: 'known' | 'unknown' }
  | { readonly kind: 'refused' | 'strange'; readonly status: number };

/**
 * Which SciCat it is, as far as rights depend on it. `5.2` is 5.2.0 and 5.2.1; in what came `later`,
 * the rights of an account's groups add up.
 */
export type ScicatRelease = 'before-5.2' | '5.2' | 'later' | 'unknown';

/** What an account can read, and thus may do. `not-told`: there was nothing to try it on. */
export type ProofReading =
  { readonly kind: 'granted' | 'not-told' } | { readonly kind: 'refused'; readonly status: number };

/** A user who can own a trial job. */
export interface TrialUser {
  readonly username: string;
  readonly groups: readonly string[];
}

/** The result of creating a job. `doubtful`: the job may exist, whatever the status says. */
export type TrialJobReading =
  | { readonly kind: 'made'; readonly jobId: string }
  | { readonly kind: 'doubtful'; readonly status: number };

/** The methods of {@link ScicatProbeClient}. */
export type ScicatProbe = Pick<ScicatProbeClient, keyof ScicatProbeClient>;

/** While its database is down, SciCat takes 30 s to answer; operators should not wait that long. */
const PATIENCE = { timeoutMs: 8_000, deadlineMs: 10_000, maxAttempts: 2 } as const;

/**
 * SciCat, for an operator's questions. SciCat has no call for most rights, but it checks in a fixed
 * order: the guard of the route, the job's type, its datasets, its owner, the object itself. So the
 * refusal of a request that can't succeed tells how far the request got.
 *
 * All methods throw an `UpstreamError` if there is no answer, or the signal's reason. Those before
 * {@link makeTrialJob} change nothing.
 */
export class ScicatProbeClient {
  constructor(
    private readonly scicat: Pick<ScicatServices, 'api' | 'creator' | 'updater' | 'jobs'>,
    private readonly clock: Clock,
    private readonly statusCodes: StatusCodeStyle = 'numbers',
  ) {}

  async health(signal: AbortSignal): Promise<HealthReading> {
    const sentAt = this.clock.now();
    const answer = await this.scicat.api.call({
      operation: 'check health',
      ...PATIENCE,
      safety: 'safe',
      method: 'GET',
      path: HEALTH_PATH,
      // With its database down SciCat answers 503, and a retry would not help.
      maxAttempts: 1,
      signal,
    });
    const status = field(answer.body, 'status');
    return {
      status: answer.status,
      kind:
        answer.status === 200 && status === 'ok'
          ? 'well'
          : answer.status >= 500 || status === 'error'
            ? 'unwell'
            : 'no-scicat',
      aheadMs: serverAheadMs(answer, sentAt, this.clock.now()),
    };
  }

  /** Logs in and reads the account. @throws ServiceAccountError if SciCat refuses the login */
  async whoAmI(role: AccountRole, signal: AbortSignal): Promise<AccountFacts> {
    const operation = 'ask who I am';
    const answer = await this.send(role, {
      operation,
      safety: 'safe',
      method: 'GET',
      path: 'api/v3/auth/whoami',
      signal,
    });
    if (answer.status !== 200) throw failureOf(answer, operation, { forbidden: 'own-account' });
    const account = readAccount(answer.body);
    if (account === undefined) throw malformed(answer, operation);
    return account;
  }

  /**
   * SciCat checks the type first, and the list of datasets before any right but the one to create jobs
   * of some type. An account that lacks that one may be the wrong one, so the other is tried, too.
   */
  async jobType(type: string, signal: AbortSignal): Promise<JobTypeReading> {
    const answer = await this.createWithoutDatasets(type, signal);
    if (saysUnknownJobType(answer)) return { kind: 'unknown' };
    if (invalidMessage(answer) === NO_DATASETS) return { kind: 'known' };
    const { status } = answer;
    return { kind: status === 403 ? 'refused' : 'strange', status };
  }

  /**
   * Infers the release from answers that changed: there is no call for it. Since 5.2 invalid jobs get
   * another status; later, version 4 began to show published datasets to everybody, and therefore
   * looks for a dataset before it asks for a login.
   */
  async release(signal: AbortSignal): Promise<ScicatRelease> {
    const dataset = await this.scicat.api.call({
      operation: 'ask for a dataset without a login',
      ...PATIENCE,
      safety: 'safe',
      method: 'GET',
      path: `${DATASETS_PATH}/${randomUUID()}`,
      signal,
    });
    if (isNotThere(dataset)) return 'later';
    const answer = await this.createWithoutDatasets(TRANSFER_JOB_TYPE, signal);
    if (invalidMessage(answer) !== NO_DATASETS) return 'unknown';
    return answer.status === 422 ? '5.2' : 'before-5.2';
  }

  /**
   * Whether an account may create transfer jobs for other users: SciCat checks the owner, and the
   * right to choose it, before it creates the job.
   */
  async mayCreateJobs(role: AccountRole, signal: AbortSignal): Promise<CreateReading> {
    const json = { type: TRANSFER_JOB_TYPE, jobParams: {} };
    const answer = await this.create(role, 'ask for right to create', json, signal);
    const jobId = createdJobId(answer);
    if (jobId !== undefined) return { kind: 'stored', jobId };
    const message = invalidMessage(answer);
    // A 403 from 5.2 on.
    if (message.includes('Owner group should be specified')) {
      return { kind: 'refused', status: answer.status };
    }
    return rightIn(answer, message.startsWith('Contact email should be specified'), 'granted');
  }

  /**
   * Whether an account may update jobs; never `granted`, since SciCat's responses after the guard
   * of the route are all alike.
   */
  async mayUpdateJobs(role: AccountRole, signal: AbortSignal): Promise<RightReading> {
    const { statusCode, statusMessage } = trialView(this.statusCodes);
    const answer = await this.send(role, {
      operation: 'ask for right to update',
      safety: 'once',
      method: 'PATCH',
      path: `${JOBS_PATH}/${randomUUID()}`,
      json: { statusCode, statusMessage },
      signal,
    });
    return rightIn(answer, saysUnknownJob(answer), 'not-told');
  }

  /** Here SciCat checks the right before the job. */
  async mayDeleteJobs(signal: AbortSignal): Promise<RightReading> {
    const answer = await this.send('updater', {
      operation: 'ask for right to delete',
      safety: 'idempotent',
      method: 'DELETE',
      path: `${JOBS_PATH}/${randomUUID()}`,
      signal,
    });
    return rightIn(answer, saysUnknownJob(answer), 'granted');
  }

  /**
   * Whether the updater may change lifecycles; never `granted`, since the guard lets all accounts
   * through that may create datasets, and often all may.
   */
  async mayChangeLifecycles(signal: AbortSignal): Promise<RightReading> {
    const answer = await this.send('updater', {
      operation: 'ask for right to change lifecycles',
      safety: 'idempotent',
      method: 'PATCH',
      path: `${DATASETS_PATH}/${randomUUID()}/datasetlifecycle`,
      json: { archivable: false },
      signal,
    });
    return rightIn(answer, isNotThere(answer), 'not-told');
  }

  /**
   * Whether the updater can read a job that is neither its own nor its groups'. Only accounts that may
   * create or update all jobs can.
   *
   * @param updater the account itself
   */
  async readsJobsOfOthers(updater: AccountFacts, signal: AbortSignal): Promise<ProofReading> {
    // Of any type: the service may not have made any yet.
    const jobs = await this.someJobs({}, ['id', 'type', 'ownerUser', 'ownerGroup'], signal);
    const others = jobs.filter(
      ({ ownerUser, ownerGroup }) =>
        ownerUser !== updater.username && !updater.groups.includes(ownerGroup),
    );
    for (const { id } of others.slice(0, MAX_TRIED)) {
      const answer = await this.read('ask for a job', `${JOBS_PATH}/${id}`, signal);
      if (answer.status === 200) return { kind: 'granted' };
      if (answer.status === 403) return { kind: 'refused', status: answer.status };
    }
    return NOT_TOLD;
  }

  /**
   * Whether the updater can read datasets that are not its groups'. Only administrators can, and
   * accounts that may set all lifecycles.
   *
   * @param updater the account itself
   */
  async readsDatasetsOfOthers(updater: AccountFacts, signal: AbortSignal): Promise<ProofReading> {
    const others = { $nin: updater.groups };
    const filter = {
      where: { isPublished: false, ownerGroup: others, accessGroups: others },
      fields: ['pid'],
      limits: { limit: 1 },
    };
    const list = await this.read('ask for datasets', DATASETS_PATH, signal, filter);
    if (list.status === 200 && Array.isArray(list.body) && list.body.length > 0) {
      return { kind: 'granted' };
    }
    // That list is empty, too, if there are no such datasets. Usually, those of transfers exist.
    const where = { type: TRANSFER_JOB_TYPE, createdBy: this.scicat.creator.username };
    const jobs = await this.someJobs(where, ['id', 'type', 'jobParams.datasetList'], signal);
    const pids = jobs.flatMap(({ datasetPids }) => datasetPids);
    for (const pid of [...new Set(pids)].slice(0, MAX_TRIED)) {
      const name = segment(pid);
      if (name === undefined) continue;
      const answer = await this.read('ask for a dataset', `${DATASETS_PATH}/${name}`, signal);
      if (answer.status === 403) return { kind: 'refused', status: answer.status };
    }
    return NOT_TOLD;
  }

  /** How the account's identity came about: `local`, or the provider whose user logged in as it last. */
  async providerOf(role: AccountRole, signal: AbortSignal): Promise<string> {
    const operation = 'ask for the identity';
    const path = 'api/v3/users/my/identity';
    const answer = await this.send(role, {
      operation,
      safety: 'safe',
      method: 'GET',
      path,
      signal,
    });
    if (answer.status !== 200) throw failureOf(answer, operation, { forbidden: 'own-account' });
    const strategy = stringField(answer.body, 'authStrategy') ?? '';
    const provider = stringField(answer.body, 'provider') ?? '';
    return strategy === 'local' ? provider : strategy;
  }

  /** A job of the service that another account than the service's own changed last; undefined if none. */
  async rewrittenJob(
    signal: AbortSignal,
  ): Promise<{ readonly jobId: string; readonly updatedBy: string } | undefined> {
    const { jobs } = this.scicat;
    const where = {
      type: TRANSFER_JOB_TYPE,
      createdBy: { $in: jobs.ownAccounts() },
      updatedBy: { $nin: jobs.ownWriters() },
    };
    const [job] = await this.someJobs(where, ['id', 'type', 'createdBy', 'updatedBy'], signal, 1);
    return job === undefined ? undefined : { jobId: job.id, updatedBy: job.updatedBy };
  }

  /** The user of a token; undefined if SciCat does not accept it. */
  async userOf(token: string, signal: AbortSignal): Promise<TrialUser | undefined> {
    const path = 'api/v3/users/my/identity';
    const answer = await this.sendAs(token, {
      operation: 'identify user',
      safety: 'safe',
      method: 'GET',
      path,
      signal,
    });
    const identity = answer.status === 200 ? readIdentity(answer.body) : undefined;
    return identity && { username: identity.username, groups: identity.accessGroups };
  }

  /**
   * Whether a user may update jobs: `refused` is proven, for jobs of any type. With a job's id, the answer
   * is about that job, and `granted` means that it was updated.
   */
  async mayUserUpdate(
    token: string,
    signal: AbortSignal,
    jobId: string = randomUUID(),
  ): Promise<RightReading> {
    const { statusCode, statusMessage } = trialView(this.statusCodes);
    const answer = await this.sendAs(token, {
      operation: 'ask for the right of a user to update',
      safety: 'once',
      method: 'PATCH',
      path: `${JOBS_PATH}/${jobId}`,
      json: { statusCode, statusMessage },
      signal,
    });
    if (answer.status === 200) return { kind: 'granted' };
    return rightIn(answer, saysUnknownJob(answer), 'not-told');
  }

  /**
   * Creates a job of the transfers' type that no service takes for a transfer: it has no record.
   *
   * @param marker lets {@link findTrialJob} find it
   * @param owner by default the account itself, so that the job does not show up among a user's jobs
   */
  async makeTrialJob(
    marker: string,
    signal: AbortSignal,
    owner?: TrialUser,
  ): Promise<TrialJobReading> {
    const ownerGroup = owner?.groups[0];
    const json = {
      type: TRANSFER_JOB_TYPE,
      ownerUser: owner?.username ?? this.scicat.creator.username,
      ...(ownerGroup === undefined ? {} : { ownerGroup }),
      jobParams: { [MARKER]: marker },
    };
    const answer = await this.create('creator', 'make trial job', json, signal);
    const jobId = createdJobId(answer);
    return jobId === undefined
      ? { kind: 'doubtful', status: answer.status }
      : { kind: 'made', jobId };
  }

  /** @returns the job's id, or undefined if there is none */
  async findTrialJob(marker: string, signal: AbortSignal): Promise<string | undefined> {
    const { creator } = this.scicat;
    const createdBy = creator.username;
    const [job] = await listJobs(creator, {
      operation: 'find trial job',
      where: { type: TRANSFER_JOB_TYPE, createdBy, [`jobParams.${MARKER}`]: marker },
      fields: ['id'],
      limit: 1,
      read: readJobKey,
      signal,
    });
    return job?.id;
  }

  /** Marks the job as cancelled, so that it counts as ended. */
  async endTrialJob(jobId: string, signal: AbortSignal): Promise<void> {
    await this.scicat.jobs.write(jobId, trialView(this.statusCodes), signal);
  }

  async removeJob(jobId: string, signal: AbortSignal): Promise<void> {
    await this.scicat.jobs.remove(jobId, signal);
  }

  /** Some jobs as the creator sees them, in no order. */
  private async someJobs(
    where: Readonly<Record<string, unknown>>,
    fields: readonly string[],
    signal: AbortSignal,
    limit = MAX_JOBS_READ,
  ): Promise<readonly TransferJobDocument[]> {
    const answer = await this.send('creator', {
      operation: 'ask for some jobs',
      safety: 'safe',
      method: 'GET',
      path: JOBS_PATH,
      filter: { where, fields, limits: { limit } },
      signal,
    });
    if (answer.status !== 200 || !Array.isArray(answer.body)) return [];
    return answer.body.flatMap((job: unknown) => readJobDocument(job) ?? []);
  }

  private async createWithoutDatasets(type: string, signal: AbortSignal): Promise<UpstreamAnswer> {
    const json = { type, jobParams: { datasetList: [] } };
    const answer = await this.create('creator', 'ask for job type', json, signal);
    const { creator, updater } = this.scicat;
    return answer.status === 403 && creator !== updater
      ? this.create('updater', 'ask for job type', json, signal)
      : answer;
  }

  private create(
    role: AccountRole,
    operation: string,
    json: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer> {
    const path = JOBS_PATH;
    return this.send(role, { operation, safety: 'once', method: 'POST', path, json, signal });
  }

  private read(
    operation: string,
    path: string,
    signal: AbortSignal,
    filter?: ScicatRequest['filter'],
  ): Promise<UpstreamAnswer> {
    const request = { operation, safety: 'safe', method: 'GET', path, signal } as const;
    return this.send('updater', filter === undefined ? request : { ...request, filter });
  }

  private sendAs(token: string, request: ScicatRequest): Promise<UpstreamAnswer> {
    return this.scicat.api.call({ ...PATIENCE, ...request }, token);
  }

  private send(role: AccountRole, request: ScicatRequest): Promise<UpstreamAnswer> {
    return this.scicat[role].call({ ...PATIENCE, ...request });
  }
}

const NO_DATASETS = 'List of passed datasets is empty.';
const NOT_TOLD = { kind: 'not-told' } as const;
const MAX_JOBS_READ = 50;
const MAX_TRIED = 5;

/** Key in `jobParams`. */
const MARKER = 'doctorTrial';

const trialView = (style: StatusCodeStyle): JobView => ({
  statusCode: statusCodeIn(style, '004'),
  statusMessage: 'Test job of "scicat-globus-proxy doctor"; may be deleted.',
  jobResultObject: {
    globusTaskId: '',
    bytesTransferred: 0,
    filesTransferred: 0,
    filesTotal: 0,
    status: 'cancelled',
    error: '',
    phase: 'cancelled',
    bytesTotal: 0,
    faults: 0,
    attempts: 0,
  },
});

function createdJobId({ status, body }: UpstreamAnswer): string | undefined {
  return status === 201 ? readJobId(body) : undefined;
}

/** SciCat's message if it found the request invalid; '' otherwise. */
function invalidMessage(answer: UpstreamAnswer): string {
  return isInvalid(answer) ? (upstreamMessageOf(answer.body) ?? '') : '';
}

/** @param passed whether the request passed SciCat's check of the right, which then means `kind` */
function rightIn(
  { status }: UpstreamAnswer,
  passed: boolean,
  kind: 'granted' | 'not-told',
): RightReading {
  if (status === 403) return { kind: 'refused', status };
  return passed ? { kind } : { kind: 'strange', status };
}
