import type { EmulatedResponse } from '../../sandbox/http/emulator.js';
import type { FileSystem } from '../../sandbox/globus/file-system.port.js';
import { GlobusMachine } from '../../sandbox/globus/globus-machine.js';
import type { JobDocument } from '../../sandbox/scicat/jobs.js';
import { ScicatMachine } from '../../sandbox/scicat/scicat-machine.js';
import type { AppConfig } from '../../src/config/app-config.js';
import { ConfigSnapshots } from '../../src/config/config-snapshots.js';
import type { FacilityHold } from '../../src/domain/facility-hold.js';
import { Secret } from '../../src/config/secret.js';
import { FakeJobHistory } from '../support/fake-job-history.js';
import type { ArrivedRequest } from '../support/whole-body.js';
import type { FileEntry } from '../../src/file-lists/file-list.js';
import { aConfig, aFacility, CLIENT_ID, SERVICE_USER, START } from '../support/builders.js';
import { settlePromises, VirtualClock } from '../support/virtual-clock.js';
import { Dice } from './dice.js';
import { type Arrival, Ledger } from './ledger.js';
import { MINUTE, type OutageKind, type Plan } from './plan.js';

/** Addresses in the simulated network. */
const SCICAT_URL = 'http://scicat.sim';
const AUTH_URL = 'http://auth.sim';
const TRANSFER_URL = 'http://transfer.sim/v0.10';

/** The account that writes, where there are two. */
const UPDATE_USER = 'globus-updater';
/** Users, all of them in the datasets' group; SciCat has never seen nora before. */
export const USERS = ['alice', 'bob', 'nora'] as const;
/** Destinations. */
export const DESTINATIONS = ['CSCS', 'LTS'] as const;
/** A user who may create transfer jobs, and forges one. */
export const FORGER = 'mallory';

const COLLECTIONS: Readonly<Record<string, string>> = {
  PSI: 'eeeeeeee-0000-4000-8000-000000000001',
  CSCS: 'ffffffff-0000-4000-8000-000000000001',
  LTS: 'ffffffff-0000-4000-8000-000000000002',
};

/** A request, as far as the simulation tells calls apart. */
export interface Target {
  readonly service: 'scicat' | 'globus';
  /** For the trace, e.g. `PATCH job`. */
  readonly name: string;
  readonly path: string;
  readonly query: string;
}

/**
 * Both services, their data, the clock and the disk: what outlives the process. Everything that a
 * service does is done here, at once and in one place, so that the ledger misses nothing.
 */
export class World {
  readonly dice: Dice;
  readonly clock = new VirtualClock(START, settlePromises);
  readonly ledger = new Ledger();
  readonly scicat: ScicatMachine;
  readonly globus: GlobusMachine;
  readonly config: ConfigSnapshots;
  /** The spool's files. */
  readonly disk = new Map<
    string,
    { readonly files: readonly FileEntry[]; readonly at: number; readonly named: boolean }
  >();
  readonly history = new FakeJobHistory();
  /** The file with the holds. */
  storedHolds: readonly FacilityHold[] = [];
  readonly trace: string[] = [];
  /** A task that is not ours, on our account. */
  strangersTask: string | undefined;
  /** How far the proxy's wall clock is from the right time. */
  wallErrorMs = 0;
  /** Told of every call that has just changed something. */
  onChange: () => void = () => undefined;
  /** Told of every task that Globus has just accepted. */
  onTask: (taskId: string) => void = () => undefined;

  constructor(readonly plan: Plan) {
    this.dice = new Dice(plan.seed);
    this.config = new ConfigSnapshots(configOf(plan));
    this.scicat = this.makeScicat();
    this.globus = this.makeGlobus();
  }

  get facilityNames(): readonly string[] {
    return Object.keys(COLLECTIONS);
  }

  /** Milliseconds since the start of the run. */
  get elapsed(): number {
    return this.clock.monotonicMs();
  }

  /** The right time, which the services have. */
  get trueNow(): number {
    return START + this.elapsed;
  }

  /** Whether things go wrong at present. */
  get troubled(): boolean {
    return this.elapsed < this.plan.faultsUntil;
  }

  note(text: string): void {
    this.trace.push(`${(this.elapsed / 1000).toFixed(3)} ${text}`);
  }

  violated(what: string): void {
    this.note(`VIOLATION ${what}`);
    this.ledger.violated(what);
  }

