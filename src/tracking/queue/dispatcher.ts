import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { ServiceAccountError, UpstreamError } from '../../errors/upstream.errors.js';
import type { Clock } from '../../ports/clock.port.js';
import { runCooperatively } from '../../file-lists/run-cooperatively.js';
import type { Datasets } from '../../ports/datasets.port.js';
import type { GlobusTransfers, SubmitOutcome } from '../../ports/globus-transfers.port.js';
import type { FileListStore, StoredFileList } from '../../ports/file-list-store.port.js';
import type { DispatchResult } from '../../ports/transfer-tracking.port.js';
import { rebuildFileList } from '../../file-lists/file-list.js';
import { taskLabel } from '../../domain/task-label.js';
import {
  cancelled,
  failed,
  submittedAs,
  beingSubmitted,
  type SubmissionState,
  type Transfer,
  waitingFor,
  withSubmissionId,
} from '../../domain/transfer.js';
import type { TransferRecord } from '../../domain/transfer-record.js';
import type { Alarms } from '../core/alarms.js';
import { backoffMs, type Random } from '../../time/backoff.js';
import type { JobWriter } from '../core/job-writer.js';
import type { TrackedTransfer, TrackedTransfers } from '../core/tracked-transfers.js';
import type { SubmissionIds } from './submission-ids.js';

/** What the dispatcher works with. */
export interface DispatcherDeps {
  readonly transfers: TrackedTransfers;
  readonly writer: JobWriter;
  readonly globus: GlobusTransfers;
  readonly datasets: Datasets;
  readonly spool: FileListStore;
  readonly submissionIds: SubmissionIds;
  readonly config: ConfigSnapshots;
  readonly clock: Clock;
  readonly random: Random;
  readonly alarms: Alarms;
  readonly signal: AbortSignal;
}

/** A pause of all handing over, since Globus takes nothing from anybody. */
interface Pause {
  readonly until: number;
  readonly reason: string;
  readonly failures: number;
}

/** How long a user must have been waiting for the first status to be worth a write of its own. */
const FIRST_STATUS_AFTER_MS = 1000;
/** After an unclear submission: how long its request may still be on its way to Globus. */
const REQUEST_MAY_ARRIVE_MS = 120_000;
const LOOK_AGAIN_MS = 15_000;

const UNCLEAR_BACKOFF = { firstMs: 2000, capMs: 60_000 };
const BLOCKED_BACKOFF = { firstMs: 30_000, capMs: 600_000 };
/** However long Globus asks us to stay away, it may have been mended sooner. */
const LONGEST_PAUSE_MS = 15 * 60_000;
const PAUSE_BACKOFF = { firstMs: 5000, capMs: 60_000 };

/**
 * Hands transfers to Globus: oldest first, never more than `task.maxConcurrency` at a time, each
 * under a submission id that SciCat already holds, so that however often it is tried there is one
 * task. A transfer that can't go now does not hold up those behind it.
 */
export class Dispatcher {
  private pause: Pause | undefined;
  /** The one transfer that tries whether Globus takes anything again after a pause. */
  private probe: TrackedTransfer | undefined;
  /** Transfers that belong to another Globus client than the service's present one. */
  private readonly foreign = new Set<TrackedTransfer>();
  /** By alarm: transfers that wait because Globus refuses the scopes of their collections. */
  private readonly withoutScopes = new Map<string, Set<TrackedTransfer>>();

  constructor(private readonly parts: DispatcherDeps) {}

  /** Why nothing is handed over at present; undefined when it may be tried. */
  get pausedFor(): string | undefined {
    const { pause } = this;
    return pause !== undefined && this.parts.clock.monotonicMs() < pause.until
      ? pause.reason
      : undefined;
  }

  /** What is wrong with Globus, until a transfer has gone through again; undefined when nothing is. */
  get waitsForGlobus(): string | undefined {
    return this.pause?.reason;
  }

  /** Whether a new transfer may take a slot ahead of the queue. */
  slotFreeForNewcomer(reserved: number): boolean {
    const { transfers, config, clock } = this.parts;
    if (this.pause !== undefined) return false;
    if (transfers.slotsInUse + reserved >= config.current().task.maxConcurrency) return false;
    const now = clock.monotonicMs();
    return !transfers.waiting().some((tracked) => mayGo(tracked, now));
  }

