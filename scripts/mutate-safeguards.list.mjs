/**
 * The safeguards behind the service's guarantees, each with the change that removes it.
 *
 * `search` must occur exactly once in `file`. If it does not, the safeguard was moved or changed:
 * update the entry. `tests` are the paths of the tests that must fail, as few and as fast as
 * possible.
 *
 * @typedef {object} Safeguard
 * @property {string} name
 * @property {string} keeps what users and operators can rely on because of it
 * @property {string} file
 * @property {string} search
 * @property {string} replace
 * @property {readonly string[]} tests
 */

const DISPATCHER = 'src/tracking/queue/dispatcher.ts';
const FINALIZER = 'src/tracking/completion/finalizer.ts';
const JOB_WRITER = 'src/tracking/core/job-writer.ts';
const SWEEP = 'src/tracking/recovery/sweep.ts';
const TASK_CANCELLER = 'src/tracking/completion/task-canceller.ts';
const END_OF_TRACKING = 'src/tracking/completion/end-of-tracking.ts';
const ADMISSION = 'src/tracking/queue/admission-control.ts';
const TRACKER = 'src/tracking/tracker.ts';
const REQUEST = 'src/transfers/application/request-transfer.ts';

/** @type {readonly Safeguard[]} */
export const SAFEGUARDS = [
  {
    name: 'same-submission-id',
    keeps: 'a retried submission returns the same Globus task instead of making a second copy',
    file: DISPATCHER,
    search: 'const submissionId = await this.durableSubmissionId(tracked);',
    replace: 'const submissionId = await this.deps.submissionIds.next();',
    tests: ['src/tracking/queue/dispatcher', 'src/tracking/tracker'],
  },
  {
    name: 'intent-before-submit',
    keeps:
      'SciCat holds each submission id before Globus gets it, so no crash leads to a second copy',
    file: DISPATCHER,
    search: `      await this.deps.writer.confirmed(tracked);
      this.durableIds.set(tracked, submissionId);`,
    replace: '      this.durableIds.set(tracked, submissionId);',
    tests: ['src/tracking/queue/dispatcher'],
  },
  {
    name: 'search-before-resubmitting',
    keeps: 'a task whose id was lost is found by its label before the transfer is submitted again',
    file: DISPATCHER,
    search: `      const taskId = await tasks.find(tracked);
      if (taskId !== undefined) return this.start(tracked, taskId);
      if (tracked.transfer.endRequested`,
    replace: '      if (tracked.transfer.endRequested',
    tests: ['src/tracking/queue/dispatcher', 'src/tracking/tracker'],
  },
  {
    name: 'search-before-believing-a-refusal',
    keeps: 'a transfer that Globus runs is not marked as failed because a retry was refused',
    file: DISPATCHER,
    search: "outcome.kind === 'conflict' || before === 'unconfirmed'",
    replace: "outcome.kind === 'never'",
    tests: ['src/tracking/queue/dispatcher'],
  },
  {
    name: 'no-end-while-a-request-may-arrive',
    keeps: 'a transfer is not ended while an earlier submission may still reach Globus',
    file: DISPATCHER,
    search: `        return before === 'unconfirmed'
          ? this.verifyLater(tracked)
          : this.fail(tracked, outcome.reason);`,
    replace: '        return this.fail(tracked, outcome.reason);',
    tests: ['src/tracking/queue/dispatcher'],
  },
  {
    name: 'unclear-keeps-its-slot',
    keeps: 'a transfer that may be at Globus counts toward task.maxConcurrency',
    file: DISPATCHER,
    search: "if (submission === 'not-sent') this.giveSlotBack(tracked);",
    replace: 'this.giveSlotBack(tracked);',
    tests: ['src/tracking/queue/dispatcher', 'src/tracking/tracker'],
  },
  {
    name: 'held-in-the-queue',
    keeps: 'transfers of a held facility take no slots from others',
    file: DISPATCHER,
    search: `      (submissionOf(tracked) !== 'not-sent' || this.heldReason(tracked.transfer) === undefined)`,
    replace: '      true',
    tests: ['src/tracking/queue/held-facilities'],
  },
  {
    name: 'held-before-submitting',
    keeps: 'nothing is submitted for a facility that was held while the transfer was being stored',
    file: DISPATCHER,
    search: '    if (held !== undefined) return this.wait(tracked, held, before);\n',
    replace: '',
    tests: ['src/tracking/queue/held-facilities'],
  },
  {
    name: 'held-newcomers-wait',
    keeps: 'a new transfer of a held facility waits',
    file: ADMISSION,
    search: "held === undefined && stage === 'open'",
    replace: "stage === 'open'",
    tests: ['src/tracking/queue/held-facilities'],
  },
  {
    name: 'holds-are-stored-first',
    keeps: 'a hold that an operator was told of survives a crash',
    file: 'src/tracking/queue/held-facilities.ts',
    search: '    await store.write(holds);\n',
    replace: '',
    tests: ['src/tracking/queue/held-facilities'],
  },
  {
    name: 'operators-only',
    keeps: 'only operators hold and release facilities, and list the transfers of others',
    file: 'src/transfers/application/operators.ts',
    search: '  if (group === undefined) throw new AccessDeniedError(refusal);\n',
    replace: '',
    tests: ['src/transfers/application'],
  },
  {
    name: 'fair-shares',
    keeps:
      'a group that requests a thousand transfers does not delay one that requests a single one',
    file: 'src/tracking/queue/order.ts',
    search: '.sort((a, b) => a.turn - b.turn || oldestFirst(a.entry, b.entry))',
    replace: '.sort((a, b) => oldestFirst(a.entry, b.entry))',
    tests: ['src/tracking/queue/order', 'src/tracking/tracker'],
  },
  {
    name: 'stuck-gives-its-slot-back',
    keeps: 'transfers that need someone to act do not keep all others waiting',
    file: 'src/tracking/polling/decide.ts',
    search: 'const holdsSlot = standstills < STANDSTILLS;',
    replace: 'const holdsSlot = true;',
    tests: ['src/tracking/polling/decide', 'src/tracking/tracker'],
  },
  {
    name: 'pending-at-globus-is-limited',
    keeps:
      'Globus never has more transfers of the service than task.maxPending, with or without slots',
    file: 'src/tracking/queue/slots.ts',
    search: 'Math.min(maxConcurrency - taken, this.pendingLeft)',
    replace: 'maxConcurrency - taken',
    tests: ['src/tracking/tracker'],
  },
  {
    name: 'unclear-attempt-is-remembered',
    keeps: 'a refusal after an unanswered attempt does not end a transfer that may be running',
    file: 'src/globus/globus-transfers.client.ts',
    search: "outcome.kind !== 'accepted' && result.unclear",
    replace: "outcome.kind !== 'accepted' && false",
    tests: ['src/globus/globus-transfers'],
  },
  {
    name: 'nothing-of-a-deleted-dataset',
    keeps: 'a transfer whose dataset was deleted in the meantime is not submitted after a restart',
    file: DISPATCHER,
    search: 'if (!(await datasets.isGone(datasetPid, signal))) return false;',
    replace: 'return false;',
    tests: ['src/tracking/deleted-dataset'],
  },
  {
    name: 'unstored-end-is-carried-out',
    keeps:
      "a DELETE that SciCat can't store, because the dataset was deleted, is answered only once it can't be lost",
    file: TRACKER,
    search: 'if (unrecorded) await this.endCarriedOut(tracked);',
    replace: '',
    tests: ['src/tracking/deleted-dataset'],
  },
  {
    name: 'job-created-once',
    keeps: 'if the creation of a job is not answered, the job is looked up, not created again',
    file: 'src/scicat/job-creation.ts',
    search: "account.call({ operation, safety: 'once', method: 'POST'",
    replace: "account.call({ operation, safety: 'idempotent', method: 'POST'",
    tests: ['src/scicat/scicat-jobs', 'test/contract/scicat'],
  },
  {
    name: 'job-list-in-order',
    keeps: 'a list of jobs that SciCat does not sort as asked is an error, not a shorter list',
    file: 'src/scicat/job-list.ts',
    search: 'if (last !== undefined && id <= last) {',
    replace: "if (id === '') {",
    tests: ['src/scicat/scicat-jobs'],
  },
  {
    name: 'job-list-to-its-end',
    keeps:
      'a restart resumes all open transfers, even if SciCat returns fewer at a time than requested',
    file: SWEEP,
    search: '    while (page.length > 0) {',
    replace: '    for (let pages = 0; pages < 1 && page.length > 0; pages += 1) {',
    tests: ['src/tracking/recovery/sweep'],
  },
  {
    name: 'search-for-unconfirmed-job',
    keeps: 'a job that SciCat stored without confirming it is found by its key and carried out',
    file: REQUEST,
    search: 'const found = await this.searchJob(record.key);',
    replace: 'const found = undefined as { jobId: string; createdAt: number } | undefined;',
    tests: ['src/transfers/application/request-transfer'],
  },
  {
    name: 'disown-what-was-refused',
    keeps: 'a job that turns up after its request was answered with an error is cancelled',
    file: REQUEST,
    search: "tracking.reportJobCreation({ kind: 'disowned', key: record.key });",
    replace: '',
    tests: ['src/transfers/application/request-transfer'],
  },
  {
    name: 'disowned-until-answered',
    keeps:
      'such a job is cancelled even if SciCat is down for longer than the search usually takes',
    file: SWEEP,
    search: '  for (let at = DISOWNED_LAST_SEARCH_MS; ; at += DISOWNED_LAST_SEARCH_MS) yield at;',
    replace: '  yield DISOWNED_LAST_SEARCH_MS;',
    tests: ['src/tracking/recovery/sweep'],
  },
  {
    name: 'copied-is-proven',
    keeps: 'nothing is marked or archived just because a job claims that everything was copied',
    file: FINALIZER,
    search: '    if (!(await this.provenByGlobus(tracked))) return;\n',
    replace: '',
    tests: ['src/tracking/completion/finalizer'],
  },
  {
    name: 'refused-write-is-no-verdict',
    keeps: 'a dataset is archived even if SciCat refuses writes to its job for a while',
    file: FINALIZER,
    search:
      "      if (!(error instanceof UpstreamError) || error.code !== 'UPSTREAM_REJECTED') throw error;",
    replace: '      throw error;',
    tests: ['src/tracking/completion/finalizer'],
  },
  {
    name: 'search-before-archive-job',
    keeps: 'a dataset is not sent to tape twice after a crash',
    file: FINALIZER,
    search: 'const archiveJobId = await archiveJobs.findByKey(tracked.transfer.key, signal);',
    replace: 'const archiveJobId = undefined as string | undefined;',
    tests: ['src/tracking/completion/finalizer'],
  },
  {
    name: 'search-after-unclear-archive-job',
    keeps: 'an archive job that SciCat stored but answered with an error is not created again',
    file: FINALIZER,
    search: '      if (stored !== undefined) return { archiveJobId: stored };',
    replace: '',
    tests: ['src/tracking/completion/finalizer'],
  },
  {
    name: 'archive-as-requested',
    keeps: 'a dataset requested with autoArchive=false does not go to tape',
    file: 'src/domain/transfer.ts',
    search: 'transfer.origin.record.autoArchive;',
    replace: 'true;',
    tests: ['src/tracking/completion/finalizer', 'src/domain'],
  },
  {
    name: 'own-account',
    keeps: 'a forged job of another account is never carried out',
    file: 'src/domain/job-reading.ts',
    search: 'job.type === TRANSFER_JOB_TYPE && ownAccounts.includes(job.createdBy)',
    replace: 'job.type === TRANSFER_JOB_TYPE && ownAccounts.length > 0',
    tests: ['src/tracking/recovery/sweep', 'src/transfers/application/cancel'],
  },
  {
    name: 'own-account-in-lists',
    keeps: "only jobs of the service's own account are listed",
    file: 'src/scicat/scicat-jobs.client.ts',
    search: 'return { type: TRANSFER_JOB_TYPE, createdBy: { $in: this.ownAccounts() } };',
    replace: 'return { type: TRANSFER_JOB_TYPE };',
    tests: ['src/scicat/scicat-jobs', 'test/contract/scicat'],
  },
  {
    name: 'label-before-believing',
    keeps: "the task of another job never decides this transfer's outcome",
    file: 'src/tracking/polling/decide.ts',
    search: 'if (!labelFits(task.label, transfer.jobId, transfer.origin.kind)) {',
    replace: "if (transfer.jobId === '') {",
    tests: ['src/tracking/polling/decide'],
  },
  {
    name: 'label-before-cancelling',
    keeps: 'writing a foreign task id into a job does not get that task cancelled',
    file: TASK_CANCELLER,
    search: 'if (!labelFits(task.label, tracked.jobId, tracked.transfer.origin.kind)) return;',
    replace: '',
    tests: ['src/tracking/tracker'],
  },
  {
    name: 'one-writer-per-job',
    keeps: 'an older state never overwrites a newer one',
    file: JOB_WRITER,
    search: 'if (!entry.writing) this.due[entry.urgency].add(entry);',
    replace: 'this.due[entry.urgency].add(entry);',
    tests: ['src/tracking/core/job-writer'],
  },
  {
    name: 'read-before-rewriting',
    keeps: 'a write that SciCat stored is not repeated, so its e-mail is not sent twice',
    file: JOB_WRITER,
    search: `    entry.verifyFirst =
      outcome.kind === 'unclear' || (outcome.kind === 'failed' && outcome.mayArrive);
`,
    replace: '',
    tests: ['src/tracking/core/job-writer'],
  },
  {
    name: 'spool-before-job',
    keeps: 'no job exists whose file list a crash could lose',
    file: REQUEST,
    search: `    if (files !== undefined) await this.deps.fileLists.put(record.key, files);
    return { record, job: await this.createJob(record), parents };`,
    replace: `    const job = await this.createJob(record);
    if (files !== undefined) await this.deps.fileLists.put(record.key, files);
    return { record, job, parents };`,
    tests: ['src/transfers/application/request-transfer'],
  },
  {
    name: 'spool-until-task-is-known',
    keeps: 'a file list is kept until SciCat holds the id of its Globus task',
    file: END_OF_TRACKING,
    search: "    if (state === 'waiting') return;\n",
    replace: '',
    tests: ['src/tracking/tracker', 'src/tracking/queue/dispatcher'],
  },
  {
    name: 'whole-file-list',
    keeps: 'a damaged file list is never mistaken for a shorter one',
    file: 'src/file-lists/stored-format.ts',
    search: 'if (!last.equals(counter.close())) return undefined;',
    replace: `if (!last.toString().startsWith('{"count":')) return undefined;`,
    tests: ['src/file-lists/stored-format', 'src/data-folder/file-list-spool'],
  },
  {
    name: 'lifecycle-as-found',
    keeps: 'what the archiver has begun is not undone',
    file: FINALIZER,
    search: 'if (before.archivable || !sameLifecycle(before, now)) return undefined;',
    replace: 'if (before.archivable) return undefined;',
    tests: ['src/tracking/completion/finalizer'],
  },
  {
    name: 'archived-is-left-alone',
    keeps: 'a dataset that was archived when its transfer was requested is not marked or archived',
    file: FINALIZER,
    search: "if (finalizationOfTransfer(tracked.transfer) !== 'archive') {",
    replace: 'if (false as boolean) {',
    tests: ['src/tracking/completion/finalizer'],
  },
  {
    name: 'lifecycle-of-the-request',
    keeps: 'what the archiver has begun while files were copied is not undone',
    file: FINALIZER,
    search: 'const before = lifecycleAtRequest(tracked.transfer) ?? status.lifecycleBefore;',
    replace: 'const before = status.lifecycleBefore;',
    tests: ['src/tracking/completion/finalizer'],
  },
  {
    name: 'really-copied-folder',
    keeps: "a path template can't turn an allowed folder into one of another group",
    file: 'src/facilities/path-resolution.ts',
    search: `      copied === undefined ||
      allowed.some(`,
    replace: `      !copied?.startsWith('//') ||
      allowed.some(`,
    tests: ['src/facilities/path-resolution'],
  },
  {
    name: 'lifecycle-noted-first',
    keeps: "after a crash, the dataset's original lifecycle is known",
    file: FINALIZER,
    search: 'const written = await this.tryToConfirm(tracked);',
    replace: `void this.tryToConfirm(tracked).catch(() => undefined);
      const written = 'done' as 'done' | Error;`,
    tests: ['src/tracking/completion/finalizer'],
  },
  {
    name: 'final-write-last',
    keeps: 'a job with status code 003 has its dataset marked and its archive job created',
    file: FINALIZER,
    search: 'this.finish(tracked, archive ? await this.makeArchiveJob(tracked, checkedAt) : {});',
    replace:
      'this.finish(tracked, {});\n    if (archive) await this.makeArchiveJob(tracked, checkedAt);',
    tests: ['src/tracking/completion/finalizer', 'src/tracking/tracker'],
  },
  {
    name: 'durable-end-request',
    keeps: 'a DELETE that was answered with 200 survives a crash',
    file: TRACKER,
    search: '    await this.parts.writer.confirmed(tracked);\n',
    replace: '    void this.parts.writer.confirmed(tracked).catch(() => undefined);\n',
    tests: ['src/tracking/tracker'],
  },
  {
    name: 'end-request-before-cancel',
    keeps: 'a cancelled transfer always shows who cancelled it',
    file: TASK_CANCELLER,
    search: '        await this.requestWritten(tracked);\n',
    replace: '',
    tests: ['src/tracking/tracker'],
  },
  {
    name: 'single-flight',
    keeps: 'identical requests at the same time make one transfer',
    file: ADMISSION,
    search: `    return this.underWay
      .get(fingerprint)
      ?.then(({ jobId }) => (this.isReusable(jobId) ? jobId : undefined));`,
    replace: '    return undefined;',
    tests: ['src/tracking/tracker-equal-requests'],
  },
  {
    name: 'equal-transfer',
    keeps: 'a repeated request returns the transfer that is already open',
    file: ADMISSION,
    search: 'const open = transfers.findEqual(fingerprint);',
    replace: 'const open = undefined as string | undefined;',
    tests: ['src/tracking/tracker-equal-requests'],
  },
  {
    name: 'removed-job-is-no-answer',
    keeps: 'a repeated request never returns a job that was removed from SciCat',
    file: ADMISSION,
    search: 'exists && transfers.findEqual(fingerprint) === open ? open : undefined',
    replace: 'exists ? open : open',
    tests: ['src/tracking/tracker-equal-requests'],
  },
  {
    name: 'empty-list-is-no-proof',
    keeps: 'an account that lost its permissions is not mistaken for a SciCat without open jobs',
    file: SWEEP,
    search: '    if (open === 0) await this.believeEmptyList();\n',
    replace: '',
    tests: ['src/tracking/recovery/sweep', 'src/tracking/tracker'],
  },
  {
    name: 'recovery-before-requests',
    keeps:
      'no request is admitted before all open transfers are known, so no identical one is missed',
    file: TRACKER,
    search:
      "      case 'recovering': // T1\n      case 'stopping': // T5\n        return 'closed';",
    replace: "      case 'recovering':\n      case 'stopping':\n        return 'waiting-only';",
    tests: ['src/tracking/tracker'],
  },
  {
    name: 'lost-tasks-before-dispatch',
    keeps:
      'after a restart, tasks with unrecorded ids hold their slots before others are submitted',
    file: TRACKER,
    search: "    if (this.phase.kind === 'reconciling') await this.reconcile(this.phase);\n",
    replace: "    this.phase = { kind: 'running' };\n",
    tests: ['src/tracking/tracker'],
  },
  {
    name: 'one-instance-per-data-folder',
    keeps: 'two processes never carry out the same transfers',
    file: 'src/data-folder/data-dir-lock.ts',
    search: 'if (!(await this.isAbandoned(holder))) throw await this.inUse();',
    replace: '',
    tests: ['src/data-folder/data-dir-lock'],
  },
  {
    name: 'one-takeover-at-a-time',
    keeps: 'of two processes that find an abandoned lock at the same time, only one continues',
    file: 'src/data-folder/data-dir-lock.ts',
    search: '      if (unchanged) await rm(this.path);',
    replace: '      await rm(this.path, { force: true });',
    tests: ['src/data-folder/data-dir-lock'],
  },
];
