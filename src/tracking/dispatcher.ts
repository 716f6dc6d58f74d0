import type { ConfigSnapshots } from '../config/config-snapshots.js';
import { ProxyError } from '../errors/proxy-error.js';
import { ServiceAccountError, UpstreamError } from '../errors/upstream.errors.js';
import type { Clock } from '../time/clock.port.js';
import { inSlices } from '../time/in-slices.js';
import type { Datasets } from '../transfers/application/ports/datasets.port.js';
import type {
  GlobusTransfers,
  SubmitOutcome,
} from '../transfers/application/ports/globus-transfers.port.js';
import type { Spool, SpooledList } from '../transfers/application/ports/spool.port.js';
import type { Handover } from '../transfers/application/ports/transfer-tracking.port.js';
import { rebuildFileList } from '../transfers/domain/file-list.js';
import { taskLabel } from '../transfers/domain/task-label.js';
import {
  cancelled,
  failed,
  handedOver,
  handingOver,
  type Transfer,
  waitingFor,
  withSubmissionId,
} from '../transfers/domain/transfer.js';
import type { TransferRecord } from '../transfers/domain/transfer-record.js';
import type { Alarms } from './alarms.js';
import { backoffMs, type Random } from './backoff.js';
import type { JobWriter } from './job-writer.js';
import type { OpenTransfer, OpenTransfers } from './open-transfers.js';
import type { SubmissionIds } from './submission-ids.js';

/** What the dispatcher works with. */
export interface DispatcherParts {
  readonly transfers: OpenTransfers;
  readonly writer: JobWriter;
  readonly globus: GlobusTransfers;
  readonly datasets: Datasets;
  readonly spool: Spool;
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
  private probe: OpenTransfer | undefined;
  /** Transfers that belong to another Globus client than the service's present one. */
  private readonly foreign = new Set<OpenTransfer>();
  /** By alarm: transfers that wait because Globus refuses the scopes of their collections. */
  private readonly withoutScopes = new Map<string, Set<OpenTransfer>>();