  /**
   * Ends transfers that Globus has certainly nothing of and that somebody wants to end. The promises
   * are the caller's to wait for; they never reject.
   */
  endUnsent(): readonly Promise<DispatchResult>[] {
    return [...this.parts.transfers.bypassingQueue()]
      .filter(
        (tracked) =>
          !tracked.busy &&
          !tracked.jobGone &&
          tracked.transfer.endRequested !== undefined &&
          submissionOf(tracked.transfer) === 'not-sent',
      )
      .map((tracked) => this.dispatchOne(tracked));
  }

  /**
   * Picks what may be handed over now, takes its slot and starts it. The promises are the caller's
   * to wait for; they never reject.
   *
   * @param reserved slots promised to requests that are still being stored
   */
  dispatch(reserved: number): readonly Promise<DispatchResult>[] {
    const { transfers, config, clock } = this.parts;
    const now = clock.monotonicMs();
    const started: Promise<DispatchResult>[] = [];
    for (const tracked of transfers.bypassingQueue()) {
      if (!tracked.busy && !tracked.jobGone && tracked.notBefore <= now)
        started.push(this.dispatchOne(tracked));
    }
    if (this.pausedFor !== undefined) return started;
    // After a pause one goes first; the others follow when Globus has taken it.
    let free = config.current().task.maxConcurrency - transfers.slotsInUse - reserved;
    if (this.pause !== undefined) free = this.probe === undefined ? Math.min(free, 1) : 0;
    if (free <= 0) return started;
    for (const tracked of transfers.waiting()) {
      if (free === 0) break;
      if (!mayGo(tracked, now)) continue;
      // What Globus may have already is looked for there first, whatever the configuration says.
      const withdrawn =
        submissionOf(tracked.transfer) === 'not-sent'
          ? this.withdrawn(tracked.transfer)
          : undefined;
      if (withdrawn !== undefined) {
        this.wait(tracked, withdrawn, 'not-sent', BLOCKED_BACKOFF);
        continue;
      }
      if (this.pause !== undefined) this.probe = tracked;
      transfers.setSlot(tracked, true);
      free -= 1;
      started.push(this.dispatchOne(tracked));
    }
    return started;
  }

  /** Takes one transfer as far as it goes now. Never rejects. */
  async dispatchOne(tracked: TrackedTransfer): Promise<DispatchResult> {
    if (tracked.busy) return { kind: 'waits' };
    tracked.busy = true;
    try {
      return await this.step(tracked);
    } catch (error) {
      if (this.parts.signal.aborted) return { kind: 'waits' };
      if (error instanceof ServiceAccountError && error.upstream === 'Globus') {
        this.refuseAccount(tracked, error.message);
      } else {
        const reason = reasonToWait(error);
        if (!(error instanceof ProxyError)) {
          this.parts.alarms.raise(`internal:${tracked.jobId}`, String(error));
        }
        this.retryLater(tracked, reason, UNCLEAR_BACKOFF);
      }
      return { kind: 'waits' };
    } finally {
      tracked.busy = false;
      if (this.probe === tracked) this.probe = undefined;
    }
  }

  /** The transfer is not followed any more. */
  forget(tracked: TrackedTransfer): void {
    this.foreign.delete(tracked);
    if (this.foreign.size === 0) this.parts.alarms.clear(CLIENT_ALARM);
    this.scopesGranted(tracked);
  }

  private scopesRefused(tracked: TrackedTransfer, reason: string): void {
    const alarm = scopesAlarm(tracked);
    this.withoutScopes.set(alarm, (this.withoutScopes.get(alarm) ?? new Set()).add(tracked));
    this.parts.alarms.raise(alarm, reason);
  }

  /** Or the transfer is over: nobody but others with the same facilities needs these scopes. */
  private scopesGranted(tracked: TrackedTransfer): void {
    const alarm = scopesAlarm(tracked);
    const others = this.withoutScopes.get(alarm);
    others?.delete(tracked);
    if (others === undefined || others.size > 0) return;
    this.withoutScopes.delete(alarm);
    this.parts.alarms.clear(alarm);
  }

