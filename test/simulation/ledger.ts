import type { JobDocument } from '../../sandbox/scicat/jobs.js';

/** How a request came to its service. Milliseconds from the start of the run. */
export interface Arrival {
  readonly at: number;
  /** Which life of the process sent it, counted from 1. */
  readonly life: number;
  /**
   * Nobody waited for the answer any more: its sender had timed out, given up or died. SciCat has
   * neither idempotency keys nor versions of its documents, so nothing that a client does can keep
   * such a request from taking effect; the checks that it could fool leave it out by name.
   */
  readonly late: boolean;
}

/** A change of a job that SciCat carried out. */
export interface JobWrite extends Arrival {
  readonly body: string;
  readonly job: JobDocument;
}

/** All that SciCat did with one job. */
export interface JobHistory {
  readonly created: Arrival & { readonly job: JobDocument };
  readonly writes: JobWrite[];
  deleted: Arrival | undefined;
}

/** A task that Globus accepted. */
export interface AcceptedTask extends Arrival {
  readonly taskId: string;
  readonly label: string;
}

/** What a user asked for. */
export interface TransferParameters {
  readonly number: number;
  readonly pid: string;
  readonly destination: string;
  readonly autoArchive: boolean;
  readonly files: readonly { readonly path: string; readonly isSymlink: boolean }[] | undefined;
}

/** A request that was answered with 200. */
export interface Promised extends Omit<Arrival, 'late'> {
  readonly jobId: string;
  readonly parameters: TransferParameters;
}

/** A cancellation that was answered with 200. */
export interface PromisedEnd extends Omit<Arrival, 'late'> {
  readonly jobId: string;
  readonly remove: boolean;
}

/** A hold that an operator was told is in force, in milliseconds from the start of the run. */
export interface HeldPeriod {
  readonly facility: string;
  readonly from: number;
  /** When its end was asked for, or came by itself. */
  to: number;
}

/**
 * What really happened at the services, and what users were told. Written by the network and by
 * the users, read by the checks; the service under test knows nothing of it.
 */
export class Ledger {
  readonly jobs = new Map<string, JobHistory>();
  readonly tasks: AcceptedTask[] = [];
  /** Submission ids that have made a task: Globus never refuses one again. */
  readonly usedSubmissionIds = new Set<string>();
  /** Submission ids that Globus has ceased to accept, whenever a request with one comes. */
  readonly refusedSubmissionIds = new Set<string>();
  /** Labels that Globus has permanently refused. */
  readonly refusedLabels = new Set<string>();
  /** By job id: when cancellation was first requested, answered or not. */
  readonly endsAsked = new Map<string, number>();
  /** By transfer key: refusals of its archive job. */
  readonly archiveRefusals = new Map<string, number>();
  /** By PID: refusals to read or to mark the lifecycle. */
  readonly lifecycleRefusals = new Map<string, number>();
  /** By PID: when the archiver last changed the lifecycle. */
  readonly archiverAt = new Map<string, number>();
  /** By PID: when the archiver began. */
  readonly archiverSince = new Map<string, number>();
  /** By PID: when the dataset was given to another group. */
  readonly revokedAt = new Map<string, number>();
  readonly promises: Promised[] = [];
  readonly ends: PromisedEnd[] = [];
  readonly holds: HeldPeriod[] = [];
  readonly lives: { readonly from: number; to: number }[] = [];
  /** What another account has written into jobs. */
  readonly rewrites: { readonly jobId: string; readonly at: number; readonly life: number }[] = [];
  /** Tasks that Globus has forgotten. */
  readonly forgotten = new Set<string>();
  /** What was found to be wrong, in the order in which it was. */
  readonly violations: string[] = [];

  /** Whether another account wrote into the job, from one time to another. */
  wasRewritten(jobId: string, from = -Infinity, to = Infinity): boolean {
    return this.rewrites.some((one) => one.jobId === jobId && one.at >= from && one.at <= to);
  }

  violated(what: string): void {
    this.violations.push(what);
  }
}
