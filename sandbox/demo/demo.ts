import { mkdtempSync, realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf } from '../world/clean-up.js';
import {
  amountOf,
  countOf,
  listForTransfer,
  readFolder,
  type Amount,
} from '../world/folder-entries.js';
import type { ProgramContext } from '../world/run-program.js';
import { fillSampleFolder } from '../world/sample-folder.js';
import { startProxyIn } from '../world/start-proxy-in-world.js';
import { counted, formatBytes, Printer, standardOutput, type Terminal } from '../world/terminal.js';
import { startWorld, type RegisteredDataset, type World } from '../world/world.js';
import { ProxyClient, ScicatClient, type TransferStatus } from './clients.js';
import { compareFolders, type Comparison } from './compare-folders.js';
import { textIn, valueIn } from './json.js';
import { ProgressDisplay } from './progress.js';
import { judgeAmounts, judgeScicat, pidsOf, type ScicatOutcome } from './verdict.js';

/** Options of the command line. */
interface DemoOptions {
  /** @default a folder of sample files */
  readonly folder: string | undefined;
  /** Keep the copy. */
  readonly keep: boolean;
}

/** How long copying takes: long enough to watch. */
const COPY_SECONDS = 5;
const MIN_BYTES_PER_SECOND = 1_000_000;
const POLL_MS = 200;
/** Without progress for this long, the transfer has failed. */
const STALLED_MS = 45_000;
const MAX_PROBLEMS_SHOWN = 20;

/** @returns the exit code: 0 only if the copy is exact and SciCat shows the transfer as finished */
export async function runDemo(options: DemoOptions, context: ProgramContext): Promise<number> {
  const startedAt = performance.now();
  const terminal = standardOutput();
  const printer = new Printer(terminal, process.env);
  const sourceFolder = options.folder === undefined ? undefined : usableFolder(options.folder);
  const archiveFolder = options.keep
    ? realpathSync(mkdtempSync(join(tmpdir(), 'scicat-globus-demo-')))
    : undefined;
  const world = await startWorld(context.cleanUp, {
    ...(sourceFolder === undefined ? {} : { sourceFolder }),
    ...(archiveFolder === undefined ? {} : { archiveFolder }),
  });
  if (sourceFolder === undefined) await fillSampleFolder(world.sourceFolder);
  const entries = await readFolder(world.sourceFolder);
  if (entries.length === 0) throw new Error(`${world.sourceFolder} is empty: nothing to transfer.`);
  const amount = amountOf(entries);
  // Twice, because verifying a copy counts against the rate, too.
  world.globus.machine.life.bytesPerSecond = Math.max(
    MIN_BYTES_PER_SECOND,
    (2 * amount.bytes) / COPY_SECONDS,
  );
  const proxy = await startProxyIn(world, context);
  const signal = AbortSignal.any([context.signal, proxy.died]);

  printer.heading('SciCat Globus Proxy: demo');
  printer.line('SciCat', `${world.scicat.url}  (emulated)`);
  printer.line('Globus', `${world.globus.url}  (emulated)`);
  printer.line('proxy', `${proxy.url}  (process ${proxy.pid})`);

  const dataset = world.registerDataset(entries);
  const { pid } = dataset.document;
  printer.heading('Dataset');
  printer.line('PID', pid);
  printer.line('source', world.sourceFolder);
  printer.line(
    'destination',
    `${dataset.destinationFolder}${options.keep ? '  (will be kept)' : ''}`,
  );
  printer.line(
    'holds',
    `${counted(amount.files, 'file')}, ${counted(countOf(entries, 'folder'), 'folder')}, ${counted(countOf(entries, 'link'), 'link')}, ${formatBytes(amount.bytes)}`,
  );

  printer.heading('Transfer');
  const client = new ProxyClient(proxy.url, world.alice.token, signal);
  const requestedAt = performance.now();
  try {
    const fileList = listForTransfer(entries);
    const [source, destination] = [world.facilities.beamline.name, world.facilities.archive.name];
    const query = { sourceFacility: source, destFacility: destination, scicatPid: pid };
    const jobId = await client.request(query, fileList);
    const answeredInMs = performance.now() - requestedAt;
    printer.line(
      'request',
      `POST /transfer by ${world.alice.username}, ${source} to ${destination}, ${counted(fileList.length, 'entry', 'entries')} listed`,
    );
    printer.line('SciCat job', `${jobId}  (answered in ${answeredInMs.toFixed(0)} ms)`);
    const following = { terminal, printer, amount, requestedAt, signal };
    const last = await follow(client, jobId, following);
    return await conclude({
      world,
      dataset,
      amount,
      jobId,
      last,
      signal,
      printer,
      startedAt,
      options,
    });
  } catch (error) {
    throw await rootCause(error, signal);
  }
}

function usableFolder(path: string): string {
  try {
    const folder = realpathSync(path);
    if (!statSync(folder).isDirectory()) throw new Error('it is not a folder');
    const temporary = realpathSync(tmpdir());
    if (`${temporary}${sep}`.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)) {
      throw new Error(`it contains ${temporary}, where the copy goes`);
    }
    return folder;
  } catch (error) {
    throw new Error(`--folder ${path} can't be used: ${reasonOf(error)}.`, { cause: error });
  }
}

interface Following {
  readonly terminal: Terminal;
  readonly printer: Printer;
  /** Of the dataset. */
  readonly amount: Amount;
  readonly requestedAt: number;
  readonly signal: AbortSignal;
}