  private async step(tracked: TrackedTransfer): Promise<DispatchResult> {
    const { transfer } = tracked;
    if (transfer.status.state !== 'waiting') return { kind: 'started' };
    if (transfer.origin.kind !== 'recorded') {
      return this.fail(tracked, 'the job names neither its wishes nor a Globus task');
    }
    const { record } = transfer.origin;
    let { submission } = transfer.status;
    if (transfer.endRequested !== undefined && submission === 'not-sent')
      return this.cancel(tracked);
    if (record.globusClientId !== this.parts.globus.clientId()) {
      return this.foreignClient(tracked, record);
    }
    if (submission === 'unconfirmed') {
      const taskId = await this.findTask(tracked);
      if (taskId !== undefined) return this.start(tracked, taskId);
      if (tracked.transfer.endRequested !== undefined) return this.cancelWhenCertain(tracked);
      if (this.certainlyNotThere(tracked)) submission = 'not-sent';
      const withdrawn = this.withdrawn(tracked.transfer);
      if (withdrawn !== undefined) {
        this.wait(tracked, withdrawn, submission, BLOCKED_BACKOFF);
        // It was looked for and is not there: those behind it may go.
        this.parts.transfers.setSlot(tracked, false);
        return { kind: 'waits' };
      }
    }
    const files = await this.filesOf(record);
    if (files === 'lost' && submission === 'unconfirmed') return this.verifyLater(tracked);
    if (files === 'lost') {
      return this.fail(
        tracked,
        'the list of files to copy was lost and could not be rebuilt from SciCat; please request the transfer again',
      );
    }
    return this.submit(tracked, record, files, submission);
  }

  private async submit(
    tracked: TrackedTransfer,
    record: TransferRecord,
    files: StoredFileList | undefined,
    before: SubmissionState,
  ): Promise<DispatchResult> {
    const { transfers, clock, signal } = this.parts;
    const submissionId = await this.durableSubmissionId(tracked);
    // The end may have been asked for while ids or files were fetched.
    if (tracked.transfer.endRequested !== undefined) {
      return before === 'not-sent' ? this.cancel(tracked) : this.verifyLater(tracked);
    }
    transfers.update(tracked, beingSubmitted);
    const askedBefore = tracked.lastAskedAt;
    tracked.lastAskedAt = clock.monotonicMs();
    const answered = clock.schedule(FIRST_STATUS_AFTER_MS, () => {
      this.tellOfWait(tracked);
    });
    const outcome = await this.parts.globus
      .submit(
        {
          submissionId,
          label: taskLabel(tracked.jobId),
          source: record.source,
          destination: record.destination,
          copy: record.copy,
          files,
        },
        signal,
      )
      .finally(() => {
        answered();
        tracked.lastAskedAt = clock.monotonicMs();
      });
    // A clear answer leaves nothing of this request on its way.
    if (outcome.kind !== 'unclear') tracked.lastAskedAt = askedBefore;
    return this.conclude(tracked, outcome, before);
  }

  private async conclude(
    tracked: TrackedTransfer,
    outcome: SubmitOutcome,
    before: SubmissionState,
  ): Promise<DispatchResult> {
    switch (outcome.kind) {
      case 'accepted':
        return this.start(tracked, outcome.taskId);
      case 'unclear':
        this.wait(tracked, outcome.reason, 'unconfirmed', UNCLEAR_BACKOFF);
        return { kind: 'waits' };
      case 'busy':
        this.pauseFor(outcome.reason, outcome.retryAfterSeconds);
        this.wait(tracked, outcome.reason, before, UNCLEAR_BACKOFF);
        return { kind: 'waits' };
      case 'account-refused':
        this.refuseAccount(tracked, outcome.reason, before);
        return { kind: 'waits' };
      case 'scopes-refused':
        this.scopesRefused(tracked, outcome.reason);
        this.wait(tracked, outcome.reason, before, BLOCKED_BACKOFF);
        return { kind: 'waits' };
      case 'conflict':
      case 'refused':
      case 'submission-id-refused': {
        // An earlier submission of ours, whose answer was lost, may be why: look before believing.
        const taskId =
          outcome.kind === 'conflict' || before === 'unconfirmed'
            ? await this.findTask(tracked)
            : undefined;
        if (taskId !== undefined) return this.start(tracked, taskId);
        if (outcome.kind === 'refused' && before === 'unconfirmed')
          return this.verifyLater(tracked);
        return this.applyRejection(tracked, outcome, before);
      }
    }
  }

  private async applyRejection(
    tracked: TrackedTransfer,
    outcome: Extract<SubmitOutcome, { kind: 'conflict' | 'refused' | 'submission-id-refused' }>,
    before: SubmissionState,
  ): Promise<DispatchResult> {
    switch (outcome.kind) {
      case 'refused':
        return this.fail(tracked, outcome.reason);
      case 'conflict':
        // After an unclear submission the identical task may be our own, and not listed yet.
        this.wait(tracked, outcome.reason, before, BLOCKED_BACKOFF);
        return { kind: 'waits' };
      case 'submission-id-refused':
        // The old id was refused for good, so the next one can't make a second task; unless an
        // earlier request under it is still on its way, for which the label is looked at again.
        this.parts.transfers.update(tracked, (transfer) =>
          waitingFor(transfer, outcome.reason, before),
        );
        await this.assignSubmissionId(tracked);
        this.wait(tracked, outcome.reason, before, UNCLEAR_BACKOFF);
        return { kind: 'waits' };
    }
  }

