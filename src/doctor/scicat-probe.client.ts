import type {
  AccountFacts,
  AccountRole,
  CreateReading,
  HealthReading,
  JobTypeReading,
  RightReading,
  ScicatProbe,
  TrialJobReading,
} from '../ports/scicat-probe.port.js';
import { randomUUID } from 'node:crypto';
import { serverAheadMs } from '../http-client/server-time.js';
import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import type { Clock } from '../ports/clock.port.js';
import type { TransferJobs } from '../ports/transfer-jobs.port.js';
import { TRANSFER_JOB_TYPE } from '../domain/job-reading.js';
import { field } from '../domain/untyped.js';
import type { JobView } from '../domain/job-view.js';
import { JOBS_PATH, listJobs } from '../scicat/job-list.js';
import { DATASETS_PATH } from '../scicat/scicat-datasets.client.js';
import { HEALTH_PATH } from '../scicat/scicat-health.js';
import type { ScicatApi, ScicatRequest } from '../scicat/scicat-api.js';
import { failureOf, isNotThere, malformed, upstreamMessageOf } from '../scicat/scicat-error.js';
import { readAccount, readJobId } from '../scicat/scicat.wire.js';
import type { ServiceAccount } from '../scicat/service-account.js';

/** What {@link ScicatProbeClient} is made of. */
export interface ScicatProbeOptions {
  readonly api: ScicatApi;
  readonly creator: ServiceAccount;
  /** The creator itself where one account has all rights. */
  readonly updater: ServiceAccount;
  readonly jobs: Pick<TransferJobs, 'write' | 'remove'>;
  readonly clock: Clock;
}

/** With its database down SciCat takes 30 s for any answer; that is too late for whoever waits. */
const TIMEOUT_MS = 8_000;
const DEADLINE_MS = 10_000;
const MAX_ATTEMPTS = 2;

/**
 * SciCat, as an operator's questions see it. Most rights can't be asked for, but SciCat checks in a
 * fixed order, so that the refusal of a request that can't succeed tells how far it got: the guard
 * of the route, the job's type, its datasets, its owner, the thing itself.
 */
export class ScicatProbeClient implements ScicatProbe {
  constructor(private readonly options: ScicatProbeOptions) {}

