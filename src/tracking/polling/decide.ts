import type { GlobusTask, TaskError } from '../../ports/globus-transfers.port.js';
import { type FacilityCollection, taskFits } from '../../domain/task-fit.js';
import {
  cancelled,
  endedBy,
  type EndRequest,
  failed,
  type Progress,
  progressed,
  succeeded,
  taskIdOf,
  type Transfer,
  withEndRequest,
} from '../../domain/transfer.js';
import { minuteOf } from '../../time/moments.js';
import { isProblem, needsHuman, standsStill, troubleInWords } from './trouble.js';

/** What a poll showed of a transfer's task. */
export type Observation =
  | {
      readonly kind: 'seen';
      readonly task: GlobusTask;
      /** The newest error event, if it was queried. */
      readonly error: TaskError | undefined;
    }
  /** Globus does not know the task, or not as ours. */
  | { readonly kind: 'unknown' };

/** Memory of a transfer from one poll to the next. Times are monotonic milliseconds. */
export interface Watch {
  /** Since when, without interruption, the task has needed a human. */
  readonly needsHumanSince: Since | undefined;
  /** How many polls in a row have shown that someone has to act, and no progress. */
  readonly standstills: number;
  /** Since when Globus has not known the task. */
  readonly unknownSince: number | undefined;
  /** The newest error, kept because it is queried only when the number of faults grows. */
  readonly lastError: TaskError | undefined;
}

/** A moment, by both clocks. */
interface Since {
  readonly monotonicMs: number;
  /** Milliseconds since the epoch, for people. */
  readonly now: number;
}

/** Nothing remembered yet. */
export const noWatch: Watch = {
  needsHumanSince: undefined,
  standstills: 0,
  unknownSince: undefined,
  lastError: undefined,
};

/** What a decision depends on besides the transfer and its task. */
export interface Circumstances {
  readonly monotonicMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** 0: never give up. */
  readonly stallTimeoutMs: number;
  /** The service's Globus client id; other clients' tasks are invisible to it. */
  readonly clientId: string;
  readonly facilities: readonly FacilityCollection[];
}

/** What follows from an observation. */
export interface Decision {
  /** The same object when nothing changed. */
  readonly transfer: Transfer;
  readonly watch: Watch;
  /** Whether the task should hold a slot; undefined: as before. */
  readonly holdsSlot?: boolean;
  /** Why an operator should act. */
  readonly alarm?: string;
}

/**
 * How long Globus must not know a task before that counts as its end. Globus removes tasks some time
 * after they end, but a temporary gap must not end a transfer.
 */
export const UNKNOWN_TASK_ENDS_AFTER_MS = 60 * 60_000;

/**
 * How many polls in a row must show no progress before a task gives its slot back: one alone may have
 * come just after the task had stopped.
 */
const STANDSTILLS = 2;

