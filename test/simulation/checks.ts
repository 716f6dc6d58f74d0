import type { TaskView } from '../../sandbox/globus/globus-machine.js';
import type { JobDocument } from '../../sandbox/scicat/jobs.js';
import type { JobHistory, JobWrite, Promised, TransferParameters } from './ledger.js';
import type { Life } from './life.js';
import { MINUTE, SECOND } from './plan.js';
import { ourWordOf, pidOf, sealedOf, type World } from './world.js';

/** A job of the proxy with all that belongs to it. */
interface Case {
  readonly jobId: string;
  readonly history: JobHistory;
  /** As the proxy wrote it last; undefined if it is no longer in SciCat. */
  readonly job: JobDocument | undefined;
  readonly record: Readonly<Record<string, unknown>>;
  readonly key: string;
  readonly task: TaskView | undefined;
  readonly promises: readonly Promised[];
  /** A late write, whose sender had given up, has overwritten newer ones. */
  readonly lateWrite: boolean;
  /** Its removal was requested by `DELETE ?delete=true`, answered or not. */
  readonly archiveJobs: readonly JobDocument[];
}

const FINAL_WORDS = ['finished', 'failed', 'cancelled'];

/**
 * Compares what is in SciCat and in Globus at the end with what users were promised. Knows nothing
 * of the service but the contract: its documents are read field by field here.
 */
export function check(world: World, life: Life): void {
  const cases = casesOf(world);
  checkAtRest(world, life);
  for (const one of cases) {
    checkEnded(world, one);
    checkTask(world, one);
    checkOutcome(world, one);
    checkArchived(world, one);
    checkWrites(world, one);
    checkCopied(world, one);
    checkNotAccepted(world, one);
    checkHolds(world, one);
    checkRevoked(world, one);
  }
  checkPromises(world, cases);
  checkCancels(world, cases);
  checkNoneTwice(world, cases);
  checkForeigners(world, cases);
}

function casesOf(world: World): readonly Case[] {
  const { ledger, scicat, globus } = world;
  const archives = new Map<string, JobDocument[]>();
  for (const { created } of ledger.jobs.values()) {
    if (created.job.type !== 'archive') continue;
    const key = String(created.job.jobParams['globusTransferKey']);
    archives.set(key, [...(archives.get(key) ?? []), created.job]);
  }
  const cases: Case[] = [];
  for (const [jobId, history] of ledger.jobs) {
    if (history.created.job.type !== 'globus_transfer_job') continue;
    const record = sealedOf(history.created.job) ?? {};
    const key = String(record['key']);
    const accepted = tasksOf(world, jobId);
    const shown = scicat.job(jobId);
    if (accepted.length > 1) world.violated(`job ${jobId} has ${accepted.length} Globus tasks`);
    cases.push({
      jobId,
      history,
      job: shown === undefined ? undefined : ourWordOf(world, shown),
      record,
      key,
      task: globus.task(accepted[0]?.taskId ?? ''),
      promises: ledger.promises.filter((promise) => promise.jobId === jobId),
      lateWrite: history.writes.some(({ late }) => late),
      archiveJobs: archives.get(key) ?? [],
    });
  }
  return cases;
}

/**
 * The tasks that Globus has accepted for a transfer. After a late write, or one of another account, and a
 * restart, nothing tells of a task that Globus has forgotten, so its files are copied again: that task does
 * not count.
 */
function tasksOf({ ledger }: World, jobId: string): World['ledger']['tasks'] {
  const tasks = ledger.tasks.filter(({ label }) => label === `SciCat transfer ${jobId}`);
  const lostWord =
    ledger.jobs.get(jobId)?.writes.some(({ late }) => late) === true || ledger.wasRewritten(jobId);
  return tasks.filter(
    ({ taskId }, index) => !(lostWord && index < tasks.length - 1 && ledger.forgotten.has(taskId)),
  );
}

