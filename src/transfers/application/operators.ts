import type { Requester } from '../../auth/caller.js';
import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import { noteProblem } from '../../domain/one-line.js';
import { AccessDeniedError, InvalidRequestError } from '../../errors/request.errors.js';
import type { Decision } from '../../ports/transfer-events.port.js';
import type { TransferDeps } from './transfer-deps.js';

/** The group that makes a user an operator; undefined if they are none. */
export function operatorGroup(
  { identity }: Pick<Requester, 'identity'>,
  config: ConfigSnapshots,
): string | undefined {
  const { operatorGroups } = config.current().scicat;
  // An empty name matches nothing.
  return operatorGroups.find((group) => group !== '' && identity.accessGroups.includes(group));
}

/** An operation that only operators may carry out. */
type OperatorAccess = Pick<Decision, 'operation' | 'facility' | 'statedReason'>;

/**
 * Emits the audit line of an operation that only operators may carry out.
 *
 * @throws AccessDeniedError which reveals nothing about facilities, transfers or groups
 */
export function requireOperator(
  requester: Requester,
  access: OperatorAccess,
  { config, events }: Pick<TransferDeps, 'config' | 'events'>,
): void {
  const { requestId, identity } = requester;
  const group = operatorGroup(requester, config);
  const { username } = identity;
  const refusal = 'You are not an operator of this service.';
  events.emit({
    kind: 'decided',
    requestId,
    ...access,
    allowed: group !== undefined,
    rule: 'operator-group',
    reason: group === undefined ? refusal : inOperatorGroup(group),
    username,
  });
  if (group === undefined) throw new AccessDeniedError(refusal);
}

/** What allows an operator to do something, for the audit line. */
export function inOperatorGroup(group: string): string {
  return `they are in the operator group "${group}"`;
}

/** The reason that a user has stated. @throws InvalidRequestError when it can't be shown in one line */
export function readReason(stated: string | undefined): string | undefined {
  if (stated === undefined) return undefined;
  const problem = noteProblem(stated);
  if (problem !== undefined)
    throw new InvalidRequestError(`The request is invalid: reason ${problem}.`);
  return stated.trim();
}
