import type { JobDocument } from '../../../sandbox/scicat/jobs.js';
import { type CrashWorld, MAX_CONCURRENCY, type Request } from './crash-world.js';

const ENDED = new Set(['finished', 'failed', 'cancelled']);

/** Whether SciCat shows the job as ended. */
export function hasEnded(job: JobDocument): boolean {
  return ENDED.has(statusOf(job));
}

/** @returns a sentence for each broken promise; the crash matrix shows that there are none */
export async function brokenPromises(world: CrashWorld): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const request of world.requests) broken.push(...brokenPromisesOf(world, request));
  const tasks = world.tasks();
  const labels = new Set(tasks.map(({ label }) => label));
  if (labels.size < tasks.length) broken.push(`${tasks.length} tasks for ${labels.size} jobs`);
  if (tasks.length > world.requests.length) broken.push('more tasks than were asked for');
  if (world.mostTasksAtOnce > MAX_CONCURRENCY) {
    broken.push(`${world.mostTasksAtOnce} tasks at Globus at once`);
  }
  const orphans = world.requests.filter(
    ({ parameters }) =>
      parameters.files !== undefined && world.transferJobs(parameters.pid).length === 0,
  ).length;
  if ((await world.spooled()) > orphans) broken.push('a file list is left in the spool');
  return broken;
}

/** Describes the outcome of a request for the table. */
export function outcomeOf(world: CrashWorld, request: Request): string {
  const { parameters, end } = request;
  const [job] = world.transferJobs(parameters.pid);
  if (job !== undefined) return statusOf(job) === 'finished' ? 'carried out once' : statusOf(job);
  return end?.remove === true ? 'cancelled, job removed' : 'nothing was done';
}

function brokenPromisesOf(world: CrashWorld, request: Request): readonly string[] {
  const { parameters, told, jobId, end } = request;
  const broken: string[] = [];
  const jobs = world.transferJobs(parameters.pid);
  const [job] = jobs;
  if (jobs.length > 1) broken.push(`${jobs.length} transfer jobs for one request`);
  if (end?.remove === true) {
    if (job !== undefined) broken.push('the job was not removed');
  } else if (told === 200 && job?.id !== jobId) {
    broken.push('the job that was promised is not there');
  }
  const finished = job !== undefined && statusOf(job) === 'finished';
  const archiveJobs = world.archiveJobs(parameters.pid);
  const wanted = finished && parameters.autoArchive ? 1 : 0;
  if (archiveJobs.length !== wanted) {
    broken.push(`${archiveJobs.length} archive jobs instead of ${wanted}`);
  }
  if (archiveJobs.some(({ jobParams }) => jobParams['globusTransferJobId'] !== job?.id)) {
    broken.push('the archive job names another transfer');
  }
  const dataset = world.upstreams.scicat.machine.datasets.get(parameters.pid);
  if (dataset?.datasetlifecycle['archivable'] !== finished) {
    broken.push(`the dataset is ${finished ? 'not ' : ''}archivable`);
  }
  if (job !== undefined) broken.push(...brokenPromisesOfJob(world, job, end !== undefined));
  return broken;
}

function brokenPromisesOfJob(
  world: CrashWorld,
  job: JobDocument,
  wasCancelled: boolean,
): readonly string[] {
  const broken: string[] = [];
  const shown = `${job.statusCode} ${statusOf(job)}: ${job.statusMessage}`;
  const ends = world.gate.carriedOut.filter(
    ({ name, request }) =>
      request.method === 'PATCH' &&
      request.path.endsWith(job.id) &&
      /\((?:003|004|99\d) /.test(name),
  ).length;
  if (!hasEnded(job)) broken.push(`the job is still open: ${shown}`);
  else if (ends !== 1) broken.push(`the end was written ${ends} times`);
  const tasks = world.tasks().filter(({ label }) => label === `SciCat transfer ${job.id}`);
  const [task] = tasks;
  if (tasks.length > 1) broken.push(`${tasks.length} tasks at Globus`);
  const succeeded = task?.phase.kind === 'ended' && task.phase.status === 'SUCCEEDED';
  const right = succeeded ? '003 finished' : wasCancelled ? '004 cancelled' : 'finished';
  if (!shown.startsWith(right)) {
    broken.push(`the job says "${shown}", Globus ${succeeded ? 'succeeded' : 'did not'}`);
  }
  const result = job.jobResultObject ?? {};
  if (result['globusTaskId'] !== (task?.id ?? '')) broken.push('the job names another task');
  if (succeeded && result['bytesTransferred'] !== task.progress.bytesTransferred) {
    broken.push('the job says another number of bytes');
  }
  return broken;
}

function statusOf(job: JobDocument): string {
  const status = job.jobResultObject?.['status'];
  return typeof status === 'string' ? status : 'open';
}