/** Nothing is left in memory, no slot is in use, no alarm is active. */
function checkAtRest(world: World, life: Life): void {
  const { waiting, inFlight, finalizing, open, parkedJobs, ready } = life.tracker.status();
  if (!ready) world.violated('the service is not ready at the end');
  if (waiting + inFlight + finalizing > 0 || open > parkedJobs) {
    world.violated(
      `at the end ${open} are open: ${waiting} wait, ${inFlight} in flight, ${finalizing} finalizing`,
    );
  }
  for (const [alarm, reason] of life.alarms.active()) {
    world.violated(`an alarm is active at the end: ${alarm}: ${reason}`);
  }
}

/** No job stays open, except for those that can't be written in SciCat. */
function checkEnded(world: World, { jobId, job }: Case): void {
  if (job === undefined) return;
  // Surprise: SciCat refuses every write of a job whose dataset is deleted.
  if (!world.scicat.datasets.has(pidOf(job))) return;
  if (!FINAL_WORDS.includes(statusOf(job))) {
    world.violated(`job ${jobId} is still open: ${job.statusCode} ${job.statusMessage}`);
  }
}

/** No task runs on for a transfer that has ended or whose job is gone. */
function checkTask(world: World, { jobId, task }: Case): void {
  if (task !== undefined && task.phase.kind !== 'ended') {
    world.violated(`the task of job ${jobId} still runs`);
  }
}

/** What SciCat says in the end is what Globus says. */
function checkOutcome(world: World, one: Case): void {
  const { jobId, job, task, history, record } = one;
  const { ledger, plan } = world;
  if (job === undefined) return;
  if (!world.scicat.datasets.has(pidOf(job))) return;
  // Whether it was noticed, depends on when it was asked again; see `checkRevoked`.
  if (ledger.revokedAt.has(pidOf(job)) && job.statusMessage.includes(OTHER_GROUP)) return;
  const status = statusOf(job);
  const [accepted] = tasksOf(world, jobId);
  const wrong = (why: string): void => {
    world.violated(
      `job ${jobId} is ${job.statusCode} ${status} (${job.statusMessage}), but ${why}`,
    );
  };
  if (accepted === undefined) {
    if (status === 'finished') wrong('Globus never had it');
    if (status === 'failed' && !ledger.refusedLabels.has(`SciCat transfer ${jobId}`)) {
      // A lost list can only be rebuilt where it names all files of the dataset.
      // The same goes for one whose end a late write has hidden: it needed its list no more.
      const maybeLost = plan.spoolLoss || wasReopenedLate(history.writes);
      if (!maybeLost || record['fileList'] === undefined) wrong('Globus never refused it');
    }
    if (status === 'cancelled' && !endWasAsked(world, one)) wrong('this was not requested');
    return;
  }
  if (ledger.forgotten.has(accepted.taskId)) {
    // Ended with an unknown result, after an hour of queries.
    if (status === 'finished') wrong('Globus has forgotten the task while it ran');
    return;
  }
  if (task?.phase.kind !== 'ended') return;
  if (job.jobResultObject?.['globusTaskId'] !== task.id) {
    const never = status === 'cancelled' && job.jobResultObject?.['globusTaskId'] === '';
    // A submission may arrive after a dead process's transfer has been cancelled.
    if (!(never && accepted.late)) wrong(`its task is ${task.id}`);
  }
  const { fatalError } = task.phase;
  if (task.phase.status === 'SUCCEEDED') {
    if (status !== 'finished') wrong('its task has succeeded');
    return;
  }
  const given = history.writes.some(({ body }) => body.includes('"reason":"stalled"'));
  if (fatalError?.code === 'CANCELED') {
    const expected =
      given && task.canceledByAdmin === null ? ['failed', 'cancelled'] : ['cancelled'];
    if (!expected.includes(status)) wrong('its task was cancelled');
    const code = status === 'failed' ? '998' : '004';
    if (job.statusCode !== code) wrong(`its code should be ${code}`);
  } else if (status !== 'failed' || job.statusCode !== '998') {
    wrong(`its task has failed (${String(fatalError?.code)})`);
  }
}

