import { randomUUID } from 'node:crypto';
import { TRANSFER_JOB_TYPE } from '../../domain/job-reading.js';
import type { JobView } from '../../domain/job-view.js';
import { field } from '../../domain/untyped.js';
import { serverAheadMs } from '../../http-client/server-time.js';
import type { UpstreamAnswer } from '../../http-client/upstream-caller.js';
import type { Clock } from '../../ports/clock.port.js';
import { JOBS_PATH, listJobs } from '../../scicat/job-list.js';
import type { ScicatRequest } from '../../scicat/scicat-api.js';
import { DATASETS_PATH } from '../../scicat/scicat-datasets.client.js';
import { failureOf, isNotThere, malformed, upstreamMessageOf } from '../../scicat/scicat-error.js';
import { HEALTH_PATH } from '../../scicat/scicat-health.js';
import type { ScicatServices } from '../../scicat/scicat-services.js';
import { type AccountFacts, readAccount, readJobId } from '../../scicat/scicat.wire.js';

/** Which of the service's SciCat accounts; the same one where there is only one. */
export type AccountRole = 'creator' | 'updater';

/** What SciCat's health route says. */
export interface HealthReading {
  readonly status: number;
  /** `no-scicat`: what responds there is not SciCat. */
  readonly kind: 'well' | 'unwell' | 'no-scicat';
  /** How far SciCat's clock is ahead of this machine's, in milliseconds; undefined if unknown. */
  readonly aheadMs: number | undefined;
}

/** A response that SciCat is not known to give. */
interface StrangeReading {
  readonly kind: 'strange';
  readonly status: number;
}

/** What a refused request tells of a right. */
export type RightReading =
  | { readonly kind: 'granted' }
  | { readonly kind: 'refused'; readonly status: number }
  /** The response is the same with the right and without it. */
  | { readonly kind: 'not-told' }
  | StrangeReading;

/** What a request that must be refused tells of the right to create jobs. */
export type CreateReading =
  | RightReading
  /** SciCat stored what it should have refused. The job is there, and has to be removed. */
  | { readonly kind: 'stored'; readonly jobId: string };

/** Whether SciCat's job configuration has a type. */
export type JobTypeReading =
  { readonly kind: 'known' } | { readonly kind: 'unknown' } | StrangeReading;

/** What became of a job that was to be created. */
export type TrialJobReading =
  | { readonly kind: 'made'; readonly jobId: string }
  /** SciCat answered with this status; the job may be there all the same. */
  | { readonly kind: 'doubtful'; readonly status: number };

/** The questions of {@link ScicatProbeClient}. */
export type ScicatProbe = Pick<ScicatProbeClient, keyof ScicatProbeClient>;

/** With its database down SciCat takes 30 s for any answer; an operator should not wait that long. */
const PATIENCE = {
  timeoutMs: 8_000,
  deadlineMs: 10_000,
  maxAttempts: 2,
} satisfies Partial<ScicatRequest>;

/**
 * SciCat, as an operator's questions see it. SciCat can't be asked for most rights, but it checks in
 * a fixed order, so that the refusal of a request that can't succeed tells how far it got: the guard
 * of the route, the job's type, its datasets, its owner, the object itself.
 *
 * All methods throw an `UpstreamError` when there is no answer, and the signal's reason. Up to
 * {@link makeTrialJob} they change nothing.
 */