  /** The transfer's submission id, once SciCat holds it: nothing is submitted under another. */
  private async durableSubmissionId(tracked: TrackedTransfer): Promise<string> {
    const submissionId = tracked.transfer.submissionId ?? (await this.assignSubmissionId(tracked));
    if (tracked.durableSubmissionId !== submissionId) {
      await this.parts.writer.confirmed(tracked);
      tracked.durableSubmissionId = submissionId;
    }
    return submissionId;
  }

  private async assignSubmissionId(tracked: TrackedTransfer): Promise<string> {
    const submissionId = await this.parts.submissionIds.next();
    this.parts.transfers.update(tracked, (transfer) => withSubmissionId(transfer, submissionId));
    return submissionId;
  }

  private async filesOf(record: TransferRecord): Promise<StoredFileList | undefined | 'lost'> {
    const { spool, datasets, signal } = this.parts;
    const { key, fileList } = record;
    if (fileList === undefined) return undefined;
    const spooled = await spool.open(key);
    if (spooled?.count === fileList.count) return spooled;
    const paths = await datasets.filePaths(record.datasetPid, signal);
    const files = await runCooperatively(rebuildFileList(paths, fileList), signal);
    if (files === undefined) return 'lost';
    await spool.put(key, files);
    return (await spool.open(key)) ?? 'lost';
  }

  /** Our task of this transfer, found by its label; a running one before one that has ended. */
  async findTask(tracked: TrackedTransfer): Promise<string | undefined> {
    const { tasks } = await this.parts.globus.list(
      { by: 'label', label: taskLabel(tracked.jobId) },
      this.parts.signal,
    );
    const own = tasks.filter((task) => task.label === taskLabel(tracked.jobId));
    const running = own.find((task) => task.status === 'ACTIVE' || task.status === 'INACTIVE');
    return (running ?? own[0])?.taskId;
  }

  /** Globus has the transfer as this task. */
  start(tracked: TrackedTransfer, taskId: string): DispatchResult {
    const { transfers, writer, alarms } = this.parts;
    transfers.update(tracked, (transfer) => submittedAs(transfer, taskId));
    tracked.failures = 0;
    tracked.notBefore = 0;
    this.pause = undefined;
    alarms.clear(ACCOUNT_ALARM);
    this.withoutScopes.delete(scopesAlarm(tracked));
    alarms.clear(scopesAlarm(tracked));
    writer.changed(tracked, 'needed');
    return { kind: 'started' };
  }

  private fail(tracked: TrackedTransfer, reason: string): DispatchResult {
    this.parts.transfers.update(tracked, (transfer) => failed(transfer, reason));
    this.parts.writer.changed(tracked, 'final');
    return { kind: 'refused', reason };
  }

  private cancel(tracked: TrackedTransfer): DispatchResult {
    const by = tracked.transfer.endRequested?.by ?? '';
    this.parts.transfers.update(tracked, (transfer) =>
      cancelled(transfer, `by ${by}, before anything was copied`),
    );
    this.parts.writer.changed(tracked, 'final');
    return { kind: 'refused', reason: 'the transfer was cancelled' };
  }

  /** Globus has no such task; but a request that was sent a moment ago may still be on its way. */
  private cancelWhenCertain(tracked: TrackedTransfer): DispatchResult {
    return this.certainlyNotThere(tracked) ? this.cancel(tracked) : this.verifyLater(tracked);
  }

  /** It can't end before it is certain that no earlier request of it reaches Globus any more. */
  private verifyLater(tracked: TrackedTransfer): DispatchResult {
    tracked.notBefore = this.parts.clock.monotonicMs() + LOOK_AGAIN_MS;
    return { kind: 'waits' };
  }

  /** To be asked after a look that found no task: no earlier request can arrive any more. */
  certainlyNotThere(tracked: TrackedTransfer): boolean {
    return this.parts.clock.monotonicMs() - tracked.lastAskedAt >= REQUEST_MAY_ARRIVE_MS;
  }