/** One archive job where it was wished and the files have arrived; none anywhere else. */
function checkArchived(world: World, one: Case): void {
  const { jobId, job, key, task, archiveJobs, record, lateWrite } = one;
  const { ledger } = world;
  // An archive job whose request arrived too late to be noticed may exist twice.
  const onTime = archiveJobs.filter(({ id }) => ledger.jobs.get(id)?.created.late === false);
  if (onTime.length > 1 || (archiveJobs.length > 1 && onTime.length === archiveJobs.length)) {
    world.violated(`job ${jobId} has ${archiveJobs.length} archive jobs`);
  }
  const succeeded = task?.phase.kind === 'ended' && task.phase.status === 'SUCCEEDED';
  const wanted = wantsArchiveJob(one);
  if (archiveJobs.length > 0 && (!wanted || !succeeded)) {
    world.violated(`job ${jobId} has an archive job that was not requested or came too early`);
  }
  checkFinalization(world, one);
  for (const archive of archiveJobs) {
    if (pidOf(archive) !== record['datasetPid']) {
      world.violated(`the archive job of ${jobId} is for another dataset`);
    }
  }
  if (job === undefined) return;
  if (!wanted || statusOf(job) !== 'finished') return;
  switch (job.statusCode) {
    case '003':
      if (archiveJobs.length === 0) {
        if (!wasArchivedMeanwhile(world, one, job)) {
          world.violated(`job ${jobId} has no archive job`);
        }
      } else if (!archiveJobs.some(({ id }) => id === job.jobResultObject?.['archiveJobId'])) {
        if (!lateWrite) world.violated(`job ${jobId} does not name its archive job`);
      }
      return;
    case '995':
      if ((ledger.archiveRefusals.get(key) ?? 0) < 3) {
        world.violated(`job ${jobId} ends as 995, and SciCat has hardly refused its archive job`);
      }
      return;
    case '997':
      if (
        (ledger.lifecycleRefusals.get(pidOf(job)) ?? 0) < 3 &&
        world.scicat.datasets.has(pidOf(job))
      ) {
        world.violated(`job ${jobId} ends as 997, and SciCat has hardly refused to mark it`);
      }
      return;
    default:
      world.violated(`job ${jobId} is finished with code ${job.statusCode}`);
  }
}

function wantsArchiveJob({ record }: Case): boolean {
  return record['autoArchive'] === true && record['finalize'] === 'archive';
}

/** Whether the archiver had begun on the dataset by another transfer, as the job says. */
function wasArchivedMeanwhile(
  { ledger }: World,
  { record }: Case,
  { statusMessage }: JobDocument,
  at = Infinity,
): boolean {
  const since = ledger.archiverSince.get(String(record['datasetPid'])) ?? Infinity;
  return statusMessage.includes('when its files had arrived') && since < Infinity && since <= at;
}

/** How long it may take from reading a dataset to creating the job of its transfer. */
const REQUEST_MS = 15 * 60_000;

/** A dataset on which the archiver has begun is not archived again; any other is. */
function checkFinalization(world: World, { jobId, record, history }: Case): void {
  const { at, late } = history.created;
  const since = world.ledger.archiverSince.get(String(record['datasetPid'])) ?? Infinity;
  if (record['finalize'] === 'already-archived' && since > at) {
    world.violated(`job ${jobId} takes its dataset for archived, and nobody has archived it`);
  }
  if (record['finalize'] === 'archive' && since < at - REQUEST_MS && !late) {
    world.violated(`job ${jobId} wants to archive a dataset that was archived already`);
  }
}

/** Whether a write that arrived late has put an older state over the job's end. */
function wasReopenedLate(writes: readonly JobWrite[]): boolean {
  const end = writes.findIndex(({ job }) => FINAL_WORDS.includes(statusOf(job)));
  return end >= 0 && writes.slice(end + 1).some(({ late }) => late);
}