export class ScicatProbeClient {
  constructor(
    private readonly scicat: Pick<ScicatServices, 'api' | 'creator' | 'updater' | 'jobs'>,
    private readonly clock: Clock,
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

  /** Logs in and asks. @throws ServiceAccountError when SciCat refuses the login */
  async whoAmI(role: AccountRole, signal: AbortSignal): Promise<AccountFacts> {
    const operation = 'ask who I am';
    const answer = await this.scicat[role].call({
      operation,
      ...PATIENCE,
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

  /** SciCat looks the type up first, and checks the list of datasets before any right. */
  async jobType(type: string, signal: AbortSignal): Promise<JobTypeReading> {
    const json = { type, jobParams: { datasetList: [] } };
    const answer = await this.create(json, 'ask for job type', signal);
    if (refusedWith(answer, (said) => said === `Invalid job type: ${type}`)) {
      return { kind: 'unknown' };
    }
    return refusedWith(answer, (said) => said === 'List of passed datasets is empty.')
      ? { kind: 'known' }
      : { kind: 'strange', status: answer.status };
  }

  /**
   * Whether the creator may create transfer jobs for other users: SciCat settles the owner, and the
   * right to choose it, before it creates the job.
   */
  async mayCreateJobs(signal: AbortSignal): Promise<CreateReading> {
    const json = { type: TRANSFER_JOB_TYPE, jobParams: {} };
    const answer = await this.create(json, 'ask for right to create', signal);
    const jobId = createdJobId(answer);
    if (jobId !== undefined) return { kind: 'stored', jobId };
    if (refusedWith(answer, (said) => said.includes('Owner group should be specified'))) {
      return { kind: 'refused', status: answer.status };
    }
    const passed = (said: string): boolean => said.startsWith('Contact email should be specified');
    return rightIn(answer, refusedWith(answer, passed), 'granted');
  }

  /**
   * Whether the updater may update jobs; never `granted`: the guard of the route comes before the id,
   * and responses after it are all alike.
   */
  async mayUpdateJobs(signal: AbortSignal): Promise<RightReading> {
    const { statusCode, statusMessage } = TRIAL_VIEW;
    const answer = await this.scicat.updater.call({
      operation: 'ask for right to update',
      ...PATIENCE,
      safety: 'once',
      method: 'PATCH',
      path: `${JOBS_PATH}/${randomUUID()}`,
      json: { statusCode, statusMessage },
      signal,
    });
    return rightIn(
      answer,
      refusedWith(answer, (said) => said === 'Invalid job id.'),
      'not-told',
    );
  }

  /** Here SciCat checks the right before the job. */
  async mayDeleteJobs(signal: AbortSignal): Promise<RightReading> {
    const answer = await this.scicat.updater.call({
      operation: 'ask for right to delete',
      ...PATIENCE,
      safety: 'idempotent',
      method: 'DELETE',
      path: `${JOBS_PATH}/${randomUUID()}`,
      signal,
    });
    return rightIn(
      answer,
      refusedWith(answer, (said) => said.includes("doesn't exist")),
      'granted',
    );
  }

  /**
   * Whether the updater may change lifecycles; never `granted`: the guard lets everyone through who
   * may create datasets, which is often everyone.
   */
  async mayChangeLifecycles(signal: AbortSignal): Promise<RightReading> {
    const answer = await this.scicat.updater.call({
      operation: 'ask for right to change lifecycles',
      ...PATIENCE,
      safety: 'idempotent',
      method: 'PATCH',
      path: `${DATASETS_PATH}/${randomUUID()}/datasetlifecycle`,
      json: { archivable: false },
      signal,
    });
    return rightIn(answer, isNotThere(answer), 'not-told');
  }

  /**
   * Creates a job of the transfers' type that no service takes for a transfer: it has no record, and
   * belongs to the creator itself.
   *
   * @param marker by which {@link findTrialJob} finds it
   */
  async makeTrialJob(marker: string, signal: AbortSignal): Promise<TrialJobReading> {
    const json = {
      type: TRANSFER_JOB_TYPE,
      // Its own, so that no user finds it among their jobs.
      ownerUser: this.scicat.creator.username,
      jobParams: { [MARKER]: marker },
    };
    const answer = await this.create(json, 'make trial job', signal);
    const jobId = createdJobId(answer);
    return jobId === undefined
      ? { kind: 'doubtful', status: answer.status }
      : { kind: 'made', jobId };
  }

  /** @returns its id, or undefined when there is none */
  async findTrialJob(marker: string, signal: AbortSignal): Promise<string | undefined> {
    const { creator } = this.scicat;
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

  /** Writes that it is cancelled, so that it counts as ended. */
  async endTrialJob(jobId: string, signal: AbortSignal): Promise<void> {
    await this.scicat.jobs.write(jobId, TRIAL_VIEW, signal);
  }

  async removeJob(jobId: string, signal: AbortSignal): Promise<void> {
    await this.scicat.jobs.remove(jobId, signal);
  }

  private create(
    json: Readonly<Record<string, unknown>>,
    operation: string,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer> {
    return this.scicat.creator.call({
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

/** In `jobParams`, where a transfer has its record. */
const MARKER = 'doctorTrial';

/** What a trial job ends as. */
const TRIAL_VIEW: JobView = {
  statusCode: '004',
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
};

function createdJobId({ status, body }: UpstreamAnswer): string | undefined {
  return status === 201 ? readJobId(body) : undefined;
}

function refusedWith(
  { status, body }: UpstreamAnswer,
  matches: (said: string) => boolean,
): boolean {
  return status === 400 && matches(upstreamMessageOf(body) ?? '');
}

/** @param passed whether SciCat got past the check of the right, which then means `kind` */
function rightIn(
  { status }: UpstreamAnswer,
  passed: boolean,
  kind: 'granted' | 'not-told',
): RightReading {
  if (status === 403) return { kind: 'refused', status };
  return passed ? { kind } : { kind: 'strange', status };
}
