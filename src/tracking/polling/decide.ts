import type { GlobusTask, TaskError } from '../../ports/globus-transfers.port.js';
import { labelFits } from '../../domain/task-label.js';
import {
  cancelled,
  type EndRequest,
  failed,
  type Progress,
  progressed,
  succeeded,
  taskIdOf,
  type Transfer,
  withEndRequest,
} from '../../domain/transfer.js';
import { isProblem, needsHuman, troubleInWords } from './trouble.js';

/** What was seen of a transfer's task. */
export type Observation =
  | {
      readonly kind: 'seen';
      readonly task: GlobusTask;
      /** The newest error event, if it was asked for. */
      readonly error: TaskError | undefined;
    }
  /** Globus does not know the task, or not as ours. */
  | { readonly kind: 'unknown' };

/** What is remembered of a transfer from one poll to the next. Monotonic milliseconds. */
export interface Watch {
  /** Since when, without interruption, the task needs a human. */
  readonly needsHumanSince: number | undefined;
  /** Since when Globus has not known the task. */
  readonly unknownSince: number | undefined;
  /** The newest error, kept because it is only asked for when the number of faults grows. */
  readonly lastError: TaskError | undefined;
}

/** Nothing was noticed yet. */
export const noWatch: Watch = {
  needsHumanSince: undefined,
  unknownSince: undefined,
  lastError: undefined,
};

/** What the decision depends on besides the transfer and its task. */
export interface Circumstances {
  readonly monotonicMs: number;
  /** For what is written down; ISO 8601, UTC. */
  readonly nowIso: string;
  /** 0: never. */
  readonly stallTimeoutMs: number;
  /** The Globus client that asks; another one's tasks are invisible to it. */
  readonly clientId: string;
}

/** What follows from an observation. */
export interface Decision {
  /** The same object when nothing changed. */
  readonly transfer: Transfer;
  readonly watch: Watch;
  /** Something is wrong that an operator should check. */
  readonly alarm?: string;
}

/**
 * How long Globus must deny knowing a task before that counts as its end: task documents are
 * removed some time after their end, but a gap of Globus's own must not end a transfer.
 */
export const UNKNOWN_TASK_ENDS_AFTER_MS = 60 * 60_000;

/**
 * What becomes of a transfer in flight, given what was seen of its task. Pure: the whole behaviour
 * of the tracker towards Globus is in here. Only the task's real end ends a transfer; that a poll
 * failed is never an observation.
 */
export function decide(
  transfer: Transfer,
  observation: Observation,
  watch: Watch,
  now: Circumstances,
): Decision {
  if (transfer.status.state !== 'transferring') return { transfer, watch };
  if (observation.kind === 'unknown') return decideUnknown(transfer, watch, now);
  const { task } = observation;
  if (!labelFits(task.label, transfer.jobId, transfer.origin.kind)) {
    const reason = `Globus task ${task.taskId} does not carry this job's label, so it is left alone; an operator should check both`;
    return {
      transfer: noting(transfer, transfer.progress, reason),
      watch: noWatch,
      alarm: `Job ${transfer.jobId}: ${reason}.`,
    };
  }
  switch (task.status) {
    case 'SUCCEEDED':
      return { transfer: decideSucceeded(transfer, task), watch: noWatch };
    case 'FAILED':
      return { transfer: decideFailed(transfer, task, observation.error), watch: noWatch };
    case 'ACTIVE':
    case 'INACTIVE':
      return decideRunning(transfer, task, observation.error, watch, now);
  }
}

function decideUnknown(transfer: Transfer, watch: Watch, now: Circumstances): Decision {
  const { origin } = transfer;
  const submittedBy = origin.kind === 'recorded' ? origin.record.globusClientId : now.clientId;
  if (submittedBy !== now.clientId) {
    const reason =
      'its Globus task belongs to another Globus client id than the service has now, so it cannot be tracked';
    return {
      transfer: noting(transfer, transfer.progress, reason),
      watch: { ...noWatch, unknownSince: undefined },
      alarm: `Job ${transfer.jobId}: ${reason}. Run the service with client id ${submittedBy} until its transfers have ended.`,
    };
  }
  const unknownSince = watch.unknownSince ?? now.monotonicMs;
  const next: Watch = { ...noWatch, unknownSince };
  if (now.monotonicMs - unknownSince < UNKNOWN_TASK_ENDS_AFTER_MS) {
    return {
      transfer: noting(
        transfer,
        transfer.progress,
        'Globus does not know the task at the moment; the service keeps asking for an hour',
      ),
      watch: next,
    };
  }
  if (transfer.endRequested?.reason === 'user') {
    return { transfer: cancelled(transfer, `by ${transfer.endRequested.by}`), watch: next };
  }
  return {
    transfer: failed(
      transfer,
      `Globus no longer knows the task ${taskIdOf(transfer)}, so it is unknown whether the files have arrived; check the destination, or request the transfer again`,
    ),
    watch: next,
  };
}

