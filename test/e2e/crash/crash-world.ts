import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TaskView } from '../../../sandbox/globus/globus-machine.js';
import type { JobDocument } from '../../../sandbox/scicat/jobs.js';
import {
  CLIENT_ID,
  COLLECTIONS,
  eventually,
  SERVICE_USER,
  startUpstreams,
  type Upstreams,
} from '../../support/service.js';
import { CrashGate, type CrashPoint } from './crash-gate.js';
import { ProxyChild } from './proxy-child.js';

export interface TransferParameters {
  readonly pid: string;
  readonly autoArchive: boolean;
  readonly files?: readonly string[];
}

/** What a client heard: a status, or nothing as the connection broke. */
export type Told = number | 'connection broken';

/** A request for a transfer, and its outcome as far as the client knows. */
export interface Request {
  readonly parameters: TransferParameters;
  readonly told: Told;
  /** Undefined unless it was answered with 200. */
  readonly jobId: string | undefined;
  /** What the client heard to its DELETE; undefined if it sent none. */
  end?: { readonly told: Told; readonly remove: boolean };
}

/** One at a time: so a second transfer has to wait, and a second copy would be seen. */
export const MAX_CONCURRENCY = 1;

/**
 * The real proxy in a process that may be killed, over emulators that live on. Several lives are
 * lived in it one after the other, each with datasets of its own: a start of the process takes most
 * of the time, so the process that recovered from one crash is the one that dies next.
 */
export class CrashWorld {
  readonly gate = new CrashGate();
  /** Of the present life. */
  requests: Request[] = [];
  /** PID of the dataset of the present life. */
  dataset = '';
  /** PID of another dataset. */
  otherDataset = '';
  /** Tasks that ran at Globus at the same time, at most. */
  mostTasksAtOnce = 0;
  private proxy: ProxyChild | undefined;
  private lives = 0;
  /** Those of the present life, oldest first. */
  private processes: ProxyChild[] = [];
  private tasksBefore = 0;
  private spooledBefore = 0;

  private constructor(
    readonly upstreams: Upstreams,
    private readonly folder: string,
  ) {
    const { scicat, globus } = upstreams;
    const handleScicat = scicat.machine.handle.bind(scicat.machine);
    const handleGlobus = globus.machine.handle.bind(globus.machine);
    scicat.machine.handle = (request, now) =>
      this.gate.handle('SciCat', { handle: handleScicat }, request, now);
    globus.machine.handle = (request, now) => {
      const answer = this.gate.handle('Globus', { handle: handleGlobus }, request, now);
      this.mostTasksAtOnce = Math.max(this.mostTasksAtOnce, this.runningTasks());
      return answer;
    };
  }

