import { createHash } from 'node:crypto';
import { consentRequired, type Auth } from './auth.js';
import { hasDataAccess, type Collection } from './collections.js';
import { TransferRefusal } from './refusals.js';
import type { TaskStore } from './task-store.js';
import type { TransferRequest } from './transfer-document.js';

/** Limits of one client of the emulated service. */
export interface Limits {
  /** Fact: three transfers run at a time; the others are Queued. */
  concurrentTasks: number;
  /** Fact (of unknown age): 100 unfinished transfers; the 101st submission is refused. */
  pendingTasks: number;
}

export const DEFAULT_LIMITS: Limits = { concurrentTasks: 3, pendingTasks: 100 };

/** Decides which valid submissions become tasks. */
export class TaskAdmission {
  constructor(
    private readonly auth: Auth,
    private readonly store: TaskStore,
    private readonly limits: Limits,
  ) {}

  /**
   * Permission first, then policies, then consent (fact: each is a 403 with a code of its own).
   *
   * @throws {@link TransferRefusal} 403
   */
  refuseAccess(clientId: string, collections: readonly Collection[]): void {
    const denied = collections.find(({ clients }) => !(clients?.includes(clientId) ?? true));
    if (denied !== undefined) {
      throw new TransferRefusal(
        403,
        'PermissionDenied',
        `You do not have permission to use the collection '${denied.id}'`,
      );
    }
    const policies = collections.flatMap(({ requiredPolicies }) => requiredPolicies);
    if (policies.length > 0) {
      const message = 'The session does not satisfy the policies of the collection';
      throw new TransferRefusal(403, 'AuthPolicyFailed', message, {
        authorization_parameters: {
          session_required_policies: policies,
          session_message: message,
        },
      });
    }
    const missing = collections
      .filter((collection) => hasDataAccess(collection))
      .filter(({ id }) => !this.auth.hasConsent(clientId, id))
      .map(({ id }) => id);
    if (missing.length > 0) throw consentRequired([...new Set(missing)]);
  }

  /**
   * @returns the signature of the task: equal for equal collections and paths
   * @throws {@link TransferRefusal} 409 for identical paths or too many unfinished tasks
   */
  admit(clientId: string, request: TransferRequest): string {
    const signature = signatureOf(clientId, request);
    if (this.store.withSignature(signature) !== undefined) {
      // Fact: the answer does not name the other task.
      throw new TransferRefusal(
        409,
        'Conflict',
        'A transfer with identical paths has not yet completed',
      );
    }
    if (this.store.of(clientId).alive.size >= this.limits.pendingTasks) {
      throw new TransferRefusal(
        409,
        'ClientError.Conflict.TooManyPendingJobs',
        `You have ${this.limits.pendingTasks} pending tasks, which is the limit`,
      );
    }
    return signature;
  }
}

/** Independent of the order of the items. */
function signatureOf(clientId: string, request: TransferRequest): string {
  const hash = createHash('sha256');
  const pairs = request.items.map((item) => `${item.source}\0${item.destination}`);
  hash.update(`${clientId}\0${request.sourceId}\0${request.destinationId}`);
  for (const pair of pairs.sort()) hash.update(`\0\0${pair}`);
  return hash.digest('base64');
}