/** Progress never goes back, an end is never taken back, and nothing is written twice. */
function checkWrites(world: World, one: Case): void {
  const { jobId, history, record } = one;
  let before: JobWrite | undefined;
  for (const write of history.writes) {
    const last = before;
    before = write;
    // What comes late is another state by its nature: an older one, or one of a dead process that
    // its successor had not read.
    if (write.late) continue;
    checkFinishedLast(world, one, write);
    checkTotals(world, one, write);
    if (last === undefined || last.late) continue;
    // What was shown before is not believed any more: it is said again, from what is certain on.
    if (world.ledger.wasRewritten(jobId, last.at, write.at)) continue;
    for (const name of ['bytesTransferred', 'filesTransferred']) {
      if (countOf(last.job, name) > countOf(write.job, name)) {
        world.violated(
          `${name} of job ${jobId} goes back from ${countOf(last.job, name)} to ${countOf(write.job, name)}`,
        );
      }
    }
    // SciCat sends its e-mails for every write, so none may be repeated blindly. After a restart the
    // same state may be said again.
    if (last.body === write.body && last.life === write.life)
      world.violated(`job ${jobId} was written twice the same`);
    if (FINAL_WORDS.includes(statusOf(last.job)) && statusOf(last.job) !== statusOf(write.job)) {
      world.violated(`the end of job ${jobId} was taken back`);
    }
  }
  if (record['key'] === undefined) world.violated(`job ${jobId} has no record`);
}

/** 100 % is shown once Globus has copied everything, and never before. */
function checkTotals(world: World, { jobId }: Case, { job }: JobWrite): void {
  const count = (name: string): number => countOf(job, name);
  const isCopied =
    ['finalizing', 'finished'].includes(String(job.jobResultObject?.['phase'])) ||
    job.statusMessage.startsWith('all files were copied');
  for (const what of ['bytes', 'files']) {
    const [done, total] = [count(`${what}Transferred`), count(`${what}Total`)];
    // A total of 0 is an unknown one.
    const isRight = isCopied ? done === total : done < total || total === 0;
    if (!isRight) world.violated(`job ${jobId} shows ${done} of ${total} ${what}`);
  }
}

/** "Finished" is the last thing that is done: what it says was done before. */
function checkFinishedLast(world: World, one: Case, write: JobWrite): void {
  if (write.job.statusCode !== '003' || !wantsArchiveJob(one)) return;
  const made = one.archiveJobs.some(
    ({ id }) => (world.ledger.jobs.get(id)?.created.at ?? Infinity) <= write.at,
  );
  if (!made && !wasArchivedMeanwhile(world, one, write.job, write.at))
    world.violated(`job ${one.jobId} says finished before its archive job was there`);
}

/** Globus was asked for exactly what the user had asked for. */
function checkCopied(world: World, { jobId, task, promises }: Case): void {
  const parameters = promises[0]?.parameters;
  if (task === undefined || parameters === undefined) return;
  const folder = `/${parameters.pid.replace('20.500/', '')}/`;
  const asked = (parameters.files ?? [])
    .map(({ path, isSymlink }) => `${isSymlink ? 'symlink' : 'path'} ${folder}${path}`)
    .sort();
  const wanted = parameters.files === undefined ? [`path ${folder}`] : asked;
  const copied = task.request.items.map(({ kind, source }) => `${kind} ${source}`).sort();
  if (wanted.join('\n') !== copied.join('\n')) {
    world.violated(`the task of job ${jobId} copies ${copied.join(', ')}: not what was asked for`);
  }
}

/** What was answered with an error is not carried out, unless the process died over it. */
function checkNotAccepted(world: World, one: Case): void {
  const { jobId, history, job, promises, task } = one;
  const { created } = history;
  const life = world.ledger.lives[created.life - 1];
  if (promises.length > 0 || job === undefined || task === undefined) return;
  if (!world.scicat.datasets.has(pidOf(job))) return;
  // After a crash no answer was sent, and the transfer continues.
  const livedOn = life !== undefined && life.to - created.at > 11 * MINUTE;
  // The service looks for such a job for five minutes; an outage can outlast that.
  const couldLook = !world.plan.outages.some(
    ({ from, to }) => from < created.at + 11 * MINUTE && to > created.at - 2 * MINUTE,
  );
  if (livedOn && couldLook && statusOf(job) === 'finished') {
    world.violated(`job ${jobId} was carried out although all users were told that it was not`);
  }
}

/**
 * Nothing is submitted for a facility that is held: of what was requested during the hold nothing at
 * all, of the rest only what was under way already.
 */