  private foreignClient(tracked: TrackedTransfer, record: TransferRecord): DispatchResult {
    const reason =
      'it was asked for under another Globus client id than the service has now; Globus may have it, but does not show it';
    this.foreign.add(tracked);
    this.parts.alarms.raise(
      CLIENT_ALARM,
      `Transfers of Globus client ${record.globusClientId} wait: run the service with that client id until they have ended.`,
    );
    this.parts.transfers.setSlot(tracked, false);
    this.retryLater(tracked, reason, BLOCKED_BACKOFF);
    return { kind: 'waits' };
  }

  private refuseAccount(
    tracked: TrackedTransfer,
    reason: string,
    submission: SubmissionState = submissionOf(tracked.transfer),
  ): void {
    this.parts.alarms.raise(ACCOUNT_ALARM, reason);
    this.pauseFor(reason, undefined);
    this.wait(tracked, reason, submission, UNCLEAR_BACKOFF);
  }

  private retryLater(
    tracked: TrackedTransfer,
    reason: string,
    bounds: { readonly firstMs: number; readonly capMs: number },
  ): void {
    if (tracked.transfer.status.state !== 'waiting') return;
    this.wait(tracked, reason, submissionOf(tracked.transfer), bounds);
  }

  private wait(
    tracked: TrackedTransfer,
    reason: string,
    submission: SubmissionState,
    bounds: { readonly firstMs: number; readonly capMs: number },
  ): void {
    const { transfers, writer, clock, random } = this.parts;
    const before = tracked.transfer;
    transfers.update(tracked, (transfer) => waitingFor(transfer, reason, submission));
    if (submission === 'not-sent') transfers.setSlot(tracked, false);
    tracked.failures += 1;
    tracked.notBefore = clock.monotonicMs() + backoffMs(tracked.failures, bounds, random);
    if (before.status.state === 'waiting' && before.status.reason !== reason) {
      writer.changed(tracked, 'needed');
    }
  }

  private pauseFor(reason: string, retryAfterSeconds: number | undefined): void {
    const failures = (this.pause?.failures ?? 0) + 1;
    const ownMs = backoffMs(failures, PAUSE_BACKOFF, this.parts.random);
    this.pause = {
      until:
        this.parts.clock.monotonicMs() +
        Math.max(ownMs, Math.min((retryAfterSeconds ?? 0) * 1000, LONGEST_PAUSE_MS)),
      reason,
      failures,
    };
  }

  /** Why a waiting transfer may not go by today's configuration; a running one is not asked. */
  private withdrawn(transfer: Transfer): string | undefined {
    if (transfer.origin.kind !== 'recorded') return undefined;
    const { source, destination } = transfer.origin.record;
    const { facilities } = this.parts.config.current();
    const from = facilities.find((facility) => facility.name === source.facility);
    const to = facilities.find((facility) => facility.name === destination.facility);
    if (from === undefined) return `facility ${source.facility} is not configured any more`;
    if (to === undefined) return `facility ${destination.facility} is not configured any more`;
    if (from.direction === 'DST') return `facility ${from.name} is no longer a source`;
    if (to.direction === 'SRC') return `facility ${to.name} is no longer a destination`;
    return undefined;
  }

  private tellOfWait(tracked: TrackedTransfer): void {
    if (tracked.transfer.status.state === 'waiting') this.parts.writer.changed(tracked, 'needed');
  }
}

const CLIENT_ALARM = 'globus-client-id';

/** The alarm of credentials that Globus refuses. */
export const ACCOUNT_ALARM = 'globus-account';

/**
 * Why a transfer waits after an error. The same words at every try: the job in SciCat is written
 * anew when they change, and the details are in the log.
 */
function reasonToWait(error: unknown): string {
  if (error instanceof UpstreamError && error.retryable) {
    return `${error.upstream} does not answer as it should; it is asked again`;
  }
  return error instanceof ProxyError
    ? error.message
    : 'the service met an error of its own, which is in its log';
}

function scopesAlarm(tracked: TrackedTransfer): string {
  const { origin } = tracked.transfer;
  return origin.kind === 'recorded'
    ? `globus-scopes:${origin.record.source.facility}:${origin.record.destination.facility}`
    : 'globus-scopes';
}

function mayGo(tracked: TrackedTransfer, now: number): boolean {
  return (
    !tracked.jobGone &&
    !tracked.holdsSlot &&
    !tracked.busy &&
    tracked.notBefore <= now &&
    tracked.transfer.endRequested === undefined
  );
}

function submissionOf(transfer: Transfer): SubmissionState {
  return transfer.status.state === 'waiting' ? transfer.status.submission : 'unconfirmed';
}