/** Polls a transfer until it has ended, and shows its progress. */
async function follow(
  client: ProxyClient,
  jobId: string,
  { terminal, printer, amount, requestedAt, signal }: Following,
): Promise<TransferStatus> {
  const display = new ProgressDisplay(terminal);
  let taskShown = false;
  let seen = '';
  let movedAt = performance.now();
  try {
    for (;;) {
      const status = await client.transfer(jobId);
      const now = performance.now();
      if (!taskShown && status.globusTaskId !== '') {
        taskShown = true;
        printer.line('Globus task', status.globusTaskId);
        printer.line(
          'to copy',
          `${counted(amount.files, 'file')}, ${formatBytes(amount.bytes)}: each file once, though its folders are listed, too`,
        );
      }
      const progress = { ...status, elapsedMs: now - requestedAt };
      if (status.status !== 'waiting' && status.status !== 'transferring') {
        display.end(progress);
        return status;
      }
      // The proxy can't know the size of a list, but the demo has listed the whole dataset.
      const bytes = Math.max(amount.bytes, status.bytes + 1);
      display.show({ ...progress, total: { ...status.total, bytes } });
      const state = JSON.stringify(status);
      if (state !== seen) movedAt = now;
      seen = state;
      if (now - movedAt > STALLED_MS) {
        throw new Error(
          `No progress for ${STALLED_MS / 1000} s. The transfer is ${status.status}: ${status.message}`,
        );
      }
      await delay(POLL_MS, undefined, { signal });
    }
  } finally {
    display.close();
  }
}

interface Conclusion {
  readonly world: World;
  readonly dataset: RegisteredDataset;
  readonly amount: Amount;
  readonly jobId: string;
  readonly last: TransferStatus;
  readonly signal: AbortSignal;
  readonly printer: Printer;
  readonly startedAt: number;
  readonly options: DemoOptions;
}

/** Checks and prints the result. @returns the exit code */
async function conclude(conclusion: Conclusion): Promise<number> {
  const { world, dataset, amount, jobId, last, signal, printer, startedAt, options } = conclusion;
  const { destinationFolder } = dataset;
  const { pid, ownerGroup } = dataset.document;
  const scicat = new ScicatClient(world.scicat.url, world.alice.token, signal);
  const [job, found, archiveJobs] = await Promise.all([
    scicat.job(jobId),
    scicat.dataset(pid),
    scicat.jobs('archive'),
  ]);
  const outcome: ScicatOutcome = { job, dataset: found, archiveJobs };
  const problems: string[] = [];
  if (last.status !== 'finished') {
    problems.push(`The transfer is ${last.status} instead of finished: ${last.message}`);
  }
  const { bytes, files, total } = last;
  const shown = { bytes, files, bytesTotal: total.bytes, filesTotal: total.files };
  problems.push(...judgeAmounts(amount, shown));
  const ownerUser = world.alice.username;
  problems.push(...judgeScicat({ jobId, pid, ownerUser, ownerGroup, amount }, outcome));
  const comparison = await compared(world.sourceFolder, destinationFolder, problems);
  signal.throwIfAborted();

  printer.heading('Result');
  printer.line('destination', `${destinationFolder}${options.keep ? '  (kept)' : ''}`);
  printer.line('compared', comparison === undefined ? 'nothing' : describeComparison(comparison));
  printer.line(
    'SciCat job',
    `${jobId}  ${textIn(job, 'statusCode')} ${textIn(job, 'statusMessage')}`,
  );
  printer.line('job result', JSON.stringify(valueIn(job, 'jobResultObject')));
  printer.line('dataset', `archivable ${String(valueIn(found, 'datasetlifecycle', 'archivable'))}`);
  printer.line('archive job', describeArchiveJobs(outcome, pid));

  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (problems.length === 0) {
    printer.plain(`\n${printer.style('green', 'Success.')} It took ${seconds} s.`);
    return 0;
  }
  printer.heading('Problems');
  for (const problem of problems.slice(0, MAX_PROBLEMS_SHOWN)) printer.plain(`  ${problem}`);
  const more = problems.length - MAX_PROBLEMS_SHOWN;
  if (more > 0) printer.plain(`  ... and ${more} more`);
  printer.plain(
    `\n${printer.style('red', `Failed: ${counted(problems.length, 'problem')}.`)} It took ${seconds} s.`,
  );
  return 1;
}

async function compared(
  source: string,
  destination: string,
  problems: string[],
): Promise<Comparison | undefined> {
  try {
    const comparison = await compareFolders(source, destination);
    for (const difference of comparison.differences) problems.push(difference);
    return comparison;
  } catch (error) {
    problems.push(`Source and destination can't be compared: ${reasonOf(error)}`);
    return undefined;
  }
}

function describeComparison({ files, folders, links, bytes, differences }: Comparison): string {
  const result = differences.length === 0 ? 'all equal' : counted(differences.length, 'difference');
  return `${counted(files, 'file')} (${formatBytes(bytes)}), ${counted(folders, 'folder')}, ${counted(links, 'link')}: ${result}`;
}

function describeArchiveJobs({ archiveJobs }: ScicatOutcome, pid: string): string {
  const ofDataset = archiveJobs.filter((job) => pidsOf(job).includes(pid));
  if (ofDataset.length === 0) return 'none';
  return ofDataset.map((job) => `${textIn(job, 'id')}  for ${textIn(job, 'ownerUser')}`).join(', ');
}

/** A proxy that dies breaks connections first; wait for the actual reason. */
async function rootCause(error: unknown, signal: AbortSignal): Promise<unknown> {
  await delay(500, undefined, { signal }).catch(() => undefined);
  return signal.aborted ? signal.reason : error;
}
