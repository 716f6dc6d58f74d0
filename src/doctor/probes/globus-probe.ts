import { ServiceAccountError } from '../../errors/upstream.errors.js';
import type { ApiCall, GlobusApi } from '../../globus/globus-api.client.js';
import { errorOfRefusal, malformed } from '../../globus/globus-error.js';
import { isScopeRefusal } from '../../globus/globus-token.client.js';
import {
  type CollectionFacts,
  readCollection,
  readSubmissionId,
  readSubmittedTaskId,
  readTask,
} from '../../globus/globus.wire.js';
import { mergeScopes, TRANSFER_SCOPE } from '../../globus/scope-merge.js';
import { serverAheadMs } from '../../http-client/server-time.js';
import type { UpstreamAnswer } from '../../http-client/upstream-caller.js';
import type { Clock } from '../../ports/clock.port.js';

/** Whether a token was issued for some scopes. */
export type TokenReading =
  | { readonly kind: 'given' }
  /** Globus Auth does not know one of the scopes (for this account). */
  | { readonly kind: 'scope-refused'; readonly mark: string };

/** A path in a collection, and the scopes with which it is reached. */
export interface CollectionPlace {
  readonly collection: string;
  readonly scopes: readonly string[];
  /** Absolute. */
  readonly path: string;
}

/** How a deletion stands. */
export type DeletionReading = 'under-way' | 'done' | 'failed';

/** The questions of {@link GlobusProbeClient}. */
export type GlobusProbe = Pick<GlobusProbeClient, keyof GlobusProbeClient>;

/** An operator waits for each answer, and would rather be told of trouble than wait. */
const PATIENCE = { timeoutMs: 10_000, deadlineMs: 15_000, maxAttempts: 2 } as const;

/**
 * Globus, as an operator's questions see it; by the same client and tokens as the transfers.
 *
 * All methods throw an `UpstreamError`, with Globus's code and request id if it gave them, and the
 * signal's reason.
 */
export class GlobusProbeClient {
  constructor(
    private readonly api: GlobusApi,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks for a token for Globus Transfer with these scopes too. At Globus this counts as consent to
   * them, as each of the service's own token requests does.
   *
   * @throws ServiceAccountError when Globus refuses the client itself
   */
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

  /**
   * Has Globus Transfer list a task of our own, which shows that it accepts our token.
   *
   * @returns how far its clock is ahead of this machine's, in milliseconds; undefined if unknown
   */
  async reachTransfer(signal: AbortSignal): Promise<number | undefined> {
    const sentAt = this.clock.now();
    const path = '/task_list?filter=type%3ATRANSFER&limit=1';
    const answer = await this.get('list tasks', path, TRANSFER_SCOPE, signal);
    return serverAheadMs(answer, sentAt, this.clock.now());
  }

  async collection(id: string, signal: AbortSignal): Promise<CollectionFacts> {
    const operation = 'read collection';
    const path = `/endpoint/${encodeURIComponent(id)}`;
    const answer = await this.get(operation, path, TRANSFER_SCOPE, signal);
    return found(readCollection(answer.body), operation, answer);
  }

  /** Lists a folder, and drops the list. */
  async list({ collection, scopes, path }: CollectionPlace, signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams({ path: path.endsWith('/') ? path : `${path}/`, limit: '1' });
    const list = `/operation/endpoint/${encodeURIComponent(collection)}/ls?${query.toString()}`;
    await this.get('list folder', list, scopeOf(scopes), signal);
  }

  async makeFolder(
    { collection, scopes, path }: CollectionPlace,
    signal: AbortSignal,
  ): Promise<void> {
    await this.expect({
      operation: 'make folder',
      safety: 'once',
      method: 'POST',
      path: `/operation/endpoint/${encodeURIComponent(collection)}/mkdir`,
      scope: scopeOf(scopes),
      json: { DATA_TYPE: 'mkdir', path },
      signal,
    });
  }

  /**
   * Has Globus delete a folder, if it is there, by a task of its own.
   *
   * @returns the task's id
   */
  async deleteFolder(
    { collection, scopes, path }: CollectionPlace,
    signal: AbortSignal,
  ): Promise<string> {
    const scope = scopeOf(scopes);
    const first = await this.get('get submission id', '/submission_id', scope, signal);
    const operation = 'submit deletion';
    const answer = await this.expect({
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
    const path = `/task/${encodeURIComponent(taskId)}`;
    const answer = await this.get(operation, path, TRANSFER_SCOPE, signal);
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

  private get(
    operation: string,
    path: string,
    scope: string,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer> {
    return this.expect({ operation, safety: 'safe', method: 'GET', path, scope, signal });
  }

  /** @throws UpstreamError when there is no answer, or another than 200 */
  private async expect(call: Omit<ApiCall, keyof typeof PATIENCE>): Promise<UpstreamAnswer> {
    const result = await this.api.call({ ...PATIENCE, ...call });
    if (result.kind !== 'answer') throw result.error;
    const { answer } = result;
    if (answer.status !== 200) throw errorOfRefusal(answer, call.operation, this.clock.now());
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
