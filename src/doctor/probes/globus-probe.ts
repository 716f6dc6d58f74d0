import { ServiceAccountError } from '../../errors/upstream.errors.js';
import type { ApiCall } from '../../globus/globus-api.client.js';
import { errorOfRefusal, malformed } from '../../globus/globus-error.js';
import type { GlobusServices } from '../../globus/globus-services.js';
import { isScopeRefusal } from '../../globus/globus-token.client.js';
import {
  type CollectionFacts,
  readCollection,
  readSubmittedTaskId,
} from '../../globus/globus.wire.js';
import { mergeScopes, TRANSFER_SCOPE } from '../../globus/scope-merge.js';
import { serverAheadMs } from '../../http-client/server-time.js';
import type { UpstreamAnswer } from '../../http-client/upstream-caller.js';
import type { Clock } from '../../ports/clock.port.js';

/** Whether a token was issued. `scope-refused`: Globus Auth does not know one of the scopes. */
export type TokenReading =
  { readonly kind: 'given' } | { readonly kind: 'scope-refused'; readonly mark: string };

/** A path in a collection, and the scopes needed to reach it. */
export interface CollectionPlace {
  readonly collection: string;
  readonly scopes: readonly string[];
  /** Absolute. */
  readonly path: string;
}

/** The state of a deletion. */
export type DeletionReading = 'under-way' | 'done' | 'failed';

/** The methods of {@link GlobusProbeClient}. */
export type GlobusProbe = Pick<GlobusProbeClient, keyof GlobusProbeClient>;

/** An operator waits for each answer. */
const PATIENCE = { timeoutMs: 10_000, deadlineMs: 15_000, maxAttempts: 2 } as const;

/**
 * Globus, for an operator's questions; with the same client and tokens as the transfers.
 *
 * All methods throw an `UpstreamError`, with Globus's code and request id if it sent them, or the
 * signal's reason.
 */
export class GlobusProbeClient {
  constructor(
    private readonly globus: GlobusServices,
    private readonly clock: Clock,
  ) {}

  /**
   * Requests a token for Globus Transfer that includes these scopes. Globus takes this as consent to
   * them, as it does each of the service's own token requests.
   *
   * @throws ServiceAccountError if Globus refuses the client itself
   */
  async requestToken(scopes: readonly string[], signal: AbortSignal): Promise<TokenReading> {
    try {
      await this.globus.api.authorize(scopeOf(scopes), signal);
      return { kind: 'given' };
    } catch (error) {
      if (!(error instanceof ServiceAccountError) || !isScopeRefusal(error)) throw error;
      const { status = 400, upstreamCode = '' } = error;
      return { kind: 'scope-refused', mark: `status ${status}, ${upstreamCode}` };
    }
  }

  /**
   * Lists one of the service's tasks, to see whether Globus Transfer accepts the token.
   *
   * @returns how far Globus's clock is ahead of this machine's, in milliseconds; undefined if unknown
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
    const facts = readCollection(answer.body);
    if (facts === undefined) throw malformed(operation, answer.status);
    return facts;
  }

  /** Lists a folder, and discards the list. */
  async list({ collection, scopes, path }: CollectionPlace, signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams({ path: path.endsWith('/') ? path : `${path}/`, limit: '1' });
    const list = `/operation/endpoint/${encodeURIComponent(collection)}/ls?${query.toString()}`;
    await this.get('list folder', list, scopeOf(scopes), signal);
  }

  async makeFolder(place: CollectionPlace, signal: AbortSignal): Promise<void> {
    const { collection, scopes, path } = place;
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
   * Has Globus delete a folder, which need not exist.
   *
   * @returns the id of the task that deletes it
   */
  async deleteFolder(place: CollectionPlace, signal: AbortSignal): Promise<string> {
    const { collection, scopes, path } = place;
    const operation = 'submit deletion';
    const answer = await this.expect({
      operation,
      safety: 'idempotent',
      method: 'POST',
      path: '/delete',
      scope: scopeOf(scopes),
      json: {
        DATA_TYPE: 'delete',
        submission_id: await this.globus.transfers.newSubmissionId(signal),
        endpoint: collection,
        label: 'scicat-globus-proxy doctor',
        // Required even for empty folders.
        recursive: true,
        ignore_missing: true,
        notify_on_succeeded: false,
        notify_on_failed: false,
        notify_on_inactive: false,
        DATA: [{ DATA_TYPE: 'delete_item', path }],
      },
      signal,
    });
    const taskId = readSubmittedTaskId(answer.body);
    if (taskId === undefined) throw malformed(operation, answer.status);
    return taskId;
  }

  /** A task that Globus does not know yet counts as under way. */
  async deletion(taskId: string, signal: AbortSignal): Promise<DeletionReading> {
    const task = await this.globus.transfers.task(taskId, signal);
    if (task?.status === 'SUCCEEDED') return 'done';
    return task?.status === 'FAILED' ? 'failed' : 'under-way';
  }

  private get(
    operation: string,
    path: string,
    scope: string,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer> {
    return this.expect({ operation, safety: 'safe', method: 'GET', path, scope, signal });
  }

  /** @throws UpstreamError if the status is not 200, or there is no answer */
  private async expect(call: Omit<ApiCall, keyof typeof PATIENCE>): Promise<UpstreamAnswer> {
    const result = await this.globus.api.call({ ...PATIENCE, ...call });
    if (result.kind !== 'answer') throw result.error;
    const { answer } = result;
    if (answer.status !== 200) throw errorOfRefusal(answer, call.operation, this.clock.now());
    return answer;
  }
}

function scopeOf(scopes: readonly string[]): string {
  return mergeScopes([TRANSFER_SCOPE, ...scopes]);
}