  constructor(private readonly parts: DispatcherParts) {}

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
    return !transfers.waiting().some((open) => mayGo(open, now));
  }

  /**
   * Ends transfers that Globus has certainly nothing of and that somebody wants to end. The promises
   * are the caller's to wait for; they never reject.
   */
  endUnsent(): readonly Promise<Handover>[] {
    return [...this.parts.transfers.pressingOnes()]
      .filter(
        (open) =>
          !open.busy &&
          !open.jobGone &&
          open.transfer.endRequested !== undefined &&
          handoverOf(open.transfer) === 'none',
      )
      .map((open) => this.handOver(open));
  }

  /**
   * Picks what may be handed over now, takes its slot and starts it. The promises are the caller's
   * to wait for; they never reject.
   *
   * @param reserved slots promised to requests that are still being stored
   */
  dispatch(reserved: number): readonly Promise<Handover>[] {
    const { transfers, config, clock } = this.parts;
    const now = clock.monotonicMs();
    const started: Promise<Handover>[] = [];
    for (const open of transfers.pressingOnes()) {
      if (!open.busy && !open.jobGone && open.notBefore <= now) started.push(this.handOver(open));
    }
    if (this.pausedFor !== undefined) return started;
    // After a pause one goes first; the others follow when Globus has taken it.
    let free = config.current().task.maxConcurrency - transfers.slotsInUse - reserved;
    if (this.pause !== undefined) free = this.probe === undefined ? Math.min(free, 1) : 0;
    if (free <= 0) return started;
    for (const open of transfers.waiting()) {
      if (free === 0) break;
      if (!mayGo(open, now)) continue;
      // What Globus may have already is looked for there first, whatever the configuration says.
      const withdrawn =
        handoverOf(open.transfer) === 'none' ? this.withdrawn(open.transfer) : undefined;
      if (withdrawn !== undefined) {
        this.wait(open, withdrawn, 'none', BLOCKED_BACKOFF);
        continue;
      }
      if (this.pause !== undefined) this.probe = open;
      transfers.setSlot(open, true);
      free -= 1;
      started.push(this.handOver(open));
    }
    return started;
  }

  /** Takes one transfer as far as it goes now. Never rejects. */
  async handOver(open: OpenTransfer): Promise<Handover> {
    if (open.busy) return { kind: 'waits' };
    open.busy = true;
    try {
      return await this.step(open);
    } catch (error) {
      if (this.parts.signal.aborted) return { kind: 'waits' };
      if (error instanceof ServiceAccountError && error.upstream === 'Globus') {
        this.refuseAccount(open, error.message);
      } else {
        const reason = reasonToWait(error);
        if (!(error instanceof ProxyError)) {
          this.parts.alarms.raise(`internal:${open.jobId}`, String(error));
        }
        this.retryLater(open, reason, UNCLEAR_BACKOFF);
      }
      return { kind: 'waits' };
    } finally {
      open.busy = false;
      if (this.probe === open) this.probe = undefined;
    }
  }

  /** The transfer is not followed any more. */
  forget(open: OpenTransfer): void {
    this.foreign.delete(open);
    if (this.foreign.size === 0) this.parts.alarms.clear(CLIENT_ALARM);
    this.scopesGranted(open);
  }

  private scopesRefused(open: OpenTransfer, reason: string): void {
    const alarm = scopesAlarm(open);
    this.withoutScopes.set(alarm, (this.withoutScopes.get(alarm) ?? new Set()).add(open));
    this.parts.alarms.raise(alarm, reason);
  }

  /** Or the transfer is over: nobody but others with the same facilities needs these scopes. */
  private scopesGranted(open: OpenTransfer): void {
    const alarm = scopesAlarm(open);
    const others = this.withoutScopes.get(alarm);
    others?.delete(open);
    if (others === undefined || others.size > 0) return;
    this.withoutScopes.delete(alarm);
    this.parts.alarms.clear(alarm);
  }

  private async step(open: OpenTransfer): Promise<Handover> {
    const { transfer } = open;
    if (transfer.status.state !== 'waiting') return { kind: 'started' };
    if (transfer.origin.kind !== 'recorded') {
      return this.fail(open, 'the job names neither its wishes nor a Globus task');
    }
    const { record } = transfer.origin;
    let { handover } = transfer.status;
    if (transfer.endRequested !== undefined && handover === 'none') return this.cancel(open);
    if (record.globusClientId !== this.parts.globus.clientId()) {
      return this.foreignClient(open, record);
    }
    if (handover === 'unknown') {
      const taskId = await this.findTask(open);
      if (taskId !== undefined) return this.start(open, taskId);
      if (open.transfer.endRequested !== undefined) return this.cancelWhenCertain(open);
      if (this.certainlyNotThere(open)) handover = 'none';
      const withdrawn = this.withdrawn(open.transfer);
      if (withdrawn !== undefined) {
        this.wait(open, withdrawn, handover, BLOCKED_BACKOFF);
        // It was looked for and is not there: those behind it may go.
        this.parts.transfers.setSlot(open, false);
        return { kind: 'waits' };
      }
    }
    const files = await this.filesOf(record);
    if (files === 'lost' && handover === 'unknown') return this.lookAgain(open);
    if (files === 'lost') {
      return this.fail(
        open,
        'the list of files to copy was lost and could not be rebuilt from SciCat; please request the transfer again',
      );
    }
    return this.submit(open, record, files, handover);
  }

  private async submit(
    open: OpenTransfer,
    record: TransferRecord,
    files: SpooledList | undefined,
    before: 'none' | 'unknown',
  ): Promise<Handover> {
    const { transfers, clock, signal } = this.parts;
    const submissionId = await this.durableSubmissionId(open);
    // The end may have been asked for while ids or files were fetched.
    if (open.transfer.endRequested !== undefined) {
      return before === 'none' ? this.cancel(open) : this.lookAgain(open);
    }
    transfers.update(open, handingOver);
    const askedBefore = open.lastAskedAt;
    open.lastAskedAt = clock.monotonicMs();
    const answered = clock.schedule(FIRST_STATUS_AFTER_MS, () => {
      this.tellOfWait(open);
    });
    const outcome = await this.parts.globus
      .submit(
        {
          submissionId,
          label: taskLabel(open.jobId),
          source: record.source,
          destination: record.destination,
          copy: record.copy,
          files,
        },
        signal,
      )
      .finally(() => {
        answered();
        open.lastAskedAt = clock.monotonicMs();
      });
    // A clear answer leaves nothing of this request on its way.
    if (outcome.kind !== 'unclear') open.lastAskedAt = askedBefore;
    return this.conclude(open, outcome, before);
  }

  private async conclude(
    open: OpenTransfer,
    outcome: SubmitOutcome,
    before: 'none' | 'unknown',
  ): Promise<Handover> {
    switch (outcome.kind) {
      case 'accepted':
        return this.start(open, outcome.taskId);
      case 'unclear':
        this.wait(open, outcome.reason, 'unknown', UNCLEAR_BACKOFF);
        return { kind: 'waits' };
      case 'busy':
        this.pauseFor(outcome.reason, outcome.retryAfterSeconds);
        this.wait(open, outcome.reason, before, UNCLEAR_BACKOFF);
        return { kind: 'waits' };
      case 'account-refused':
        this.refuseAccount(open, outcome.reason, before);
        return { kind: 'waits' };
      case 'scopes-refused':
        this.scopesRefused(open, outcome.reason);
        this.wait(open, outcome.reason, before, BLOCKED_BACKOFF);
        return { kind: 'waits' };
      case 'conflict':
      case 'refused':
      case 'submission-id-refused': {
        // An earlier submission of ours, whose answer was lost, may be why: look before believing.
        const taskId =
          outcome.kind === 'conflict' || before === 'unknown'
            ? await this.findTask(open)
            : undefined;
        if (taskId !== undefined) return this.start(open, taskId);
        if (outcome.kind === 'refused' && before === 'unknown') return this.lookAgain(open);
        return this.refusedForNow(open, outcome, before);
      }
    }
  }

  private async refusedForNow(
    open: OpenTransfer,
    outcome: Extract<SubmitOutcome, { kind: 'conflict' | 'refused' | 'submission-id-refused' }>,
    before: 'none' | 'unknown',
  ): Promise<Handover> {
    switch (outcome.kind) {
      case 'refused':
        return this.fail(open, outcome.reason);
      case 'conflict':
        // After an unclear submission the identical task may be our own, and not listed yet.
        this.wait(open, outcome.reason, before, BLOCKED_BACKOFF);
        return { kind: 'waits' };
      case 'submission-id-refused':
        // The old id was refused for good, so the next one can't make a second task; unless an
        // earlier request under it is still on its way, for which the label is looked at again.
        this.parts.transfers.update(open, (transfer) =>
          waitingFor(transfer, outcome.reason, before),
        );
        await this.assignSubmissionId(open);
        this.wait(open, outcome.reason, before, UNCLEAR_BACKOFF);
        return { kind: 'waits' };
    }
  }

  /** The transfer's submission id, once SciCat holds it: nothing is submitted under another. */
  private async durableSubmissionId(open: OpenTransfer): Promise<string> {
    const submissionId = open.transfer.submissionId ?? (await this.assignSubmissionId(open));
    if (open.durableSubmissionId !== submissionId) {
      await this.parts.writer.confirmed(open);
      open.durableSubmissionId = submissionId;
    }
    return submissionId;
  }

  private async assignSubmissionId(open: OpenTransfer): Promise<string> {
    const submissionId = await this.parts.submissionIds.next();
    this.parts.transfers.update(open, (transfer) => withSubmissionId(transfer, submissionId));
    return submissionId;
  }

  private async filesOf(record: TransferRecord): Promise<SpooledList | undefined | 'lost'> {
    const { spool, datasets, signal } = this.parts;
    const { key, fileList } = record;
    if (fileList === undefined) return undefined;
    const spooled = await spool.open(key);
    if (spooled?.count === fileList.count) return spooled;
    const paths = await datasets.filePaths(record.datasetPid, signal);
    const files = await inSlices(rebuildFileList(paths, fileList), signal);
    if (files === undefined) return 'lost';
    await spool.put(key, files);
    return (await spool.open(key)) ?? 'lost';
  }

  /** Our task of this transfer, found by its label; a running one before one that has ended. */
  async findTask(open: OpenTransfer): Promise<string | undefined> {
    const { tasks } = await this.parts.globus.list(
      { by: 'label', label: taskLabel(open.jobId) },
      this.parts.signal,
    );
    const own = tasks.filter((task) => task.label === taskLabel(open.jobId));
    const running = own.find((task) => task.status === 'ACTIVE' || task.status === 'INACTIVE');
    return (running ?? own[0])?.taskId;
  }

  /** Globus has the transfer as this task. */
  start(open: OpenTransfer, taskId: string): Handover {
    const { transfers, writer, alarms } = this.parts;
    transfers.update(open, (transfer) => handedOver(transfer, taskId));
    open.failures = 0;
    open.notBefore = 0;
    this.pause = undefined;
    alarms.clear(ACCOUNT_ALARM);
    this.withoutScopes.delete(scopesAlarm(open));
    alarms.clear(scopesAlarm(open));
    writer.changed(open, 'needed');
    return { kind: 'started' };
  }

  private fail(open: OpenTransfer, reason: string): Handover {
    this.parts.transfers.update(open, (transfer) => failed(transfer, reason));
    this.parts.writer.changed(open, 'final');
    return { kind: 'refused', reason };
  }

  private cancel(open: OpenTransfer): Handover {
    const by = open.transfer.endRequested?.by ?? '';
    this.parts.transfers.update(open, (transfer) =>
      cancelled(transfer, `by ${by}, before anything was copied`),
    );
    this.parts.writer.changed(open, 'final');
    return { kind: 'refused', reason: 'the transfer was cancelled' };
  }

  /** Globus has no such task; but a request that was sent a moment ago may still be on its way. */
  private cancelWhenCertain(open: OpenTransfer): Handover {
    return this.certainlyNotThere(open) ? this.cancel(open) : this.lookAgain(open);
  }

  /** It can't end before it is certain that no earlier request of it reaches Globus any more. */
  private lookAgain(open: OpenTransfer): Handover {
    open.notBefore = this.parts.clock.monotonicMs() + LOOK_AGAIN_MS;
    return { kind: 'waits' };
  }

  /** To be asked after a look that found no task: no earlier request can arrive any more. */
  certainlyNotThere(open: OpenTransfer): boolean {
    return this.parts.clock.monotonicMs() - open.lastAskedAt >= REQUEST_MAY_ARRIVE_MS;
  }

  private foreignClient(open: OpenTransfer, record: TransferRecord): Handover {
    const reason =
      'it was asked for under another Globus client id than the service has now; Globus may have it, but does not show it';
    this.foreign.add(open);
    this.parts.alarms.raise(
      CLIENT_ALARM,
      `Transfers of Globus client ${record.globusClientId} wait: run the service with that client id until they have ended.`,
    );
    this.parts.transfers.setSlot(open, false);
    this.retryLater(open, reason, BLOCKED_BACKOFF);
    return { kind: 'waits' };
  }

  private refuseAccount(
    open: OpenTransfer,
    reason: string,
    handover: 'none' | 'unknown' = handoverOf(open.transfer),
  ): void {
    this.parts.alarms.raise(ACCOUNT_ALARM, reason);
    this.pauseFor(reason, undefined);
    this.wait(open, reason, handover, UNCLEAR_BACKOFF);
  }

  private retryLater(
    open: OpenTransfer,
    reason: string,
    bounds: { readonly firstMs: number; readonly capMs: number },
  ): void {
    if (open.transfer.status.state !== 'waiting') return;
    this.wait(open, reason, handoverOf(open.transfer), bounds);
  }

  private wait(
    open: OpenTransfer,
    reason: string,
    handover: 'none' | 'unknown',
    bounds: { readonly firstMs: number; readonly capMs: number },
  ): void {
    const { transfers, writer, clock, random } = this.parts;
    const before = open.transfer;
    transfers.update(open, (transfer) => waitingFor(transfer, reason, handover));
    if (handover === 'none') transfers.setSlot(open, false);
    open.failures += 1;
    open.notBefore = clock.monotonicMs() + backoffMs(open.failures, bounds, random);
    if (before.status.state === 'waiting' && before.status.reason !== reason) {
      writer.changed(open, 'needed');
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

  private tellOfWait(open: OpenTransfer): void {
    if (open.transfer.status.state === 'waiting') this.parts.writer.changed(open, 'needed');
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

function scopesAlarm(open: OpenTransfer): string {
  const { origin } = open.transfer;
  return origin.kind === 'recorded'
    ? `globus-scopes:${origin.record.source.facility}:${origin.record.destination.facility}`
    : 'globus-scopes';
}

function mayGo(open: OpenTransfer, now: number): boolean {
  return (
    !open.jobGone &&
    !open.holdsSlot &&
    !open.busy &&
    open.notBefore <= now &&
    open.transfer.endRequested === undefined
  );
}

function handoverOf(transfer: Transfer): 'none' | 'unknown' {
  return transfer.status.state === 'waiting' ? transfer.status.handover : 'unknown';
}
