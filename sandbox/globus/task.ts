import type { Collection } from './collections.js';
import { describeCode, type EventCode, type Trouble, type TroubleCode } from './event-codes.js';
import type { TransferRequest } from './transfer-document.js';

/** Progress of a copy, in counts and bytes. */
export interface Progress {
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly filesTransferred: number;
  /** By `sync_level`. */
  readonly filesSkipped: number;
  readonly bytesTransferred: number;
  readonly bytesChecksummed: number;
  /** Subtasks: every file, directory and link, and every item not examined yet. */
  readonly total: number;
  readonly succeeded: number;
  readonly retrying: number;
  readonly skippedErrors: readonly SkippedError[];
  /** Files that were copied, of very many only the first. */
  readonly transferred: readonly CopiedFile[];
}

/** The paths of a copied file, on both collections. */
export interface CopiedFile {
  readonly source: string;
  readonly destination: string;
}

/** A source path skipped because of `skip_source_errors`. */
export interface SkippedError extends Trouble {
  readonly at: number;
  readonly source: string;
  readonly destination: string;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
  /** Failed before its type was known. */
  readonly isUnresolved: boolean;
}

export type StepOutcome =
  | { readonly kind: 'again'; readonly at: number }
  | { readonly kind: 'done' }
  /** Only failing paths are left. */
  | { readonly kind: 'stuck' }
  | { readonly kind: 'fatal'; readonly trouble: Trouble };

export interface Step {
  readonly outcome: StepOutcome;
  /** Problems of paths, which are retried later. */
  readonly troubles: readonly Trouble[];
  readonly progressed: boolean;
}

/** The copying done by a task. */
export interface Work {
  /** Real files are copied in real time; virtual ones exactly when they are due. */
  readonly real: boolean;
  /** Continues the copy; called when it starts or resumes, and when it is due. */
  step(now: number): Step;
  /** Interrupts the copy because of a pause or fault; the next call is a `step`. */
  rest(now: number): void;
  progress(now: number): Progress;
}

type Phase =
  | { readonly kind: 'queued' }
  | { readonly kind: 'working'; readonly dueAt: number }
  /** After an error: waits for its next attempt without a slot. */
  | { readonly kind: 'stalled'; readonly retryAt: number }
  | { readonly kind: 'paused' }
  /** Fact: status INACTIVE, "needs intervention", but not ended. */
  | { readonly kind: 'inactive' }
  | {
      readonly kind: 'ended';
      readonly at: number;
      readonly status: 'SUCCEEDED' | 'FAILED';
      readonly fatalError: { readonly code: EventCode; readonly description: string } | null;
    };

interface TaskEvent {
  readonly code: EventCode;
  readonly details: string;
  readonly isError: boolean;
  readonly at: number;
}

export interface Task {
  readonly id: string;
  readonly clientId: string;
  readonly source: Collection;
  readonly destination: Collection;
  readonly request: TransferRequest;
  /** Equal for tasks with identical collections and paths. */
  readonly signature: string;
  /** Increases with every task, to order those of the same time. */
  readonly sequence: number;
  readonly requestedAt: number;
  label: string | null;
  deadline: number;
  /** Fact: a deadline set by the user is never extended. */
  deadlineFixed: boolean;
  phase: Phase;
  work: Work | undefined;
  progress: Progress;
  faults: number;
  lastError: { readonly code: TroubleCode; readonly details: string; readonly at: number } | null;
  /** Oldest first. */
  events: TaskEvent[];
  /** When cancelling takes effect. */
  cancelAt: number | undefined;
  /** A trouble set by a test, and how long it lasts. */
  injected: { readonly trouble: Trouble; readonly until: number } | undefined;
  canceledByAdmin: 'SOURCE' | 'DESTINATION' | 'BOTH' | null;
  canceledByAdminMessage: string | null;
  /** When the next action is due; queue entries with another time are void. */
  dueAt: number;
}

/** Fact: an error shows as the task's nice status for 15 minutes. */
const errorShownMs = 15 * 60_000;
/** Fact: events and errors of a task are deleted after 30 days. */
const historyMs = 30 * 86_400_000;
/** Fact: no more than 1,000 events of a task can be listed. */
const maxEvents = 1000;

/** Every item counts as one subtask until it has been examined. */
export function noProgress(items: number): Progress {
  return {
    files: 0,
    directories: 0,
    symlinks: 0,
    filesTransferred: 0,
    filesSkipped: 0,
    bytesTransferred: 0,
    bytesChecksummed: 0,
    total: items,
    succeeded: 0,
    retrying: 0,
    skippedErrors: [],
    transferred: [],
  };
}

/** Fact: there is no status for cancelled or expired tasks; they are FAILED. */
export function statusOf(task: Task): 'ACTIVE' | 'INACTIVE' | 'SUCCEEDED' | 'FAILED' {
  switch (task.phase.kind) {
    case 'ended':
      return task.phase.status;
    case 'inactive':
      return 'INACTIVE';
    case 'queued':
    case 'working':
    case 'stalled':
    case 'paused':
      return 'ACTIVE';
  }
}

/**
 * Fact: "OK", "Queued" or the code of the last problem; null once the task has ended.
 */
export function niceStatusOf(task: Task, now: number): string | null {
  const { phase, lastError } = task;
  if (phase.kind === 'ended') return null;
  if (phase.kind === 'paused') return 'PAUSED_BY_ADMIN';
  if (lastError !== null && now - lastError.at < errorShownMs) return lastError.code;
  return phase.kind === 'working' ? 'OK' : 'Queued';
}

/** Fact: a task's events are deleted after 30 days, but not the task. */
export function historyDeleted(task: Task, now: number): boolean {
  return task.phase.kind === 'ended' && now - task.phase.at > historyMs;
}

export function progressOf(task: Task, now: number): Progress {
  return task.work?.progress(now) ?? task.progress;
}

export function addEvent(task: Task, code: EventCode, at: number, details: string): void {
  const isError = !quietCodes.has(code);
  if (isError) task.faults += 1;
  task.events.push({ code, details, isError, at });
  if (task.events.length > maxEvents) task.events.shift();
}

const quietCodes: ReadonlySet<EventCode> = new Set<EventCode>([
  'PROGRESS',
  'STARTED',
  'SUCCEEDED',
  'UNPAUSED',
]);

export function fatalError(code: EventCode): { code: EventCode; description: string } {
  return { code, description: describeCode(code) };
}
