import { ServiceAccountError } from '../errors/upstream.errors.js';
import type {
  CollectionFacts,
  CollectionPlace,
  DeletionReading,
  GlobusProbe,
  TokenReading,
} from '../ports/globus-probe.port.js';
import { serverAheadMs } from '../http-client/server-time.js';
import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import type { Clock } from '../ports/clock.port.js';
import {
  type ApiCall,
  GlobusApi,
  type GlobusOptions,
  type GlobusDeps,
} from '../globus/globus-api.client.js';
import { errorOfRefusal, malformed } from '../globus/globus-error.js';
import { isScopeRefusal } from '../globus/globus-token.client.js';
import {
  readCollection,
  readSubmissionId,
  readSubmittedTaskId,
  readTask,
} from '../globus/globus.wire.js';
import { mergeScopes, TRANSFER_SCOPE } from '../globus/scope-merge.js';

/** Somebody waits for each answer, and would rather be told of trouble than wait. */
const TIMEOUT_MS = 10_000;
const DEADLINE_MS = 15_000;
const MAX_ATTEMPTS = 2;

/** Globus, as an operator's questions see it; by the same client and tokens as the transfers. */
export class GlobusProbeClient implements GlobusProbe {
  private readonly api: GlobusApi;
  private readonly clock: Clock;

  constructor(options: GlobusOptions, surroundings: GlobusDeps) {
    this.api = new GlobusApi(options, surroundings);
    this.clock = surroundings.clock;
  }

  async requestToken(scopes: readonly string[], signal: AbortSignal): Promise<TokenReading> {
    try {
      await this.api.authorize(scopeOf(scopes), signal);
      return { kind: 'given' };
    } catch (error) {
      if (!(error instanceof ServiceAccountError) || !isScopeRefusal(error)) throw error;
      const { status = 400, upstreamCode = '' } = error;
      return { kind: 'scope-refused', mark: `status ${status}, ${upstreamCode}` };
    }
  }

  async reachTransfer(signal: AbortSignal): Promise<number | undefined> {
    const sentAt = this.clock.now();
    const answer = await this.expect(200, {
      operation: 'list tasks',
      safety: 'safe',
      method: 'GET',
      path: '/task_list?filter=type%3ATRANSFER&limit=1',
      scope: TRANSFER_SCOPE,
      signal,
    });
    return serverAheadMs(answer, sentAt, this.clock.now());
  }

  async collection(id: string, signal: AbortSignal): Promise<CollectionFacts> {
    const operation = 'read collection';
    const answer = await this.expect(200, {
      operation,
      safety: 'safe',
      method: 'GET',
      path: `/endpoint/${encodeURIComponent(id)}`,
      scope: TRANSFER_SCOPE,
      signal,
    });
    return found(readCollection(answer.body), operation, answer);
  }

  async list({ collection, scopes, path }: CollectionPlace, signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams({ path: path.endsWith('/') ? path : `${path}/`, limit: '1' });
    await this.expect(200, {
      operation: 'list folder',
      safety: 'safe',
      method: 'GET',
      path: `/operation/endpoint/${encodeURIComponent(collection)}/ls?${query.toString()}`,
      scope: scopeOf(scopes),
      signal,
    });
  }

  async makeFolder(
    { collection, scopes, path }: CollectionPlace,
    signal: AbortSignal,
  ): Promise<void> {
    await this.expect(200, {
      operation: 'make folder',
      safety: 'once',
      method: 'POST',
      path: `/operation/endpoint/${encodeURIComponent(collection)}/mkdir`,
      scope: scopeOf(scopes),
      json: { DATA_TYPE: 'mkdir', path },
      signal,
    });
  }

  async deleteFolder(
    { collection, scopes, path }: CollectionPlace,
    signal: AbortSignal,
  ): Promise<string> {
    const scope = scopeOf(scopes);
    const first = await this.expect(200, {
      operation: 'get submission id',
      safety: 'safe',
      method: 'GET',
      path: '/submission_id',
      scope,
      signal,
    });
    const operation = 'submit deletion';
    const answer = await this.expect(200, {
      operation,
      safety: 'idempotent',
      method: 'POST',
      path: '/delete',
      scope,
      json: {
        DATA_TYPE: 'delete',
        submission_id: found(readSubmissionId(first.body), 'get submission id', first),
        endpoint: collection,
        label: 'scicat-globus-proxy doctor',
        // Folders are not deleted without it, empty ones neither.
        recursive: true,
        ignore_missing: true,
        notify_on_succeeded: false,
        notify_on_failed: false,
        notify_on_inactive: false,
        DATA: [{ DATA_TYPE: 'delete_item', path }],
      },
      signal,
    });
    return found(readSubmittedTaskId(answer.body), operation, answer);
  }

  async deletion(taskId: string, signal: AbortSignal): Promise<DeletionReading> {
    const operation = 'read task';
    const answer = await this.expect(200, {
      operation,
      safety: 'safe',
      method: 'GET',
      path: `/task/${encodeURIComponent(taskId)}`,
      scope: TRANSFER_SCOPE,
      signal,
    });
    switch (found(readTask(answer.body), operation, answer).status) {
      case 'ACTIVE':
      case 'INACTIVE':
        return 'under-way';
      case 'SUCCEEDED':
        return 'done';
      case 'FAILED':
        return 'failed';
    }
  }

  /** @throws UpstreamError when there is no answer, or one of another status */
  private async expect(status: number, call: ApiCall): Promise<UpstreamAnswer> {
    const result = await this.api.call({
      timeoutMs: TIMEOUT_MS,
      deadlineMs: DEADLINE_MS,
      maxAttempts: MAX_ATTEMPTS,
      ...call,
    });
    if (result.kind !== 'answer') throw result.error;
    const { answer } = result;
    if (answer.status !== status) throw errorOfRefusal(answer, call.operation, this.clock.now());
    return answer;
  }
}

function scopeOf(scopes: readonly string[]): string {
  return mergeScopes([TRANSFER_SCOPE, ...scopes]);
}

function found<T>(value: T | undefined, operation: string, answer: UpstreamAnswer): T {
  if (value === undefined) throw malformed(operation, answer.status);
  return value;
}
