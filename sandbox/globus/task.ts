import type { Collection } from './collections.js';
import { describeCode, type EventCode, type Trouble, type TroubleCode } from './event-codes.js';
import type { TransferRequest } from './transfer-document.js';

/** How far a copy has come; all are counts but for the bytes. */
export interface Progress {
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly filesTransferred: number;
  /** By `sync_level`. */
  readonly filesSkipped: number;
  readonly bytesTransferred: number;
  readonly bytesChecksummed: number;
  /** Subtasks: every file, directory and link, and every item not looked at yet. */
  readonly total: number;
  readonly succeeded: number;
  readonly retrying: number;
  readonly skippedErrors: readonly SkippedError[];
}

/** A source path that `skip_source_errors` left out. */
export interface SkippedError extends Trouble {
  readonly at: number;
  readonly source: string;
  readonly destination: string;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
  /** It failed before it was known what it is. */
  readonly isUnresolved: boolean;
}

/** What follows from a step of a copy. */
export type StepOutcome =
  | { readonly kind: 'again'; readonly at: number }
  | { readonly kind: 'done' }
  /** Nothing but failing paths is left. */
  | { readonly kind: 'stuck' }
  | { readonly kind: 'fatal'; readonly trouble: Trouble };

/** A step of a copy. */
export interface Step {
  readonly outcome: StepOutcome;
  /** What went wrong in it; the copy is tried again later. */
  readonly troubles: readonly Trouble[];
  /** Whether any path was dealt with. */
  readonly progressed: boolean;
}

/** The copying of one task. */
export interface Work {
  /** Real files are copied as time really passes; virtual ones at the moment they are due. */
  readonly real: boolean;
  /** Carries the copy on; called when it begins, begins again, and when it is due. */
  step(now: number): Step;
  /** The copy is interrupted (pause, fault); the next call is a `step`. */
  rest(now: number): void;
  progress(now: number): Progress;
}

/** What a task is doing. */
type Phase =
  | { readonly kind: 'queued' }
  | { readonly kind: 'working'; readonly dueAt: number }
  /** Hit by an error; waits for its next try without holding a slot. */
  | { readonly kind: 'stalled'; readonly retryAt: number }
  | { readonly kind: 'paused' }
  /** Fact: status INACTIVE, "needs intervention"; not an end. */
  | { readonly kind: 'inactive' }
  | {
      readonly kind: 'ended';
      readonly at: number;
      readonly status: 'SUCCEEDED' | 'FAILED';
      readonly fatalError: { readonly code: EventCode; readonly description: string } | null;
    };

/** An entry of a task's event list. */
interface TaskEvent {
  readonly code: EventCode;
  readonly details: string;
  readonly isError: boolean;
  readonly at: number;
}

/** A task as the emulator keeps it. */
export interface Task {
  readonly id: string;
  readonly clientId: string;
  readonly source: Collection;
  readonly destination: Collection;
  readonly request: TransferRequest;
  /** Equal for tasks with identical collections and paths. */
  readonly signature: string;
  /** Increases with every accepted task, so that equal times keep their order. */
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
  /** When an accepted cancel takes effect. */
  cancelAt: number | undefined;
  /** A trouble set from outside, until when it lasts. */
  injected: { readonly trouble: Trouble; readonly until: number } | undefined;
  canceledByAdmin: 'SOURCE' | 'DESTINATION' | 'BOTH' | null;
  canceledByAdminMessage: string | null;
  /** When something is next to be done; an entry of the queue with another time is void. */
  dueAt: number;
}

/** Fact: an error shows as the task's nice status for 15 minutes. */
const errorShownMs = 15 * 60_000;
/** Fact: events and errors of a task are deleted after 30 days. */
const historyMs = 30 * 86_400_000;
/** Fact: no more than 1,000 events of a task can be listed. */
const maxEvents = 1000;

/** Nothing copied yet; every item is one subtask until it has been looked at. */
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
 * Fact: "OK", "Queued" or the code of the last problem while the task lives, null when it is done.
 */
export function niceStatusOf(task: Task, now: number): string | null {
  const { phase, lastError } = task;
  if (phase.kind === 'ended') return null;
  if (phase.kind === 'paused') return 'PAUSED_BY_ADMIN';
  if (lastError !== null && now - lastError.at < errorShownMs) return lastError.code;
  return phase.kind === 'working' ? 'OK' : 'Queued';
}

/** Fact: after 30 days a task is still there, but its events are not. */
export function historyDeleted(task: Task, now: number): boolean {
  return task.phase.kind === 'ended' && now - task.phase.at > historyMs;
}

/** How far the task is now. */
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

/** What `fatal_error` says for a code. */
export function fatalError(code: EventCode): { code: EventCode; description: string } {
  return { code, description: describeCode(code) };
}
