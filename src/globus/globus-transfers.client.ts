import { ServiceAccountError, type UpstreamError } from '../errors/upstream.errors.js';
import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import type { Clock } from '../ports/clock.port.js';
import type {
  GlobusTask,
  GlobusTransfers,
  SubmitOutcome,
  TaskError,
  TaskQuery,
  TaskSlice,
  TransferRequest,
} from '../ports/globus-transfers.port.js';
import type { ApiResult, GlobusApi } from './globus-api.client.js';
import { errorOfRefusal, malformed, outcomeOfRefusal } from './globus-error.js';
import { isScopeRefusal } from './globus-token.client.js';
import { isUuid } from '../domain/identifiers.js';
import {
  readFirstEvent,
  readSubmissionId,
  readSubmittedTaskId,
  readTask,
  readTaskList,
  RUNNING_TASK_FIELDS,
} from './globus.wire.js';
import { mergeScopes, TRANSFER_SCOPE } from './scope-merge.js';
import { submissionDocument } from './submission-document.js';
import { idChunks, taskFilter, taskOrder } from './task-filter.js';

/** A listing never holds more; Globus's own default is 10. */
const LIST_LIMIT = 1000;
/** A listing of 1,000 tasks takes its time. */
const READ_TIMEOUT_MS = 30_000;
const SUBMIT_TIMEOUT_MS = 30_000;
/** On top of it for a list of files: 400,000 items are some 90 MB. */
const SUBMIT_MS_PER_MB = 1_000;
const SUBMIT_ATTEMPTS = 3;

/** What {@link GlobusTransfersClient} works with. */
export interface GlobusTransfersDeps {
  readonly api: GlobusApi;
  /** Of the service's own Globus client. */
  readonly clientId: string;
  readonly clock: Clock;
}

/** Globus Transfer, by the service's own client. */
export class GlobusTransfersClient implements GlobusTransfers {
  private readonly api: GlobusApi;
  private readonly account: string;
  private readonly clock: Clock;

  constructor({ api, clientId, clock }: GlobusTransfersDeps) {
    this.api = api;
    this.account = clientId;
    this.clock = clock;
  }

  clientId(): string {
    return this.account;
  }

  async newSubmissionId(signal?: AbortSignal): Promise<string> {
    const operation = 'get submission id';
    const answer = await this.read(operation, '/submission_id', signal);
    if (answer.status !== 200) throw errorOfRefusal(answer, operation, this.clock.now());
    return found(readSubmissionId(answer.body), operation, answer);
  }

  /**
   * @throws the signal's reason: Globus may have the task then, unless the signal was aborted
   *   before the call; SpoolUnavailableError when the file list can't be read
   */
  async submit(request: TransferRequest, signal?: AbortSignal): Promise<SubmitOutcome> {
    signal?.throwIfAborted();
    const body = submissionDocument(request, this.clock.now());
    const megabytes = typeof body === 'string' ? 0 : body.bytes / 1e6;
    const timeoutMs = SUBMIT_TIMEOUT_MS + megabytes * SUBMIT_MS_PER_MB;
    const result = await this.api.call({
      operation: 'submit transfer',
      // By its submission id.
      safety: 'idempotent',
      method: 'POST',
      path: '/transfer',
      scope: mergeScopes([TRANSFER_SCOPE, ...request.source.scopes, ...request.destination.scopes]),
      body: { contentType: 'application/json', body },
      timeoutMs,
      deadlineMs: 1.5 * timeoutMs,
      maxAttempts: SUBMIT_ATTEMPTS,
      signal,
    });
    const outcome = submitOutcome(result, this.clock.now());
    // Whatever the last answer says: an earlier attempt may have started the transfer.
    return outcome.kind !== 'accepted' && result.unclear
      ? { kind: 'unclear', reason: outcome.reason }
      : outcome;
  }

  async list(query: TaskQuery, signal?: AbortSignal): Promise<TaskSlice> {
    switch (query.by) {
      case 'ids': {
        const slices: TaskSlice[] = [];
        for (const taskIds of idChunks(query.taskIds)) {
          slices.push(await this.listOnce({ by: 'ids', taskIds }, signal));
        }
        return {
          tasks: slices.flatMap(({ tasks }) => tasks),
          complete: slices.every(({ complete }) => complete),
        };
      }
      case 'label': {
        const { tasks, complete } = await this.listOnce(query, signal);
        // Globus matches labels without regard to case.
        return { tasks: tasks.filter(({ label }) => label === query.label), complete };
      }
      case 'running':
      case 'completed':
        return this.listOnce(query, signal);
    }
  }

