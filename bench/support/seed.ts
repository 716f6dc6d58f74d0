import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobDocument } from '../../sandbox/scicat/jobs.js';
import type { JobCopy } from './job-copies.js';
import { ACCOUNTS, datasetPid } from './names.js';
import { startProxy } from './proxy.js';
import { ProxyClient } from './proxy-client.js';
import { type BenchWorld, endWorld } from './world.js';

/** Jobs as the proxy makes them. */
export interface JobTemplates {
  readonly running: JobDocument;
  readonly runningLabel: string;
  readonly waiting: JobDocument;
}

/** A transfer that is there before the proxy starts. */
export interface SeededTransfer {
  readonly jobId: string;
  readonly taskId: string;
}

/** How many transfers are open when the proxy starts. */
export interface Open {
  readonly inFlight: number;
  readonly waiting: number;
}

const TEMPLATE = 'template';
const SERIES = 'seeded';
/** Globus has got its tasks over hours, not all in the same second. */
const SPACING_MS = 20_000;
/** So many jobs are copied with one message. */
const BATCH = 500;

/** Has a proxy make a transfer that runs and one that waits, and ends the world in which it did. */
export async function makeTemplates(world: BenchWorld): Promise<JobTemplates> {
  await world.globus.setRunningAtATime(0);
  await world.scicat.addDatasets(TEMPLATE, 1, 2);
  const proxy = await startProxy(world, { maxConcurrency: 1 });
  const token = await world.scicat.mintToken(ACCOUNTS.scientist.username);
  const client = new ProxyClient(proxy.url, token);
  const running = await reaches(world, (await client.post(TEMPLATE, 1)).jobId, '002');
  const waiting = await reaches(world, (await client.post(TEMPLATE, 2)).jobId, '001');
  client.close();
  const runningLabel = await world.globus.label(taskIdOf(running));
  await endWorld(world);
  return { running, runningLabel, waiting };
}

/**
 * Fills a world, of which the proxy has not been told yet.
 *
 * @returns those in flight
 */
export async function seed(
  world: BenchWorld,
  templates: JobTemplates,
  { inFlight, waiting }: Open,
): Promise<readonly SeededTransfer[]> {
  await world.globus.setRunningAtATime(0);
  await world.scicat.addDatasets(SERIES, 1, inFlight + waiting);
  const numbers = Array.from({ length: inFlight }, (_, index) => index + 1);
  const submissionIds = numbers.map(() => randomUUID());
  const taskIds = await world.globus.seedTasks(
    numbers.map((number, index) => ({
      label: templates.runningLabel.replace(templates.running.id, jobIdOf(number)),
      submissionId: submissionIds[index] ?? '',
      source: `/${SERIES}/${number}`,
      destination: `/archive/${SERIES}-${number}`,
    })),
    SPACING_MS,
  );
  const copies = [
    ...numbers.map((number, index) =>
      copy(templates.running, 1, number, [
        [taskIdOf(templates.running), taskIds[index] ?? ''],
        [submissionIdOf(templates.running), submissionIds[index] ?? ''],
      ]),
    ),
    ...Array.from({ length: waiting }, (_, index) =>
      copy(templates.waiting, 2, inFlight + index + 1, []),
    ),
  ];
  for (let start = 0; start < copies.length; start += BATCH) {
    await world.scicat.copyJobs(copies.slice(start, start + BATCH));
  }
  return taskIds.map((taskId, index) => ({ jobId: jobIdOf(index + 1), taskId }));
}

/** Fills a world with transfers that have ended. */
export async function seedFinished(
  world: BenchWorld,
  { running }: JobTemplates,
  count: number,
): Promise<void> {
  const finished: JobDocument = {
    ...running,
    statusCode: '003',
    statusMessage: 'finished',
    jobResultObject: { ...running.jobResultObject, status: 'finished' },
  };
  for (let start = 1; start <= count; start += BATCH) {
    const numbers = Array.from(
      { length: Math.min(BATCH, count + 1 - start) },
      (_, index) => start + index,
    );
    await world.scicat.copyJobs(numbers.map((number) => copy(finished, 1, number, [])));
  }
}

/** Fills a world with transfers that wait, each with a record of so many bytes. */
export async function seedLongRecords(
  world: BenchWorld,
  { waiting }: JobTemplates,
  count: number,
  bytes: number,
): Promise<void> {
  await world.scicat.addDatasets(SERIES, 1, count);
  await world.scicat.copyJobsWithLongRecords(
    Array.from({ length: count }, (_, index) => copy(waiting, 2, index + 1, [])),
    bytes,
  );
}

function copy(
  of: JobDocument,
  templateNumber: number,
  number: number,
  more: JobCopy['replace'],
): JobCopy {
  return {
    of,
    replace: [
      [of.id, jobIdOf(number)],
      [keyOf(of), `bbbbbbbb-0000-4000-8000-${digits(number)}`],
      [datasetPid(TEMPLATE, templateNumber), datasetPid(SERIES, number)],
      [`${TEMPLATE}/${templateNumber}`, `${SERIES}/${number}`],
      [`${TEMPLATE}-${templateNumber}`, `${SERIES}-${number}`],
      ...more,
    ],
  };
}

function jobIdOf(number: number): string {
  return `aaaaaaaa-0000-4000-8000-${digits(number)}`;
}

function digits(number: number): string {
  return String(number).padStart(12, '0');
}

function keyOf({ jobParams }: JobDocument): string {
  return (jobParams['globusTransfer'] as { readonly key: string }).key;
}

function taskIdOf({ jobResultObject }: JobDocument): string {
  return String(jobResultObject?.['globusTaskId']);
}

/** Part of the sealed record. */
function submissionIdOf({ jobParams }: JobDocument): string {
  const { sealed } = jobParams['globusTransfer'] as { readonly sealed: string };
  const record = JSON.parse(Buffer.from(sealed, 'base64url').toString()) as {
    readonly submissionId: string;
  };
  return record.submissionId;
}

async function reaches(world: BenchWorld, jobId: string, statusCode: string): Promise<JobDocument> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const job = await world.scicat.job(jobId);
    if (job?.statusCode === statusCode) return job;
    if (performance.now() > deadline) {
      throw new Error(`Job ${jobId} did not reach ${statusCode}: ${JSON.stringify(job)}`);
    }
    await delay(20);
  }
}