  /** The service's current outage, if any. */
  outageOf(service: 'scicat' | 'globus'): OutageKind | undefined {
    const now = this.elapsed;
    return this.plan.outages.find(
      ({ upstream, from, to }) => upstream === service && from <= now && now < to,
    )?.kind;
  }

  targetOf({ method, url }: ArrivedRequest): Target {
    const base = [SCICAT_URL, AUTH_URL].find((start) => url.startsWith(start));
    const service = base === SCICAT_URL ? 'scicat' : 'globus';
    const below = url.slice(base?.length ?? 'http://transfer.sim'.length);
    const mark = below.indexOf('?');
    const path = mark < 0 ? below : below.slice(0, mark);
    const query = mark < 0 ? '' : below.slice(mark + 1);
    const [, , , resource = '', id = '', sub = ''] = service === 'scicat' ? path.split('/') : [];
    const name =
      service === 'scicat'
        ? `${resource}${id === '' ? '' : ` ${id.slice(0, 8)}`}${sub === '' ? '' : ` ${sub}`}`
        : path;
    return { service, name: `${method} ${name}`, path, query };
  }

  /** Globus ceases to accept the id of this submission, unless it has made a task already. */
  refuseSubmissionId(request: ArrivedRequest): void {
    const id = submissionIdOf(request);
    const { usedSubmissionIds, refusedSubmissionIds } = this.ledger;
    if (!usedSubmissionIds.has(id)) refusedSubmissionIds.add(id);
  }