  async task(taskId: string, signal?: AbortSignal): Promise<GlobusTask | undefined> {
    if (!isUuid(taskId)) return undefined;
    const operation = 'read task';
    const answer = await this.read(operation, `/task/${taskId}`, signal);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw errorOfRefusal(answer, operation, this.clock.now());
    return found(readTask(answer.body), operation, answer);
  }

  async cancel(taskId: string, signal?: AbortSignal): Promise<void> {
    if (!isUuid(taskId)) return;
    const operation = 'cancel task';
    const answer = answered(
      await this.api.call({
        operation,
        safety: 'idempotent',
        method: 'POST',
        path: `/task/${taskId}/cancel`,
        scope: TRANSFER_SCOPE,
        signal,
      }),
    );
    // Cancelled, accepted, or complete already: all 200, and none of them is the task's real end.
    if (answer.status === 200 || answer.status === 404) return;
    throw errorOfRefusal(answer, operation, this.clock.now());
  }

  async latestError(taskId: string, signal?: AbortSignal): Promise<TaskError | undefined> {
    if (!isUuid(taskId)) return undefined;
    const operation = 'read events';
    const query = new URLSearchParams({ filter: 'is_error:1', limit: '1' });
    const answer = await this.read(
      operation,
      `/task/${taskId}/event_list?${query.toString()}`,
      signal,
    );
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw errorOfRefusal(answer, operation, this.clock.now());
    return readFirstEvent(answer.body);
  }

  private async listOnce(query: TaskQuery, signal: AbortSignal | undefined): Promise<TaskSlice> {
    const operation = 'list tasks';
    const orderby = taskOrder(query);
    const parameters = new URLSearchParams({
      filter: taskFilter(query),
      limit: String(LIST_LIMIT),
      ...(orderby === undefined ? {} : { orderby }),
      // Only here: it is the listing that is asked for in every cycle, and a running task has no
      // nested fields, for which it is not certain that Globus can be asked by name.
      ...(query.by === 'running' ? { fields: RUNNING_TASK_FIELDS } : {}),
    });
    const answer = await this.read(operation, `/task_list?${parameters.toString()}`, signal);
    if (answer.status !== 200) throw errorOfRefusal(answer, operation, this.clock.now());
    const { tasks, listed, total } = found(readTaskList(answer.body), operation, answer);
    // A listing ends at 1,000 tasks, and its total may be counted no further than that.
    return { tasks, complete: listed >= total && listed < LIST_LIMIT };
  }

  private async read(
    operation: string,
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<UpstreamAnswer> {
    return answered(
      await this.api.call({
        operation,
        safety: 'safe',
        method: 'GET',
        path,
        scope: TRANSFER_SCOPE,
        timeoutMs: READ_TIMEOUT_MS,
        signal,
      }),
    );
  }
}

function answered(result: ApiResult): UpstreamAnswer {
  if (result.kind === 'answer') return result.answer;
  throw result.error;
}

function found<T>(value: T | undefined, operation: string, answer: UpstreamAnswer): T {
  if (value === undefined) throw malformed(operation, answer.status);
  return value;
}

function submitOutcome(result: ApiResult, now: number): SubmitOutcome {
  switch (result.kind) {
    case 'answer': {
      const { answer } = result;
      if (answer.status < 200 || answer.status > 299) return outcomeOfRefusal(answer, now);
      const taskId = readSubmittedTaskId(answer.body);
      return taskId === undefined
        ? { kind: 'unclear', reason: 'Globus gave no clear answer' }
        : { kind: 'accepted', taskId };
    }
    case 'no-token':
      return withoutToken(result.error);
    case 'no-answer':
      return result.error.outcomeUnclear
        ? { kind: 'unclear', reason: 'Globus does not answer' }
        : { kind: 'busy', reason: 'Globus cannot be reached' };
  }
}

/** Nothing was started: a submission without a token is not even sent. */
function withoutToken(error: UpstreamError): SubmitOutcome {
  const { message, retryAfterSeconds } = error;
  if (error instanceof ServiceAccountError) {
    const kind = isScopeRefusal(error) ? 'scopes-refused' : 'account-refused';
    return { kind, reason: message };
  }
  return {
    kind: 'busy',
    reason: 'Globus cannot be reached',
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}
