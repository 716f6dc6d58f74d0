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
const FILE_LIST_SWEEP = 'src/tracking/recovery/file-list-sweep.ts';
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
    name: 'asked-again-before-the-copy',
    keeps: 'a transfer that is no longer allowed when its turn comes is not submitted',
    file: DISPATCHER,
    search: 'if (denied !== undefined) return',
    replace: 'if (denied === DATASET_GONE) return',
    tests: ['src/tracking/queue/dispatcher'],
  },
  {
    name: 'asked-again-before-the-archive',
    keeps: 'a dataset that is no longer allowed to be archived is neither marked nor archived',
    file: 'src/tracking/completion/finalizer.ts',
    search: "if (asked.kind === 'lost') return { denied: asked.reason };",
    replace: "if (asked.kind === 'lost') return undefined;",
    tests: ['src/tracking/completion/finalizer'],
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
    name: 'stuck-transfers-of-a-user-are-limited',
    keeps: 'one user can not use up task.maxPending with transfers that need someone to act',
    file: 'src/tracking/queue/slots.ts',
    search: '(n >= maxStuckPerUser ? [user] : [])',
    replace: '(n < 0 ? [user] : [])',
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
    search:
      "case 'gone':\n          transfers.setDatasetGone(tracked);\n          return DATASET_GONE;",
    replace: "case 'gone':\n          break;",
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
    search: "safety: 'once',",
    replace: "safety: 'idempotent',",
    tests: ['src/scicat/scicat-jobs', 'test/contract/scicat'],
  },
  {
    name: 'job-list-in-order',
    keeps: 'a list of jobs that SciCat does not sort as asked is an error, not a shorter list',
    file: 'src/scicat/job-list.ts',
    search: 'if (!follows(row, last)) {',
    replace: "if (row.id === '') {",
    tests: ['src/scicat/scicat-jobs'],
  },
  {
    name: 'job-list-to-its-end',
    keeps:
      'a restart resumes all open transfers, even if SciCat returns fewer at a time than requested',
    file: SWEEP,
    search: 'open < most ? list(last) :',
    replace: 'open < 0 ? list(last) :',
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
    search: '      if (stored !== undefined) {\n',
    replace: "      if (stored === '') {\n",
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
    name: 'own-word',
    keeps: 'what another account has written into a job is never believed',
    file: 'src/domain/job-reading.ts',
    search: "return job.updatedBy !== '' && ownWriters.includes(job.updatedBy);",
    replace: 'return ownWriters.length > 0;',
    tests: ['src/tracking/rewritten-jobs'],
  },
  {
    name: 'remembered-end',
    keeps: 'a transfer that has ended is not resumed, whatever its job says since',
    file: SWEEP,
    search: 'if (remembered?.ended !== undefined) {',
    replace: 'if (remembered?.ended !== undefined && job.id === "") {',
    tests: ['src/tracking/rewritten-jobs'],
  },
  {
    name: 'remembered-cancellation',
    keeps: 'a DELETE that was answered with 200 holds, even if its job is rewritten right after',
    file: TRACKER,
    search:
      '      endRequested && this.parts.history.noteEnd(jobId, { requested: endRequested }),\n',
    replace: '',
    tests: ['src/tracking/rewritten-jobs'],
  },
  {
    name: 'forged-end',
    keeps: 'a running transfer is not lost by an end that another account has written',
    file: SWEEP,
    search:
      '      this.adoptAll((after) => jobs.listRewritten(after, PAGE, signal), MAX_REWRITTEN),\n',
    replace: '',
    tests: ['src/tracking/rewritten-jobs'],
  },
  {
    name: 'no-step-in-doubt',
    keeps:
      'a transfer whose job was rewritten is not started before it is clear how far it has come',
    file: 'src/tracking/core/step-runner.ts',
    search: 'return !tracked.doubted && this.mayRun(tracked);',
    replace: 'return this.mayRun(tracked);',
    tests: ['src/tracking/rewritten-jobs'],
  },
  {
    name: 'go-version-task-fits',
    keeps: "a stranger's task is not cancelled through a job of the Go version",
    file: 'src/domain/task-fit.ts',
    search: "if (origin.kind === 'recorded') return true;",
    replace: "if (origin.kind !== 'recorded' || jobId !== '') return true;",
    tests: ['src/tracking/rewritten-jobs'],
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
    search: 'if (!taskFits(task, transfer, now.facilities)) {',
    replace: "if (transfer.jobId === '') {",
    tests: ['src/tracking/polling/decide'],
  },
  {
    name: 'label-before-cancelling',
    keeps: 'writing a foreign task id into a job does not get that task cancelled',
    file: TASK_CANCELLER,
    search: 'if (!taskFits(task, tracked.transfer, config.current().facilities)) return;',
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
    search: `    if (files !== undefined) await this.deps.fileLists.put(record.key, files, username);
    return { record, job: await this.createJob(record), parents };`,
    replace: `    const job = await this.createJob(record);
    if (files !== undefined) await this.deps.fileLists.put(record.key, files, username);
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
    search: '    if (result.open === 0) await this.believeEmptyList();\n',
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
  {
    name: 'record-has-a-bound',
    keeps:
      'links in very many places, or long texts, never make a job too large for SciCat to list',
    file: 'src/domain/file-list-digest.ts',
    search: 'if (this.length <= LONGEST_NOTED_RUNS) return;',
    replace: 'if (this.length > 0) return;',
    tests: ['src/file-lists/digest-file-list', 'src/domain/record-limits'],
  },
  {
    name: 'texts-have-bounds',
    keeps: 'a path, PID, group or name of any length is refused before anything takes effect',
    file: 'src/transfers/application/assess-request.ts',
    search: 'if (tooLong !== undefined) {',
    replace: "if (tooLong === '') {",
    tests: ['src/transfers/application/request-transfer', 'src/transfers/application/preview'],
  },
  {
    name: 'whole-record-has-a-bound',
    keeps: 'no job is created whose record is too long, whatever makes it so',
    file: REQUEST,
    search: 'if (length <= LONGEST_SEALED_RECORD) return record;',
    replace: 'if (length > 0) return record;',
    tests: ['src/transfers/application/request-transfer'],
  },
  {
    name: 'unknown-links-are-not-rebuilt',
    keeps: 'a lost list whose links are not known is never copied with links as files',
    file: 'src/file-lists/digest-file-list.ts',
    search: 'if (paths.length !== digest.count || !areRuns(symlinks)) return undefined;',
    replace: `if (paths.length !== digest.count) return undefined;
  if (!areRuns(symlinks)) return yield* sortFileList(new FileListBuilder().build());`,
    tests: ['src/file-lists/digest-file-list'],
  },
  {
    name: 'stored-links-are-the-requested-ones',
    keeps: 'a stored list with another number of links than requested is not used',
    file: DISPATCHER,
    search: 'stored.symlinks === links) return stored;',
    replace: 'links >= 0) return stored;',
    tests: ['src/tracking/queue/dispatcher'],
  },
  {
    name: 'entries-have-a-bound',
    keeps: 'a list of any length is refused as soon as it is too long',
    file: 'src/file-lists/file-list.ts',
    search: 'if (this.added >= this.maxEntries) throw tooManyEntries(this.maxEntries);',
    replace: '',
    tests: ['src/file-lists/parse-file-list'],
  },
  {
    name: 'one-user-leaves-space',
    keeps: "one user's lists never take the space of all others",
    file: 'src/data-folder/spool-ledger.ts',
    search:
      'if ((this.byOwner.get(owner) ?? 0) + more > maxMiBPerUser * MIB) throw ofUser(maxMiBPerUser);',
    replace: '',
    tests: ['src/data-folder/spool-ledger', 'src/data-folder/file-list-spool'],
  },
  {
    name: 'lists-leave-disk-space',
    keeps: 'all lists together never take more than spool.maxMiB',
    file: 'src/data-folder/spool-ledger.ts',
    search: 'if (this.total + more > maxMiB * MIB) throw full(maxMiB);',
    replace: '',
    tests: ['src/data-folder/spool-ledger', 'src/data-folder/file-list-spool'],
  },
  {
    name: 'owner-survives-a-restart',
    keeps: "a user's share of the spool is known after a restart",
    file: 'src/data-folder/file-list-spool.ts',
    search: 'this.ledger.enter(key, { bytes: size, owner });',
    replace: 'this.ledger.enter(key, { bytes: size, owner: owner.slice(0, 0) });',
    tests: ['src/data-folder/file-list-spool'],
  },
  {
    name: 'refused-list-is-removed',
    keeps: 'the list of a request without a job is removed after the last search for the job',
    file: SWEEP,
    search: 'await fileLists.remove(key).catch(() => undefined);',
    replace: '',
    tests: ['src/tracking/recovery/sweep'],
  },
  {
    name: 'two-looks-before-removal',
    keeps: 'a list is not removed because its job was not found once',
    file: FILE_LIST_SWEEP,
    search: 'if (named || lookedAt !== undefined) await fileLists.remove(key);',
    replace: 'if (named || now >= 0) await fileLists.remove(key);',
    tests: ['src/tracking/recovery/sweep'],
  },
  {
    name: 'named-lists-stay',
    keeps: "a list whose job is known is kept for days if the job can't be found",
    file: FILE_LIST_SWEEP,
    search:
      "if (named && (which === 'unnamed' || clock.now() - storedAt < KEEP_NAMED_LIST_MS)) continue;",
    replace: '',
    tests: ['src/tracking/recovery/sweep'],
  },
  {
    name: 'waiting-list-is-named',
    keeps: 'the list of a transfer whose job id was returned is not taken for one without a job',
    file: REQUEST,
    search: 'await this.deps.fileLists.markNamed(prepared.record.key).catch(() => undefined);',
    replace: '',
    tests: ['src/transfers/application/request-transfer'],
  },
];