/**
 * Decides what an observation of its task means for a transfer in flight. Pure. Only the task's real
 * end ends a transfer; a failed poll is not an observation.
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
  if (!taskFits(task, transfer, now.facilities)) {
    const misfit =
      transfer.origin.kind === 'recorded'
        ? "does not have this job's label"
        : 'is not between two facilities, or was not requested when this job of the Go version was created';
    const reason = `Globus task ${task.taskId} ${misfit}, so the service neither tracks nor cancels it; an operator should check the job and the task`;
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
      'its Globus task belongs to a different Globus client id from the one the service uses now, so it cannot be tracked';
    return {
      transfer: noting(transfer, transfer.progress, reason),
      watch: noWatch,
      alarm: `Job ${transfer.jobId}: ${reason}. Run the service with client id ${submittedBy} until its transfers have ended.`,
    };
  }
  const unknownSince = watch.unknownSince ?? now.monotonicMs;
  const next: Watch = { ...noWatch, unknownSince };
  if (now.monotonicMs - unknownSince < UNKNOWN_TASK_ENDS_AFTER_MS) {
    const trouble =
      "Globus can't find the task at the moment; the service keeps checking for an hour";
    return { transfer: noting(transfer, transfer.progress, trouble), watch: next };
  }
  if (transfer.endRequested?.reason === 'user') {
    return { transfer: cancelled(transfer, endedBy(transfer.endRequested)), watch: next };
  }
  return {
    transfer: failed(
      transfer,
      `Globus no longer knows task ${taskIdOf(transfer)}, so it is unknown whether the files arrived; check the destination, or request the transfer again`,
    ),
    watch: next,
  };
}

function decideSucceeded(transfer: Transfer, task: GlobusTask): Transfer {
  const progress = progressOf(transfer, task);
  if (task.skippedErrors === 0) return succeeded(transfer, progress);
  const files = task.skippedErrors === 1 ? '1 file' : `${task.skippedErrors} files`;
  const error = `Globus skipped ${files} that it could not read, so the copy is incomplete`;
  return failed(transfer, `${error}; see ${activityPage(task)}`, progress);
}

function decideFailed(transfer: Transfer, task: GlobusTask, error?: TaskError): Transfer {
  const progress = progressOf(transfer, task);
  const { endRequested } = transfer;
  const kind = task.fatalError?.kind;
  if (task.canceledByAdmin !== undefined) return cancelled(transfer, byAdmin(task), progress);
  // Where Globus gives no reason and the end was requested, that request is the reason.
  const wasCancelled = kind === undefined ? endRequested !== undefined : kind === 'cancelled';
  if (wasCancelled) {
    switch (endRequested?.reason) {
      case 'user':
        return cancelled(transfer, endedBy(endRequested), progress);
      case 'stalled':
        return failed(transfer, `unresolved ${endRequested.by}`, progress);
      case undefined:
        return cancelled(
          transfer,
          "in Globus, by someone with access to the service's Globus client",
          progress,
        );
    }
  }
  const last = error === undefined ? '' : `; last error: ${taskErrorText(error)}`;
  const what =
    kind === 'expired'
      ? "Globus gave up at the task's deadline"
      : `Globus could not complete the transfer: ${fatalReason(task)}`;
  return failed(transfer, `${what}${last}; see ${activityPage(task)}`, progress);
}

function fatalReason({ fatalError }: GlobusTask): string {
  if (fatalError === undefined) return 'Globus gave no reason';
  return `${fatalError.description || 'Globus gave no description'} (${fatalError.code})`;
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
  const { monotonicMs, stallTimeoutMs } = now;
  const needsHumanSince = needsHuman(task)
    ? (watch.needsHumanSince ?? { monotonicMs, now: now.now })
    : undefined;
  const words = troubleInWords(task);
  const details = lastError === undefined ? '' : `; ${taskErrorText(lastError)}`;
  const stalled =
    needsHumanSince !== undefined &&
    stallTimeoutMs > 0 &&
    monotonicMs - needsHumanSince.monotonicMs >= stallTimeoutMs;
  const willBeGivenUp = stallTimeoutMs > 0 && !stalled && transfer.endRequested === undefined;
  const end =
    needsHumanSince === undefined || !willBeGivenUp
      ? ''
      : `; fails on ${minuteOf(needsHumanSince.now + stallTimeoutMs)} unless this is solved`;
  const trouble = problem ? `${words ?? ''}${details}${end}; see ${activityPage(task)}` : words;
  const progress = progressOf(transfer, task);
  const seen = noting(transfer, progress, trouble);
  const standstills =
    standsStill(task) && !isFurther(transfer.progress, progress) ? watch.standstills + 1 : 0;
  const holdsSlot = standstills < STANDSTILLS;
  const next: Watch = { needsHumanSince, standstills, unknownSince: undefined, lastError };
  if (!stalled || seen.endRequested !== undefined) {
    return { transfer: seen, watch: next, holdsSlot };
  }
  const request: EndRequest = {
    reason: 'stalled',
    by: `after ${Math.round(stallTimeoutMs / 1000)} seconds: ${words ?? 'human intervention was needed'}${details}`,
    at: new Date(now.now).toISOString(),
    remove: false,
  };
  return { transfer: withEndRequest(seen, request), watch: next, holdsSlot };
}

/** Changes of speed alone are not news. */
const NEWS = [
  'bytesTransferred',
  'filesTransferred',
  'filesTotal',
  'faults',
  'niceStatus',
] as const;

/** The transfer with new progress and trouble; the same object when nothing changed. */
function noting(transfer: Transfer, progress: Progress, trouble: string | undefined): Transfer {
  const next = progressed(transfer, progress, trouble);
  const { status, progress: before } = transfer;
  const same =
    status.state === 'transferring' &&
    status.trouble === trouble &&
    NEWS.every((key) => before[key] === next.progress[key]);
  return same ? transfer : next;
}

function isFurther(before: Progress, now: Progress): boolean {
  return (
    now.bytesTransferred > before.bytesTransferred || now.filesTransferred > before.filesTransferred
  );
}

function progressOf(transfer: Transfer, task: GlobusTask): Progress {
  return {
    bytesTransferred: task.bytesTransferred,
    // Files already at the destination count as done.
    filesTransferred: task.filesTransferred + task.filesSkipped,
    filesTotal: task.files,
    // Globus reports none.
    bytesTotal: transfer.progress.bytesTotal,
    faults: task.faults,
    bytesPerSecond: task.bytesPerSecond,
    ...(task.niceStatus === undefined ? {} : { niceStatus: task.niceStatus }),
  };
}

function byAdmin(task: GlobusTask): string {
  const { canceledByAdmin: side, canceledByAdminMessage: message } = task;
  const one = side === 'SOURCE' || side === 'DESTINATION';
  const where = one ? `the ${side.toLowerCase()} collection` : 'both collections';
  return `by an administrator of ${where}${message === undefined ? '' : `: ${message}`}`;
}

function taskErrorText(error: TaskError): string {
  return [error.description || error.code, error.details].filter((part) => part !== '').join(': ');
}

function activityPage(task: GlobusTask): string {
  return `https://app.globus.org/activity/${task.taskId}`;
}