function checkHolds(world: World, { jobId, record, history }: Case): void {
  const facilities = ['source', 'destination'].map(
    (side) => (record[side] as { readonly facility?: string } | undefined)?.facility,
  );
  for (const { facility, from, to } of world.ledger.holds) {
    if (!facilities.includes(facility)) continue;
    for (const { label, at, late } of world.ledger.tasks) {
      if (label !== `SciCat transfer ${jobId}` || at <= from || at >= to) continue;
      // A submission in progress takes at most three minutes.
      if (history.created.at > from || (!late && at > from + 3 * MINUTE)) {
        world.violated(`job ${jobId} was submitted while ${facility} was held`);
      }
    }
  }
}

const OTHER_GROUP = 'the dataset belongs to group "p999" now';

/**
 * Nothing is submitted, marked or archived of a dataset that was given to another group, but what was
 * asked for, or asked again, within the last minute, and was under way.
 */
function checkRevoked(world: World, { jobId, record, archiveJobs }: Case): void {
  const revokedAt = world.ledger.revokedAt.get(String(record['datasetPid']));
  if (revokedAt === undefined || world.plan.twoAccounts) return;
  const noticedAt = revokedAt + 5 * MINUTE;
  for (const { label, at, late } of world.ledger.tasks) {
    if (label === `SciCat transfer ${jobId}` && !late && at > noticedAt) {
      world.violated(`job ${jobId} was submitted although its dataset belonged to others`);
    }
  }
  for (const { id } of archiveJobs) {
    const created = world.ledger.jobs.get(id)?.created;
    if (created !== undefined && !created.late && created.at > noticedAt) {
      world.violated(`job ${jobId} has an archive job although its dataset belonged to others`);
    }
  }
}

/** What was promised is there. */
function checkPromises(world: World, cases: readonly Case[]): void {
  const byId = new Map(cases.map((one) => [one.jobId, one]));
  for (const { jobId, parameters, at } of world.ledger.promises) {
    const one = byId.get(jobId);
    if (one === undefined) {
      world.violated(`job ${jobId} was promised, and SciCat never had it`);
      continue;
    }
    if (!hasParameters(one.record, parameters)) {
      world.violated(
        `request ${parameters.number} was answered with job ${jobId}, which is another one`,
      );
    }
    if (one.job === undefined && !endWasAsked(world, one)) {
      world.violated(`job ${jobId} was promised and is gone`);
    }
    const job = one.history.writes.findLast((write) => write.at <= at)?.job;
    if (job !== undefined && statusOf(job) === 'cancelled' && !endWasAsked(world, one)) {
      world.violated(`job ${jobId} was promised after it had been cancelled`);
    }
  }
}

function hasParameters(
  record: Readonly<Record<string, unknown>>,
  parameters: TransferParameters,
): boolean {
  const destination = record['destination'] as { readonly facility?: string } | undefined;
  const list = record['fileList'] as { readonly count?: number } | undefined;
  return (
    record['datasetPid'] === parameters.pid &&
    record['autoArchive'] === parameters.autoArchive &&
    destination?.facility === parameters.destination &&
    list?.count === parameters.files?.length
  );
}

/** Who was told that the transfer is being cancelled can rely on it. */
function checkCancels(world: World, cases: readonly Case[]): void {
  const byId = new Map(cases.map((one) => [one.jobId, one]));
  for (const { jobId, remove, at } of world.ledger.ends) {
    const one = byId.get(jobId);
    if (one === undefined) continue;
    // A late write of an older state together with a restart undoes the parameters; SciCat has no locks.
    if (one.lateWrite) continue;
    const parked = one.job !== undefined && !world.scicat.datasets.has(pidOf(one.job));
    if (remove && one.job !== undefined && !parked) {
      world.violated(`the removal of job ${jobId} was promised, and it is still there`);
    }
    const accepted = world.ledger.tasks.find(({ label }) => label === `SciCat transfer ${jobId}`);
    // A submission in progress takes at most three minutes; none begins after the cancellation.
    if (accepted !== undefined && !accepted.late && accepted.at > at + 3 * MINUTE) {
      world.violated(`job ${jobId} was started after its end had been promised`);
    }
    const { phase } = one.task ?? {};
    if (phase?.kind !== 'ended' || phase.status !== 'SUCCEEDED') continue;
    const endedAt = phase.at - (world.trueNow - world.elapsed);
    if (couldHaveCancelled(world, Math.max(at, accepted?.at ?? at), endedAt)) {
      world.violated(`job ${jobId} was copied to its end after its cancellation was promised`);
    }
  }
}