  async health(signal: AbortSignal): Promise<HealthReading> {
    const { api, clock } = this.options;
    const sentAt = clock.now();
    const answer = await api.call({
      operation: 'check health',
      ...PATIENCE,
      safety: 'safe',
      method: 'GET',
      path: HEALTH_PATH,
      // With its database down SciCat answers 503, and a repetition would not help.
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
      aheadMs: serverAheadMs(answer, sentAt, clock.now()),
    };
  }

  async whoAmI(role: AccountRole, signal: AbortSignal): Promise<AccountFacts> {
    const operation = 'ask who I am';
    const answer = await this.options[role].call({
      operation,
      ...PATIENCE,
      safety: 'safe',
      method: 'GET',
      path: 'api/v3/auth/whoami',
      signal,
    });
    if (answer.status !== 200) {
      throw failureOf(answer, { operation, badRequest: 'refused', forbidden: 'own-account' });
    }
    const account = readAccount(answer.body);
    if (account === undefined) throw malformed(answer, operation);
    return account;
  }

  /** The type is looked up first, and the list of datasets before any right. */
  async jobType(type: string, signal: AbortSignal): Promise<JobTypeReading> {
    const { status, message } = refusalIn(
      await this.asCreator({ type, jobParams: { datasetList: [] } }, 'ask for job type', signal),
    );
    if (status === 400 && message === `Invalid job type: ${type}`) return { kind: 'unknown' };
    return status === 400 && message === 'List of passed datasets is empty.'
      ? { kind: 'known' }
      : { kind: 'strange', status };
  }

  /** Whose the job shall be is settled before it is made, and by the account's right to choose. */
  async mayCreateJobs(signal: AbortSignal): Promise<CreateReading> {
    const answer = await this.asCreator(
      { type: TRANSFER_JOB_TYPE, jobParams: {} },
      'ask for right to create',
      signal,
    );
    const jobId = answer.status === 201 ? readJobId(answer.body) : undefined;
    if (jobId !== undefined) return { kind: 'stored', jobId };
    const { status, message } = refusalIn(answer);
    if (status === 400 && message.startsWith('Contact email should be specified')) {
      return { kind: 'granted' };
    }
    return status === 403 || (status === 400 && message.includes('Owner group should be specified'))
      ? { kind: 'refused', status }
      : { kind: 'strange', status };
  }

  /** The guard of the route comes before the id; what comes after it is not told apart. */
  async mayUpdateJobs(signal: AbortSignal): Promise<RightReading> {
    const { status, message } = refusalIn(
      await this.options.updater.call({
        operation: 'ask for right to update',
        ...PATIENCE,
        safety: 'once',
        method: 'PATCH',
        path: `${JOBS_PATH}/${randomUUID()}`,
        json: { statusCode: TRIAL_VIEW.statusCode, statusMessage: TRIAL_VIEW.statusMessage },
        signal,
      }),
    );
    if (status === 403) return { kind: 'refused', status };
    return status === 400 && message === 'Invalid job id.'
      ? { kind: 'not-told' }
      : { kind: 'strange', status };
  }

  /** Here the right is asked for before the job. */
  async mayDeleteJobs(signal: AbortSignal): Promise<RightReading> {
    const { status, message } = refusalIn(
      await this.options.updater.call({
        operation: 'ask for right to delete',
        ...PATIENCE,
        safety: 'idempotent',
        method: 'DELETE',
        path: `${JOBS_PATH}/${randomUUID()}`,
        signal,
      }),
    );
    if (status === 403) return { kind: 'refused', status };
    return status === 400 && message.includes("doesn't exist")
      ? { kind: 'granted' }
      : { kind: 'strange', status };
  }

  /** The guard lets everybody through who may make datasets, which is often everybody. */
  async mayChangeLifecycles(signal: AbortSignal): Promise<RightReading> {
    const answer = await this.options.updater.call({
      operation: 'ask for right to change lifecycles',
      ...PATIENCE,
      safety: 'idempotent',
      method: 'PATCH',
      path: `${DATASETS_PATH}/${randomUUID()}/datasetlifecycle`,
      json: { archivable: false },
      signal,
    });
    if (answer.status === 403) return { kind: 'refused', status: 403 };
    return isNotThere(answer) ? { kind: 'not-told' } : { kind: 'strange', status: answer.status };
  }

  async makeTrialJob(marker: string, signal: AbortSignal): Promise<TrialJobReading> {
    const answer = await this.asCreator(
      {
        type: TRANSFER_JOB_TYPE,
        // Owned by nobody else, so that nobody else finds it among their jobs.
        ownerUser: this.options.creator.username,
        jobParams: { [MARKER]: marker },
      },
      'make trial job',
      signal,
    );
    const jobId = answer.status === 201 ? readJobId(answer.body) : undefined;
    return jobId === undefined
      ? { kind: 'doubtful', status: answer.status }
      : { kind: 'made', jobId };
  }

  async findTrialJob(marker: string, signal: AbortSignal): Promise<string | undefined> {
    const { creator } = this.options;
    const ids = await listJobs(creator, {
      operation: 'find trial job',
      where: {
        type: TRANSFER_JOB_TYPE,
        createdBy: creator.username,
        [`jobParams.${MARKER}`]: marker,
      },
      fields: ['id'],
      limit: 1,
      read: readJobId,
      signal,
    });
    return ids[0];
  }

  async endTrialJob(jobId: string, signal: AbortSignal): Promise<void> {
    await this.options.jobs.write(jobId, TRIAL_VIEW, signal);
  }

  async removeJob(jobId: string, signal: AbortSignal): Promise<void> {
    await this.options.jobs.remove(jobId, signal);
  }

  private asCreator(
    json: Readonly<Record<string, unknown>>,
    operation: string,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer> {
    return this.options.creator.call({
      operation,
      ...PATIENCE,
      safety: 'once',
      method: 'POST',
      path: JOBS_PATH,
      json,
      signal,
    });
  }
}

const PATIENCE = {
  timeoutMs: TIMEOUT_MS,
  deadlineMs: DEADLINE_MS,
  maxAttempts: MAX_ATTEMPTS,
} satisfies Partial<ScicatRequest>;

/** In `jobParams`, where a transfer has its record. */
const MARKER = 'doctorTrial';

/** What a trial job ends as. */
const TRIAL_VIEW: JobView = {
  statusCode: '004',
  statusMessage: 'A trial by "scicat-globus-proxy doctor"; it may be deleted.',
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
};

function refusalIn({ status, body }: UpstreamAnswer): {
  readonly status: number;
  readonly message: string;
} {
  return { status, message: upstreamMessageOf(body) ?? '' };
}
