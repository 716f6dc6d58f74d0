import { ServiceAccountError } from '../errors/upstream.errors.js';
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
import type { ApiCall, ApiResult, GlobusApi } from './globus-api.client.js';
import { errorOfRefusal, malformed, outcomeOfRefusal, UNCLEAR_ANSWER } from './globus-error.js';
import { isScopeRefusal } from './globus-token.client.js';
import { isUuid } from '../domain/identifiers.js';
import {
  readFirstEvent,
  readSubmissionId,
  readSubmittedTaskId,
  readTask,
  readTaskList,
} from './globus.wire.js';
import { mergeScopes, TRANSFER_SCOPE } from './scope-merge.js';
import { submissionDocument } from './submission-document.js';
import { idChunks, listingParameters } from './task-filter.js';

/** Globus's maximum for a listing; its default is 10. */
const LIST_LIMIT = 1000;
/** A listing of 1,000 tasks takes a while. */
const READ_TIMEOUT_MS = 30_000;
const SUBMIT_TIMEOUT_MS = 30_000;
/** Added for a list of files: 400,000 items are about 90 MB. */
const SUBMIT_MS_PER_MB = 1_000;
const SUBMIT_ATTEMPTS = 3;

interface GlobusTransfersDeps {
  readonly api: GlobusApi;
  /** Of the service's own Globus client. */
  readonly clientId: string;
  readonly clock: Clock;
}

/** Globus Transfer, through the service's own client. */
export class GlobusTransfersClient implements GlobusTransfers {
  constructor(private readonly deps: GlobusTransfersDeps) {}

  clientId(): string {
    return this.deps.clientId;
  }

  async newSubmissionId(signal?: AbortSignal): Promise<string> {
    const operation = 'get submission id';
    const answer = await this.read(operation, '/submission_id', signal);
    return found(readSubmissionId(answer.body), operation, answer);
  }

  /**
   * @throws the signal's reason: unless the signal was aborted before the call, Globus may have the
   *   task; SpoolUnavailableError when the file list can't be read
   */
  async submit(request: TransferRequest, signal?: AbortSignal): Promise<SubmitOutcome> {
    signal?.throwIfAborted();
    const { api, clock } = this.deps;
    const body = submissionDocument(request, clock.now());
    const megabytes = typeof body === 'string' ? 0 : body.bytes / 1e6;
    const timeoutMs = SUBMIT_TIMEOUT_MS + megabytes * SUBMIT_MS_PER_MB;
    const result = await api.call({
      operation: 'submit transfer',
      // Because of its submission id.
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
    const outcome = submitOutcome(result, clock.now());
    // Whatever the last response says, an earlier attempt may have started the transfer.
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
        // Globus ignores case when it matches labels.
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
    const answer = await this.read(operation, `/task/${taskId}`, signal, [200, 404]);
    return answer.status === 404 ? undefined : found(readTask(answer.body), operation, answer);
  }

  async cancel(taskId: string, signal?: AbortSignal): Promise<void> {
    if (!isUuid(taskId)) return;
    const path = `/task/${taskId}/cancel`;
    const call = { operation: 'cancel task', safety: 'idempotent', method: 'POST' } as const;
    // Cancelled, accepted and already complete are all 200; none says how the task really ended.
    await this.call({ ...call, path, signal }, [200, 404]);
  }

  async latestError(taskId: string, signal?: AbortSignal): Promise<TaskError | undefined> {
    if (!isUuid(taskId)) return undefined;
    const path = `/task/${taskId}/event_list?filter=is_error%3A1&limit=1`;
    const answer = await this.read('read events', path, signal, [200, 404]);
    return answer.status === 404 ? undefined : readFirstEvent(answer.body);
  }

  private async listOnce(query: TaskQuery, signal: AbortSignal | undefined): Promise<TaskSlice> {
    const operation = 'list tasks';
    const { filter, ...others } = listingParameters(query);
    const parameters = new URLSearchParams({ filter, limit: String(LIST_LIMIT), ...others });
    const answer = await this.read(operation, `/task_list?${parameters.toString()}`, signal);
    const { tasks, listed, total } = found(readTaskList(answer.body), operation, answer);
    // A listing stops at 1,000 tasks, and so may the total.
    return { tasks, complete: listed >= total && listed < LIST_LIMIT };
  }

  private read(
    operation: string,
    path: string,
    signal: AbortSignal | undefined,
    expected?: readonly number[],
  ): Promise<UpstreamAnswer> {
    const call = { operation, safety: 'safe', method: 'GET', timeoutMs: READ_TIMEOUT_MS } as const;
    return this.call({ ...call, path, signal }, expected);
  }

  private async call(
    call: Omit<ApiCall, 'scope'>,
    expected: readonly number[] = [200],
  ): Promise<UpstreamAnswer> {
    const result = await this.deps.api.call({ ...call, scope: TRANSFER_SCOPE });
    if (result.kind !== 'answer') throw result.error;
    const { answer } = result;
    if (expected.includes(answer.status)) return answer;
    throw errorOfRefusal(answer, call.operation, this.deps.clock.now());
  }
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
      return taskId === undefined ? UNCLEAR_ANSWER : { kind: 'accepted', taskId };
    }
    // Without a token, a submission is not even sent.
    case 'no-token': {
      const { error } = result;
      if (error instanceof ServiceAccountError) {
        const kind = isScopeRefusal(error) ? 'scopes-refused' : 'account-refused';
        return { kind, reason: error.message };
      }
      const { retryAfterSeconds } = error;
      return { kind: 'busy', reason: 'Globus is unreachable', retryAfterSeconds };
    }
    case 'no-answer':
      return result.error.outcomeUnclear
        ? { kind: 'unclear', reason: 'Globus is not responding' }
        : { kind: 'busy', reason: 'Globus is unreachable' };
  }
}
