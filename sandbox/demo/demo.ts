import { mkdtempSync, realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf } from '../world/clean-up.js';
import {
  amountOf,
  copiedAmountOf,
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
import { ProxyClient, ScicatClient, type TransferLook } from './clients.js';
import { compareFolders, describeDifference, type Comparison } from './compare-folders.js';
import { textIn, valueIn } from './json.js';
import { ProgressDisplay } from './progress.js';
import { judgeScicat, pidsOf, type ScicatOutcome } from './verdict.js';

/** What the command line may choose. */
export interface DemoOptions {
  /** @default a folder that is filled for the occasion */
  readonly folder: string | undefined;
  /** Keep the copy. */
  readonly keep: boolean;
}

/** How long the copying of a small folder takes: long enough to be watched, no longer. */
const COPY_SECONDS = 5;
const SLOWEST_BYTES_PER_SECOND = 1_000_000;
const LOOK_MS = 200;
/** A transfer that does not move for so long will not. */
const STALLED_MS = 45_000;
/** The rest is only counted. */
const MOST_PROBLEMS_SHOWN = 20;

/**
 * Runs the demo.
 *
 * @returns the exit code: 0 only if everything arrived as it was, and SciCat says so
 */
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
  const copied = copiedAmountOf(entries);
  // Globus reads every copy once more to verify it, and that counts against its rate, too.
  world.globus.machine.life.bytesPerSecond = Math.max(
    SLOWEST_BYTES_PER_SECOND,
    (2 * copied.bytes) / COPY_SECONDS,
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
  printer.line('destination', `${dataset.destinationFolder}${options.keep ? '  (is kept)' : ''}`);
  printer.line(
    'holds',
    `${counted(amount.files, 'file')}, ${counted(countOf(entries, 'folder'), 'folder')}, ${counted(countOf(entries, 'link'), 'link')}, ${formatBytes(amount.bytes)}`,
  );

  printer.heading('Transfer');
  const client = new ProxyClient(proxy.url, world.alice.token, signal);
  const askedAt = performance.now();
  try {
    const fileList = listForTransfer(entries);
    const jobId = await client.request({
      sourceFacility: world.facilities.beamline.name,
      destFacility: world.facilities.archive.name,
      scicatPid: pid,
      fileList,
    });
    const answeredInMs = performance.now() - askedAt;
    printer.line(
      'request',
      `POST /transfer by ${world.alice.username}, ${world.facilities.beamline.name} to ${world.facilities.archive.name}, ${counted(fileList.length, 'entry', 'entries')} listed`,
    );
    printer.line('SciCat job', `${jobId}  (answered in ${answeredInMs.toFixed(0)} ms)`);
    const last = await follow(client, jobId, { terminal, printer, total: copied, askedAt, signal });
    return await conclude({ world, dataset, jobId, last, signal, printer, startedAt, options });
  } catch (error) {
    throw await theRealReason(error, signal);
  }
}

/** @throws Error in words */
function usableFolder(path: string): string {
  try {
    const folder = realpathSync(path);
    if (!statSync(folder).isDirectory()) throw new Error('it is no folder');
    const temporary = realpathSync(tmpdir());
    if (`${temporary}${sep}`.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`)) {
      throw new Error(`the copy goes to ${temporary}, which lies in it`);
    }
    return folder;
  } catch (error) {
    throw new Error(`--folder ${path} can't be used: ${reasonOf(error)}.`, { cause: error });
  }
}

interface Following {
  readonly terminal: Terminal;
  readonly printer: Printer;
  readonly total: Amount;
  readonly askedAt: number;
  readonly signal: AbortSignal;
}

/** Watches a transfer until it has ended, and shows how it goes. */
async function follow(
  client: ProxyClient,
  jobId: string,
  { terminal, printer, total, askedAt, signal }: Following,
): Promise<TransferLook> {
  const display = new ProgressDisplay(terminal, total);
  let taskShown = false;
  let seen = '';
  let movedAt = performance.now();
  try {
    for (;;) {
      const look = await client.look(jobId);
      const now = performance.now();
      if (!taskShown && look.globusTaskId !== '') {
        taskShown = true;
        printer.line('Globus task', look.globusTaskId);
        printer.line(
          'to copy',
          `${counted(total.files, 'file')}, ${formatBytes(total.bytes)}: each listed folder brings its files once more`,
        );
      }
      const progress = { ...look, elapsedMs: now - askedAt };
      if (look.status !== 'waiting' && look.status !== 'transferring') {
        display.end(progress);
        return look;
      }
      display.show(progress);
      const state = JSON.stringify(look);
      if (state !== seen) movedAt = now;
      seen = state;
      if (now - movedAt > STALLED_MS) {
        throw new Error(
          `The transfer has not moved for ${STALLED_MS / 1000} s; it is ${look.status}: ${look.message}`,
        );
      }
      await delay(LOOK_MS, undefined, { signal });
    }
  } finally {
    display.close();
  }
}

interface Conclusion {
  readonly world: World;
  readonly dataset: RegisteredDataset;
  readonly jobId: string;
  readonly last: TransferLook;
  readonly signal: AbortSignal;
  readonly printer: Printer;
  readonly startedAt: number;
  readonly options: DemoOptions;
}

/** Looks at what came of it, prints it and gives the exit code. */
async function conclude(conclusion: Conclusion): Promise<number> {
  const { world, dataset, jobId, last, signal, printer, startedAt, options } = conclusion;
  const { document, destinationFolder } = dataset;
  const scicat = new ScicatClient(world.scicat.url, world.alice.token, signal);
  const [job, found, archiveJobs] = await Promise.all([
    scicat.job(jobId),
    scicat.dataset(document.pid),
    scicat.jobs('archive'),
  ]);
  const outcome: ScicatOutcome = { job, dataset: found, archiveJobs };
  const problems: string[] = [];
  if (last.status !== 'finished') {
    problems.push(`The transfer ended as ${last.status}, not as finished: ${last.message}`);
  }
  problems.push(
    ...judgeScicat(
      {
        jobId,
        pid: document.pid,
        ownerUser: world.alice.username,
        ownerGroup: document.ownerGroup,
      },
      outcome,
    ),
  );
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
  printer.line('archive job', describeArchiveJobs(outcome, document.pid));

  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (problems.length === 0) {
    printer.plain(`\n${printer.style('green', 'All right.')} It took ${seconds} s.`);
    return 0;
  }
  printer.heading('Not as it should be');
  for (const problem of problems.slice(0, MOST_PROBLEMS_SHOWN)) printer.plain(`  ${problem}`);
  const more = problems.length - MOST_PROBLEMS_SHOWN;
  if (more > 0) printer.plain(`  ... and ${counted(more, 'further problem')}.`);
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
    problems.push(...comparison.differences.map(describeDifference));
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

/** A proxy that dies breaks a connection first; that it died is what matters. */
async function theRealReason(error: unknown, signal: AbortSignal): Promise<unknown> {
  await delay(500, undefined, { signal }).catch(() => undefined);
  return signal.aborted ? signal.reason : error;
}