function decideSucceeded(transfer: Transfer, task: GlobusTask): Transfer {
  const progress = progressOf(transfer, task);
  if (task.skippedErrors === 0) return succeeded(transfer, progress);
  return failed(
    transfer,
    `Globus left out ${task.skippedErrors} files that it could not read, so the copy is not complete; see ${activityPage(task)}`,
    progress,
  );
}

function decideFailed(
  transfer: Transfer,
  task: GlobusTask,
  error: TaskError | undefined,
): Transfer {
  const progress = progressOf(transfer, task);
  const { endRequested } = transfer;
  const kind = task.fatalError?.kind;
  if (task.canceledByAdmin !== undefined) {
    return cancelled(transfer, byAdmin(task), progress);
  }
  // Globus gives no reason for some ends; after a request to end, the request is the reason.
  const wasCancelled = kind === undefined ? endRequested !== undefined : kind === 'cancelled';
  if (wasCancelled) {
    switch (endRequested?.reason) {
      case 'user':
        return cancelled(transfer, `by ${endRequested.by}`, progress);
      case 'stalled':
        return failed(transfer, `given up: ${endRequested.by}`, progress);
      case undefined:
        return cancelled(transfer, "in Globus, by the owner of the service's account", progress);
    }
  }
  const last = error === undefined ? '' : `; last error: ${taskErrorText(error)}`;
  if (kind === 'expired') {
    return failed(
      transfer,
      `Globus gave up at the deadline of the task${last}; see ${activityPage(task)}`,
      progress,
    );
  }
  const reason =
    task.fatalError === undefined
      ? 'Globus gave no reason'
      : `${task.fatalError.description || 'Globus gave no description'} (${task.fatalError.code})`;
  return failed(
    transfer,
    `Globus could not complete the transfer: ${reason}${last}; see ${activityPage(task)}`,
    progress,
  );
}

function decideRunning(
  transfer: Transfer,
  task: GlobusTask,
  error: TaskError | undefined,
  watch: Watch,
  now: Circumstances,
): Decision {
  const problem = isProblem(task);
  const lastError = problem ? (error ?? watch.lastError) : undefined;
  const needsHumanSince = needsHuman(task) ? (watch.needsHumanSince ?? now.monotonicMs) : undefined;
  const words = troubleInWords(task);
  const details = lastError === undefined ? '' : `; ${taskErrorText(lastError)}`;
  const trouble = problem ? `${words ?? ''}${details}; see ${activityPage(task)}` : words;
  const seen = noting(transfer, progressOf(transfer, task), trouble);
  const next: Watch = { needsHumanSince, unknownSince: undefined, lastError };
  const stalled =
    needsHumanSince !== undefined &&
    now.stallTimeoutMs > 0 &&
    now.monotonicMs - needsHumanSince >= now.stallTimeoutMs;
  if (!stalled || seen.endRequested !== undefined) return { transfer: seen, watch: next };
  const request: EndRequest = {
    reason: 'stalled',
    by: `${words ?? 'it needed a human'}, for ${Math.round(now.stallTimeoutMs / 1000)} seconds${details}`,
    at: now.nowIso,
    remove: false,
  };
  return { transfer: withEndRequest(seen, request), watch: next };
}

/** The transfer with its news, or the very same object when there are none. */
function noting(transfer: Transfer, progress: Progress, trouble: string | undefined): Transfer {
  const next = progressed(transfer, progress, trouble);
  const same =
    next.status.state === 'transferring' &&
    transfer.status.state === 'transferring' &&
    next.status.trouble === transfer.status.trouble &&
    next.progress.bytesTransferred === transfer.progress.bytesTransferred &&
    next.progress.filesTransferred === transfer.progress.filesTransferred &&
    next.progress.filesTotal === transfer.progress.filesTotal &&
    next.progress.faults === transfer.progress.faults &&
    next.progress.niceStatus === transfer.progress.niceStatus;
  return same ? transfer : next;
}

function progressOf(transfer: Transfer, task: GlobusTask): Progress {
  return {
    bytesTransferred: task.bytesTransferred,
    // Files that were at the destination already are done, too.
    filesTransferred: task.filesTransferred + task.filesSkipped,
    filesTotal: task.files,
    // A file that a list names twice, once by its folder, is copied twice: never above 100 %.
    bytesTotal: Math.max(transfer.progress.bytesTotal, task.bytesTransferred),
    faults: task.faults,
    bytesPerSecond: task.bytesPerSecond,
    ...(task.niceStatus === undefined ? {} : { niceStatus: task.niceStatus }),
  };
}

function byAdmin(task: GlobusTask): string {
  const message = task.canceledByAdminMessage;
  return `by an administrator of ${adminSide(task)}${message === undefined ? '' : `: ${message}`}`;
}

function adminSide(task: GlobusTask): string {
  switch (task.canceledByAdmin) {
    case 'SOURCE':
      return 'the source collection';
    case 'DESTINATION':
      return 'the destination collection';
    default:
      return 'both collections';
  }
}

function taskErrorText(error: TaskError): string {
  return [error.description || error.code, error.details].filter((part) => part !== '').join(': ');
}

function activityPage(task: GlobusTask): string {
  return `https://app.globus.org/activity/${task.taskId}`;
}