/** Whether there was half an hour in which process and services were up and calls got through. */
function couldHaveCancelled(world: World, from: number, to: number): boolean {
  const long = 30 * MINUTE;
  const troubles = [
    ...world.plan.outages.map((outage) => ({ from: outage.from, to: outage.to })),
    ...world.ledger.lives.map((life) => ({ from: life.from, to: life.from + 5 * MINUTE })),
    ...world.ledger.lives.map((life) => ({ from: life.to, to: life.to + SECOND })),
  ].sort((a, b) => a.from - b.from);
  let free = from;
  for (const trouble of troubles) {
    if (Math.min(trouble.from, to) - free >= long) return true;
    free = Math.max(free, trouble.to);
  }
  return to - free >= long;
}

/**
 * Equal requests share one transfer as long as it is open. A transfer of which nobody was told can
 * only be expected to be known if it was stored while somebody waited for it.
 */
function checkNoneTwice(world: World, cases: readonly Case[]): void {
  const byParameters = new Map<string, Case[]>();
  for (const one of cases) {
    const { datasetPid, destination, autoArchive, fileList } = one.record;
    const parameters = JSON.stringify([datasetPid, destination, autoArchive, fileList]);
    byParameters.set(parameters, [...(byParameters.get(parameters) ?? []), one]);
  }
  for (const equal of byParameters.values()) {
    for (const first of equal) {
      if (first.promises.length === 0) continue;
      const told = Math.min(...first.promises.map(({ at }) => at));
      const openUntil = endOf(world, first);
      for (const second of equal) {
        if (second === first || second.promises.length === 0) continue;
        const { created } = second.history;
        // It was stored when its sender had given up. Until it is there nobody can know of it, and
        // who dies meanwhile forgets that it was disowned.
        if (created.late) continue;
        if (created.at >= told && created.at < openUntil) {
          world.violated(`job ${second.jobId} doubles ${first.jobId}, which was still open`);
        }
      }
    }
  }
}

/** From when on the transfer need not count as open. */
function endOf(world: World, one: Case): number {
  const { history, task, jobId } = one;
  const ended = history.writes.find(({ job }) => FINAL_WORDS.includes(statusOf(job)))?.at;
  const taskEnd =
    task?.phase.kind === 'ended' ? task.phase.at - (world.trueNow - world.elapsed) : Infinity;
  const stalled = history.writes.find(({ body }) => body.includes('"endRequested"'))?.at;
  return Math.min(
    ended ?? Infinity,
    taskEnd,
    stalled ?? Infinity,
    history.deleted?.at ?? Infinity,
    world.ledger.endsAsked.get(jobId) ?? Infinity,
    // Refused by Globus: ended before SciCat shows it.
    world.ledger.refusedLabels.has(`SciCat transfer ${jobId}`) ? history.created.at : Infinity,
    // Its list was lost with the disk: the same.
    world.plan.spoolLoss && one.record['fileList'] !== undefined ? history.created.at : Infinity,
    one.lateWrite ? history.created.at : Infinity,
  );
}

/** What is not ours was not touched. */
function checkForeigners(world: World, cases: readonly Case[]): void {
  const ours = new Set(cases.map(({ jobId }) => `SciCat transfer ${jobId}`));
  for (const task of world.globus.tasks()) {
    if (task.id === world.strangersTask) continue;
    if (!ours.has(task.label ?? '')) world.violated(`task ${task.id} is of no job of ours`);
  }
  for (const job of world.scicat.jobs()) {
    if (job.createdBy === 'mallory' && job.updatedBy !== 'mallory') {
      world.violated(`the forged job ${job.id} was written to`);
    }
  }
}

function endWasAsked(world: World, { jobId, history }: Case): boolean {
  return (
    world.ledger.endsAsked.has(jobId) ||
    history.writes.some(({ body }) => body.includes('"endRequested"'))
  );
}

function statusOf(job: JobDocument): string {
  const status = job.jobResultObject?.['status'];
  return typeof status === 'string' ? status : '';
}

function countOf(job: JobDocument, name: string): number {
  const value = job.jobResultObject?.[name];
  return typeof value === 'number' ? value : 0;
}