  /** Lets a service answer, and writes down what it did. */
  serve(target: Target, request: ArrivedRequest, arrival: Arrival): EmulatedResponse {
    const { scicat, globus, trueNow } = this;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers))
      headers[name.toLowerCase()] = value;
    const emulated = {
      method: request.method,
      path: target.path,
      query: new URLSearchParams(target.query),
      headers,
      body: request.body ?? '',
    };
    if (target.service === 'globus') {
      globus.setMaintenance(this.outageOf('globus') === 'own', 30);
      const submits = target.path === '/v0.10/transfer';
      if (submits && this.ledger.refusedSubmissionIds.has(submissionIdOf(request))) {
        return {
          status: 400,
          body: { code: 'BadRequest', message: 'submission_id is not valid any more' },
        };
      }
      const before = submits ? globus.tasks().length : 0;
      const response = globus.handle(emulated, trueNow);
      if (submits) this.sawSubmission(request, response, arrival, before);
      else if (target.path.endsWith('/cancel')) this.sawCancel(target.path.split('/')[3] ?? '');
      return response;
    }
    scicat.switches.databaseDown = this.outageOf('scicat') === 'own';
    const jobId = target.path.startsWith('/api/v4/jobs/') ? target.path.slice(13) : '';
    const before = scicat.job(jobId);
    const pid = decodeURIComponent(target.path.split('/')[4] ?? '');
    const lifecycle = scicat.datasets.get(pid)?.datasetlifecycle;
    const jobs = request.method === 'POST' ? scicat.jobs().length : 0;
    const response = scicat.handle(emulated, trueNow);
    if (target.path === '/api/v4/jobs' && request.method === 'POST') {
      this.sawCreation(request, response, arrival, jobs);
    } else if (request.method === 'PATCH' && jobId !== '') {
      this.sawWrite(jobId, request, arrival, before);
    } else if (request.method === 'DELETE' && before !== undefined && !this.has(jobId)) {
      const history = this.ledger.jobs.get(jobId);
      if (history !== undefined) history.deleted = arrival;
      this.onChange();
    } else if (target.path.endsWith('/datasetlifecycle')) {
      this.sawMarking(pid, response, arrival, lifecycle);
    }
    return response;
  }

  /** Another program submits a task on the proxy's own Globus account. @returns its id */
  addForeignTask(): string | undefined {
    const { globus, trueNow } = this;
    const send = (path: string, headers: Readonly<Record<string, string>>, body: string) =>
      globus.handle({ method: 'POST', path, query: new URLSearchParams(), headers, body }, trueNow)
        .body as Readonly<Record<string, string>> | undefined;
    const scope = this.config
      .current()
      .facilities.flatMap(({ scopes }) => scopes)
      .join(' ');
    const token = send(
      '/v2/oauth2/token',
      {
        authorization: `Basic ${Buffer.from(`${CLIENT_ID}:globus-secret`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      new URLSearchParams({ grant_type: 'client_credentials', scope }).toString(),
    );
    const accepted = send(
      '/v0.10/transfer',
      {
        authorization: `Bearer ${token?.['access_token'] ?? ''}`,
        'content-type': 'application/json',
      },
      JSON.stringify({
        DATA_TYPE: 'transfer',
        submission_id: this.dice.uuid(),
        label: 'SciCat transfer of another user',
        source_endpoint: COLLECTIONS['PSI'],
        destination_endpoint: COLLECTIONS['CSCS'],
        DATA: [
          {
            DATA_TYPE: 'transfer_item',
            source_path: '/strange/',
            destination_path: '/strange/',
            recursive: true,
          },
        ],
      }),
    );
    this.strangersTask = accepted?.['task_id'];
    return this.strangersTask;
  }

  private has(jobId: string): boolean {
    return this.scicat.job(jobId) !== undefined;
  }

  private sawCreation(
    request: ArrivedRequest,
    response: EmulatedResponse,
    arrival: Arrival,
    before: number,
  ): void {
    const all = this.scicat.jobs();
    const job = all.length > before ? all.at(-1) : undefined;
    if (job === undefined) {
      const key = archiveKeyOf(request.body ?? '');
      if (key !== undefined && response.status < 500) {
        const { archiveRefusals } = this.ledger;
        archiveRefusals.set(key, (archiveRefusals.get(key) ?? 0) + 1);
      }
      return;
    }
    this.ledger.jobs.set(job.id, { created: { ...arrival, job }, writes: [], deleted: undefined });
    this.note(`SciCat stores ${job.type} ${job.id}${arrival.late ? ' (late)' : ''}`);
    if (job.type === 'archive') this.archiveSoon(job);
    this.onChange();
  }

  private sawWrite(
    jobId: string,
    request: ArrivedRequest,
    arrival: Arrival,
    before: JobDocument | undefined,
  ): void {
    const job = this.scicat.job(jobId);
    if (job === undefined || job === before) return;
    const body = request.body ?? '';
    this.ledger.jobs.get(jobId)?.writes.push({ ...arrival, body, job });
    this.note(
      `SciCat shows ${jobId.slice(0, 8)} ${job.statusCode} ${job.statusMessage}${arrival.late ? ' (late)' : ''}`,
    );
    this.onChange();
  }

  /**
   * The dataset may be marked only while its lifecycle is as a finalizing job says in SciCat that it
   * was found: after the archiver has begun, marking would undo what the archiver has set.
   */
  private sawMarking(
    pid: string,
    response: EmulatedResponse,
    arrival: Arrival,
    before: Readonly<Record<string, unknown>> | undefined,
  ): void {
    if (response.status >= 400 && response.status < 500) this.refusedLifecycle(pid);
    if (response.status !== 200) return;
    this.note(`SciCat marks ${pid} as archivable${arrival.late ? ' (late)' : ''}`);
    this.onChange();
    const archiver = this.ledger.archiverAt.get(pid) ?? Number.NEGATIVE_INFINITY;
    // Check and change can't be locked: the archiver may act in between,
    // or another transfer of the same dataset, which does no harm.
    if (arrival.late || this.elapsed - archiver < MINUTE || before?.['archivable'] === true) return;
    const asFound = this.scicat.jobs().some((job) => {
      const result = job.jobResultObject ?? {};
      const found = result['lifecycleBefore'] as Readonly<Record<string, unknown>> | undefined;
      const history = this.ledger.jobs.get(job.id);
      if (history?.writes.some(({ late }) => late) === true || this.ledger.wasRewritten(job.id)) {
        return pidOf(job) === pid;
      }
      return (
        pidOf(job) === pid &&
        result['phase'] === 'finalizing' &&
        found?.['archivable'] === false &&
        found['archiveStatusMessage'] === (before?.['archiveStatusMessage'] ?? '')
      );
    });
    if (!asFound) {
      this.violated(`${pid} was marked although no job in SciCat says that this is what was found`);
    }
  }

  private refusedLifecycle(pid: string): void {
    const { lifecycleRefusals } = this.ledger;
    lifecycleRefusals.set(pid, (lifecycleRefusals.get(pid) ?? 0) + 1);
  }

  private sawCancel(taskId: string): void {
    this.note(`Globus is asked to cancel ${taskId}`);
    if (taskId === this.strangersTask) this.violated('a task of another user was cancelled');
    this.onChange();
  }

  private sawSubmission(
    request: ArrivedRequest,
    response: EmulatedResponse,
    arrival: Arrival,
    before: number,
  ): void {
    const document = JSON.parse(request.body ?? '') as { label: string; submission_id: string };
    const { label } = document;
    const tasks = this.globus.tasks();
    const task = tasks.length > before ? tasks.at(-1) : undefined;
    if (task === undefined) {
      const definite = response.status >= 400 && response.status < 500 && response.status !== 409;
      if (definite && response.status !== 401) this.ledger.refusedLabels.add(label);
      return;
    }
    this.ledger.usedSubmissionIds.add(document.submission_id);
    this.ledger.tasks.push({ ...arrival, taskId: task.id, label });
    this.note(`Globus accepts ${task.id} for ${label}${arrival.late ? ' (late)' : ''}`);
    this.checkIntent(label, document.submission_id, arrival);
    this.checkConcurrency(arrival);
    this.onTask(task.id);
    this.onChange();
  }

  /** Nothing is submitted under an id that SciCat does not hold, or that it has not confirmed. */
  private checkIntent(label: string, submissionId: string, arrival: Arrival): void {
    const jobId = label.replace('SciCat transfer ', '');
    const history = this.ledger.jobs.get(jobId);
    if (history === undefined) {
      this.violated(`a task was started for job ${jobId}, which SciCat does not have`);
      return;
    }
    // Once a late write of an older state has come, what SciCat holds is not what it confirmed.
    if (arrival.late || history.writes.some(({ late }) => late)) return;
    // Nor is it once another account has replaced it.
    if (this.ledger.wasRewritten(jobId)) return;
    const job = history.writes.at(-1)?.job ?? history.created.job;
    const held = job.jobResultObject?.['submissionId'] ?? sealedOf(job)?.['submissionId'];
    if (held !== submissionId) {
      this.violated(`job ${jobId} was submitted under an id that SciCat does not hold`);
    }
  }

  /** Whether someone had to act at any time: its slot may be another's, even if it moves again. */
  private wasStuck(taskId: string): boolean {
    const task = this.globus.task(taskId);
    return (
      task === undefined ||
      task.phase.kind === 'inactive' ||
      task.events.some(({ code, isError }) => isError || code === 'PAUSED')
    );
  }

  /**
   * Tasks that came of a request nobody waited for, or of a process that died before it could know,
   * were not dispatched knowingly; nor does a task count whose end was asked for, or that gives its
   * slot back because someone has to act.
   */
  private checkConcurrency(arrival: Arrival): void {
    if (arrival.late) return;
    const { maxConcurrency, maxPending } = this.plan.task;
    const pending = this.ledger.tasks.filter(({ taskId, late, label }) => {
      const task = this.globus.task(taskId);
      const jobId = label.replace('SciCat transfer ', '');
      return (
        !late &&
        task !== undefined &&
        task.cancelAt === undefined &&
        task.phase.kind !== 'ended' &&
        this.has(jobId)
      );
    });
    if (pending.length > maxPending) {
      this.violated(`Globus has ${pending.length} tasks, ${maxPending} are allowed`);
    }
    const running = pending.filter(({ taskId }) => !this.wasStuck(taskId));
    if (running.length > maxConcurrency) {
      this.violated(`${running.length} tasks run at a time, ${maxConcurrency} are allowed`);
    }
  }

  /** The archiver begins some time after the archive job was made, and ends some time after. */
  private archiveSoon(job: JobDocument): void {
    const pid = pidOf(job);
    const change = (text: string, retrievable: boolean) => (): void => {
      if (!this.scicat.datasets.has(pid)) return;
      const { archiverAt, archiverSince } = this.ledger;
      archiverAt.set(pid, this.elapsed);
      if (!archiverSince.has(pid)) archiverSince.set(pid, this.elapsed);
      this.note(`the archiver: ${pid} ${text}`);
      this.scicat.changeLifecycle(pid, {
        archivable: false,
        archiveStatusMessage: text,
        retrievable,
      });
    };
    const starts = this.dice.between(0, 20 * MINUTE);
    this.clock.schedule(starts, change('started', false));
    this.clock.schedule(starts + 5 * MINUTE, change('datasetOnArchiveDisk', true));
  }

  private makeScicat(): ScicatMachine {
    const { dice, plan } = this;
    const machine = new ScicatMachine({
      generation: plan.scicatGeneration,
      newId: () => dice.uuid(),
      tokenLifeSeconds: plan.tokenLifeSeconds,
    });
    const creator = plan.twoAccounts ? ['jobcreators'] : ['admin', 'archivemanager'];
    machine.addUser({ username: SERVICE_USER, password: 'scicat-secret', groups: creator });
    machine.addUser({
      username: UPDATE_USER,
      password: 'update-secret',
      groups: ['jobupdaters', 'archivemanager'],
    });
    for (const username of USERS) {
      const groups = ['PSI', ...DESTINATIONS, 'p123'];
      machine.addUser({ username, groups, neverLoggedIn: username === 'nora' });
    }
    machine.addUser({ username: FORGER, groups: ['PSI', ...DESTINATIONS, 'p123'] });
    return machine;
  }

  private makeGlobus(): GlobusMachine {
    const { dice, plan } = this;
    const machine = new GlobusMachine({
      random: dice.next,
      files: noFiles,
      limits: { pendingTasks: plan.pendingTasks },
      life: { cancelDelayMs: plan.cancelDelay },
    });
    machine.addClient({ id: CLIENT_ID, secret: 'globus-secret' });
    machine.setTokenLife(plan.tokenLifeSeconds);
    machine.strictSubmissionIds = plan.strictSubmissionIds;
    for (const [displayName, id] of Object.entries(COLLECTIONS)) {
      machine.addCollection({
        id,
        displayName,
        virtual: {
          startupMs: 500,
          bytesPerSecond: 1000,
          // So that bytes are milliseconds: a copy takes as long as its path says.
          sizeOf: (path) => ({
            files: 1,
            directories: 0,
            bytes: Math.floor(hashOf(path) * plan.longestTask),
          }),
        },
      });
    }
    return machine;
  }
}

function configOf(plan: Plan): AppConfig {
  const base = aConfig({ task: plan.task });
  const facility = (name: string) =>
    aFacility(name, {
      collection: COLLECTIONS[name] ?? '',
      accessValue: name,
      scopes: [
        `urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/${COLLECTIONS[name] ?? ''}/data_access]`,
      ],
    });
  return {
    ...base,
    scicatUrl: SCICAT_URL,
    facilities: Object.keys(COLLECTIONS).map(facility),
    transfer: { ...base.transfer, deadlineHours: plan.deadlineHours },
    globus: { authUrl: AUTH_URL, transferUrl: TRANSFER_URL },
    secrets: {
      ...base.secrets,
      ...(plan.twoAccounts
        ? {
            scicatUpdateUser: { username: UPDATE_USER, password: new Secret('update-secret') },
          }
        : {}),
    },
  };
}

/** Collections without folders never touch files. */
const noFiles = new Proxy({} as FileSystem, {
  get: () => () => {
    throw new Error('The simulation has no files.');
  },
});

/**
 * The job by the proxy's own word: the end that it wrote, or its last write that did not come late. Where
 * another account wrote later that the job has ended, nobody takes that back while the process lives, nor
 * does anybody believe it.
 */
export function ourWordOf({ ledger }: World, job: JobDocument): JobDocument {
  if (job.updatedBy !== FORGER || !hasEnded(job)) return job;
  const { writes = [], created } = ledger.jobs.get(job.id) ?? {};
  const end = writes.findLast((write) => hasEnded(write.job));
  return (end ?? writes.findLast(({ late }) => !late) ?? created)?.job ?? job;
}

/** Whether a job shows the end of its transfer. */
export function hasEnded(job: JobDocument): boolean {
  return ['finished', 'failed', 'cancelled'].includes(String(job.jobResultObject?.['status']));
}

/** PID of the only dataset of a job. */
export function pidOf(job: JobDocument): string {
  const list = job.jobParams['datasetList'] as readonly { readonly pid: string }[] | undefined;
  return list?.[0]?.pid ?? '';
}

/** What the proxy has sealed into a job, read without any of its code. */
export function sealedOf(job: JobDocument): Readonly<Record<string, unknown>> | undefined {
  const record = job.jobParams['globusTransfer'] as { readonly sealed?: string } | undefined;
  if (record?.sealed === undefined) return undefined;
  return JSON.parse(Buffer.from(record.sealed, 'base64url').toString('utf8')) as Readonly<
    Record<string, unknown>
  >;
}

function submissionIdOf({ body }: ArrivedRequest): string {
  const document = JSON.parse(body ?? '{}') as { readonly submission_id?: string };
  return document.submission_id ?? '';
}

function archiveKeyOf(body: string): string | undefined {
  return /"globusTransferKey":"([^"]+)"/.exec(body)?.[1];
}

/** From 0 to 1, the same for the same text. */
function hashOf(text: string): number {
  let hash = 2166136261;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 16777619);
  }
  return (hash >>> 0) / 4294967296;
}