  /** Starts the emulators and the proxy. */
  static async start(): Promise<CrashWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'proxy-crash-'));
    await mkdir(join(folder, 'data'));
    const world = new CrashWorld(await startUpstreams(), folder);
    try {
      await world.startProxy();
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  /** A new life begins: all that was asked for before has ended. */
  async beginLife(): Promise<void> {
    this.lives += 1;
    this.requests = [];
    this.dataset = this.addDataset(`run-${this.lives}`);
    this.otherDataset = this.addDataset(`other-run-${this.lives}`);
    this.tasksTake(0);
    this.processes = this.processes.slice(-1);
    this.tasksBefore = this.upstreams.globus.machine.tasks().length;
    this.spooledBefore = await this.allSpooled();
    await this.quiet();
  }

  /** Sets the point at which the running process, or one that is yet to start, is killed. */
  killAt(point: CrashPoint): void {
    this.gate.set(point, () => this.proxy?.kill());
  }

  /** Starts a process; returns when it takes requests, or was killed on the way there. */
  async startProxy(): Promise<void> {
    this.gate.revive();
    await ProxyChild.start({
      writeConfig: (port) => this.writeConfig(port),
      environment: {
        GLOBUS_CLIENT_ID: CLIENT_ID,
        GLOBUS_CLIENT_SECRET: 'globus-secret',
        SCICAT_SERVICE_USER_USERNAME: SERVICE_USER,
        SCICAT_SERVICE_USER_PASSWORD: 'service-password',
        LOG_LEVEL: 'info',
      },
      spawned: (child) => {
        this.proxy = child;
        this.processes.push(child);
      },
    });
    if (this.proxy?.runs === false && !this.gate.sprung) {
      throw new Error(`The proxy ended by itself. ${this.words()}`);
    }
  }

  /** Returns when the killed process is gone. */
  async proxyGone(): Promise<void> {
    await this.proxy?.gone();
  }

  /** Whether a process is there to take requests. */
  get alive(): boolean {
    return this.proxy?.runs === true && !this.gate.sprung;
  }

  /** Waits until the proxy makes no more calls. */
  async quiet(): Promise<void> {
    for (let before = -1; before !== this.gate.carriedOut.length;) {
      before = this.gate.carriedOut.length;
      await delay(100);
    }
  }

  /** `POST /transfer` of alice's. */
  async post(parameters: TransferParameters): Promise<Request> {
    const query = new URLSearchParams({
      sourceFacility: 'SOURCE',
      destFacility: 'ARCHIVE',
      scicatPid: parameters.pid,
      collectionRootPath: '/data',
      autoArchive: String(parameters.autoArchive),
    });
    const fileList = parameters.files?.map((path) => ({ path, isSymlink: false }));
    const { told, text } = await this.call('POST', `/transfer?${query.toString()}`, { fileList });
    const jobId = told === 200 ? (JSON.parse(text) as { jobId: string }).jobId : undefined;
    const request: Request = { parameters, told, jobId };
    this.requests.push(request);
    return request;
  }

  /** `DELETE /transfer/{id}` of a request that was accepted. */
  async cancel(request: Request, remove: boolean): Promise<void> {
    const path = `/transfer/${request.jobId ?? ''}${remove ? '?delete=true' : ''}`;
    const { told } = await this.call('DELETE', path);
    request.end = { told, remove };
  }

  /** Transfer jobs of a dataset in SciCat. */
  transferJobs(pid: string): readonly JobDocument[] {
    return this.jobsOf('globus_transfer_job', pid);
  }

  archiveJobs(pid: string): readonly JobDocument[] {
    return this.jobsOf('archive', pid);
  }

  /** Tasks of the present life at Globus. */
  tasks(): readonly TaskView[] {
    return this.upstreams.globus.machine.tasks().slice(this.tasksBefore);
  }

  /** File lists in the spool that were not there before the present life. */
  async spooled(): Promise<number> {
    return (await this.allSpooled()) - this.spooledBefore;
  }

  /** What the processes logged, for when something is wrong. */
  words(): string {
    return this.processes
      .map(({ log }, number) => `--- process ${number + 1}\n${log.slice(-5000)}`)
      .join('\n');
  }

  /** How long tasks that begin from now on take. */
  tasksTake(milliseconds: number): void {
    this.upstreams.globus.machine.setVirtual(COLLECTIONS.source, { startupMs: milliseconds });
  }

  /** Waits until a job shows a status code. */
  async shows(pid: string, statusCode: string): Promise<void> {
    await eventually(
      () => !this.alive || this.transferJobs(pid).some((job) => job.statusCode === statusCode),
      `the job of ${pid} shows ${statusCode}`,
    );
  }

  /** Ends all of it. */
  async close(): Promise<void> {
    this.gate.stopCounting();
    this.proxy?.kill();
    await this.proxy?.gone();
    await this.upstreams.scicat.close();
    await this.upstreams.globus.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  runningTasks(): number {
    return this.upstreams.globus.machine.tasks().filter(({ phase }) => phase.kind !== 'ended')
      .length;
  }

  private addDataset(name: string): string {
    const pid = `20.500.12345/${name}`;
    this.upstreams.scicat.machine.addDataset({
      pid,
      ownerGroup: 'group1',
      sourceFolder: `/data/group1/${name}`,
      size: 3000,
      numberOfFiles: 3,
      datasetlifecycle: { archivable: false, archiveStatusMessage: 'filesNotYetAvailable' },
    });
    return pid;
  }

  private async allSpooled(): Promise<number> {
    const names = await readdir(join(this.folder, 'data'), { recursive: true });
    return names.filter((name) => name.endsWith('.jsonl.gz')).length;
  }

  private jobsOf(type: string, pid: string): readonly JobDocument[] {
    return this.upstreams.scicat.machine
      .jobs()
      .filter((job) => job.type === type && JSON.stringify(job.jobParams).includes(`"${pid}"`));
  }

  private async call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly told: Told; readonly text: string }> {
    try {
      const response = await fetch(`${this.proxy?.url ?? ''}${path}`, {
        method,
        headers: {
          'SciCat-API-Key': this.upstreams.scicat.mintToken('alice'),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        signal: AbortSignal.timeout(25_000),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { told: response.status, text: await response.text() };
    } catch {
      return { told: 'connection broken', text: '' };
    }
  }

  private async writeConfig(port: number): Promise<string> {
    const { scicat, globus } = this.upstreams;
    const file = join(this.folder, 'config.yaml');
    await writeFile(
      file,
      `
scicatUrl: ${scicat.url}
port: ${port}
server: { host: 127.0.0.1 }
dataDir: ${join(this.folder, 'data')}
globus:
  authUrl: ${globus.authUrl}
  transferUrl: ${globus.transferUrl}
task:
  pollInterval: 1
  maxConcurrency: ${MAX_CONCURRENCY}
facilities:
  - name: SOURCE
    collection: ${COLLECTIONS.source}
    direction: SRC
    collectionRootPath: /data
  - name: ARCHIVE
    collection: ${COLLECTIONS.archive}
    direction: DST
    destinationPath: /archive/{{ .PidShort }}
`,
    );
    return file;
  }
}
