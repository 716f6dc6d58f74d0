import type { NestExpressApplication } from '@nestjs/platform-express';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DestinationStream } from 'pino';
import { startGlobusSandbox, type GlobusSandbox } from '../../sandbox/globus/globus-sandbox.js';
import type { JobDocument } from '../../sandbox/scicat/jobs.js';
import {
  startScicatSandbox,
  type ScicatSandbox,
  type ScicatSandboxOptions,
} from '../../sandbox/scicat/scicat-sandbox.js';
import { createApp } from '../../src/app/app.setup.js';
import { listenForProbes } from '../../src/app/listen.js';
import type { AppConfig } from '../../src/config/app-config.js';
import { loadConfig } from '../../src/config/load-config.js';
import { SERVER_LIMITS, type ServerLimits } from '../../src/hardening/server-limits.js';
import { createLogger } from '../../src/logging/logger.js';
import { Tracker } from '../../src/tracking/tracker.js';

/** Collections of the test world. */
export const COLLECTIONS = {
  source: 'aaaaaaaa-0000-4000-8000-000000000001',
  archive: 'aaaaaaaa-0000-4000-8000-000000000002',
  private: 'aaaaaaaa-0000-4000-8000-000000000003',
} as const;

/** A dataset of alice's group `group1`. */
export const ALICES_DATASET = '20.500.12345/alices-run';
/** A dataset of bob's group `group2`. */
export const BOBS_DATASET = '20.500.12345/bobs-run';

/** Name of the proxy's own SciCat account. */
export const SERVICE_USER = 'globus-proxy';
/** Secrets of the test world, none of which may ever leave the service. */
export const SECRETS = {
  scicatPassword: 'service-password',
  updatePassword: 'update-password',
  globusSecret: 'globus-secret',
} as const;
/** The second SciCat account, where a test configures one. */
export const UPDATE_USER = 'globus-proxy-updates';
/** The variables of {@link UPDATE_USER}. */
export const UPDATE_USER_ENVIRONMENT = {
  SCICAT_UPDATE_USER_USERNAME: UPDATE_USER,
  SCICAT_UPDATE_USER_PASSWORD: SECRETS.updatePassword,
} as const;
/** The proxy's Globus client. */
export const CLIENT_ID = 'cccccccc-0000-4000-8000-000000000001';

/** How a test wants its service. */
export interface ServiceOptions {
  /** Further entries of `facilities`, as YAML with two blanks of indent. */
  readonly facilities?: string;
  /** Lines of YAML that follow the standard ones; top-level keys. */
  readonly yaml?: string;
  /** Changes the whole file before it is read. */
  readonly changeYaml?: (text: string) => string;
  /** Replaces parts of the read configuration. */
  readonly change?: (config: AppConfig) => AppConfig;
  /** Emulators of an earlier start; not closed with this service. */
  readonly upstreams?: Upstreams;
  /** The data folder of an earlier start. */
  readonly dataDir?: string;
  /** Where log lines go, all levels of them. @default nowhere */
  readonly log?: DestinationStream;
  /** Limits other than the service's own. */
  readonly limits?: Partial<ServerLimits>;
  /** Environment variables beside the standard ones. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Seconds between polls of Globus; shorter than a configuration file allows, to keep tests fast.
   *
   * @default what the file says: 1, unless `yaml` has a `task`
   */
  readonly pollSeconds?: number;
}

/** The services behind the proxy. */
export interface Upstreams {
  readonly scicat: ScicatSandbox;
  readonly globus: GlobusSandbox;
}

/** What a call to the service carries. */
export interface CallOptions {
  /** A user's name, or a token. */
  readonly who?: string | undefined;
  /** A string or bytes are sent unchanged, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Any answer of the service. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined for an empty body. @throws SyntaxError unless it is JSON */
  readonly json: unknown;
}

/** The real service on a port of this machine, over emulators of its own. */
export class TestService {
  private constructor(
    readonly app: NestExpressApplication,
    readonly config: AppConfig,
    readonly url: string,
    /** Of the port for probes and metrics, if there is one. */
    readonly adminUrl: string | undefined,
    readonly scicat: ScicatSandbox,
    readonly globus: GlobusSandbox,
    readonly tokens: Readonly<Record<'alice' | 'bob' | 'carol', string>>,
    private readonly cleanUps: readonly (() => Promise<void>)[],
  ) {}

  static async start(options: ServiceOptions = {}): Promise<TestService> {
    const cleanUps: (() => Promise<void>)[] = [];
    const upstreams = options.upstreams ?? (await startUpstreams());
    if (options.upstreams === undefined) {
      cleanUps.push(
        () => upstreams.scicat.close(),
        () => upstreams.globus.close(),
      );
    }
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'proxy-test-')));
    if (options.dataDir === undefined) {
      cleanUps.push(() => rm(dataDir, { recursive: true, force: true }));
    }
    const read = readTestConfig(upstreams, dataDir, options);
    const polled =
      options.pollSeconds === undefined
        ? read
        : { ...read, task: { ...read.task, pollIntervalSeconds: options.pollSeconds } };
    const config = options.change === undefined ? polled : options.change(polled);
    const logger =
      options.log === undefined ? createLogger('silent') : createLogger('trace', options.log);
    const app = await createApp(config, logger, { ...SERVER_LIMITS, ...options.limits });
    await app.listen(0, '127.0.0.1');
    // On a free port, as above.
    const admin = await listenForProbes(app, {
      ...config.server,
      ...(config.server.adminPort === undefined ? {} : { adminPort: 0, adminHost: '127.0.0.1' }),
    });
    const { port } = app.getHttpServer().address() as AddressInfo;
    const service = new TestService(
      app,
      config,
      `http://127.0.0.1:${port}`,
      admin === undefined ? undefined : `http://127.0.0.1:${admin.port}`,
      upstreams.scicat,
      upstreams.globus,
      {
        alice: upstreams.scicat.mintToken('alice'),
        bob: upstreams.scicat.mintToken('bob'),
        carol: upstreams.scicat.mintToken('carol'),
      },
      cleanUps,
    );
    return service;
  }

  /** Calls the service; `who` is a user, a token, or undefined for none. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const headers = new Headers(options.headers);
    const { who, body } = options;
    if (who !== undefined) {
      const known = Object.entries(this.tokens).find(([name]) => name === who)?.[1];
      headers.set('SciCat-API-Key', known ?? who);
    }
    if (body !== undefined && !headers.has('content-type')) {
      headers.set('content-type', 'application/json');
    }
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(25_000),
      ...(body === undefined
        ? {}
        : {
            body:
              typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
          }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      get json(): unknown {
        return text === '' ? undefined : (JSON.parse(text) as unknown);
      },
    };
  }

  /** `POST /transfer` of alice's dataset, with other parameters as given. */
  post(query: RequestQuery = {}, options: CallOptions = {}): Promise<Answer> {
    return this.call('POST', `/transfer?${searchOf(query)}`, { who: 'alice', ...options });
  }

  /** `POST /transfer/preview`, as {@link post}. */
  preview(query: RequestQuery = {}, options: CallOptions = {}): Promise<Answer> {
    return this.call('POST', `/transfer/preview?${searchOf(query)}`, { who: 'alice', ...options });
  }

  /** `POST /transfer`, which must be accepted. @returns the job's id */
  async accepted(query: RequestQuery = {}, options: CallOptions = {}): Promise<string> {
    const answer = await this.post(query, options);
    if (answer.status !== 200) throw new Error(`Not accepted: ${answer.status} ${answer.text}`);
    return (answer.json as { readonly jobId: string }).jobId;
  }

  /** The job as SciCat holds it. @throws when there is none */
  job(jobId: string): JobDocument {
    const job = this.scicat.machine.job(jobId);
    if (job === undefined) throw new Error(`SciCat has no job ${jobId}.`);
    return job;
  }

  /** Jobs of our type in SciCat, oldest first. */
  transferJobs(): readonly JobDocument[] {
    return this.scicat.machine.jobs().filter(({ type }) => type === 'globus_transfer_job');
  }

  /** Archive jobs in SciCat, oldest first. */
  archiveJobs(): readonly JobDocument[] {
    return this.scicat.machine.jobs().filter(({ type }) => type === 'archive');
  }

  /** Waits until SciCat shows this code for the job. */
  async reaches(jobId: string, statusCode: string): Promise<JobDocument> {
    await eventually(
      () => this.scicat.machine.job(jobId)?.statusCode === statusCode,
      () =>
        `job ${jobId} has ${statusCode}; it is ${JSON.stringify(this.scicat.machine.job(jobId))}`,
    );
    return this.job(jobId);
  }

  /** A further dataset of a group, ready to be moved. @returns its PID */
  addDataset(
    name: string,
    ownerGroup = 'group1',
    sourceFolder = `/data/${ownerGroup}/${name}`,
  ): string {
    return addTestDataset(this.scicat, name, ownerGroup, sourceFolder);
  }

  /** Makes the tracker poll Globus now, regardless of the poll interval. */
  get tracker(): Tracker {
    return this.app.get(Tracker);
  }

  /** Ready means: all open transfers are taken up. */
  async ready(): Promise<void> {
    await eventually(() => this.tracker.ready, 'the service is ready');
  }

  /** Globus begins no more tasks until {@link releaseTasks}: they stay in its own queue. */
  holdTasks(): void {
    this.globus.machine.setConcurrentTasks(0);
  }

  /** Ends {@link holdTasks}. */
  releaseTasks(): void {
    this.globus.machine.setConcurrentTasks(3);
  }

  /** An administrator of the source collection pauses its tasks. */
  pauseTasks(): void {
    this.globus.machine.pause(COLLECTIONS.source);
  }

  /** Stops the service as SIGTERM does, and what was started for it. */
  async stop(): Promise<void> {
    await this.app.close();
    for (const cleanUp of this.cleanUps) await cleanUp();
  }
}

/** Parameters of a request that differ from the usual ones; undefined leaves one out. */
export type RequestQuery = Readonly<Record<string, string | undefined>>;

function searchOf(query: RequestQuery): string {
  const parameters: RequestQuery = {
    sourceFacility: 'SOURCE',
    destFacility: 'ARCHIVE',
    scicatPid: ALICES_DATASET,
    collectionRootPath: '/data',
    ...query,
  };
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) search.set(name, value);
  }
  return search.toString();
}

/** Adds a dataset that is ready to be moved. @returns its PID */
function addTestDataset(
  scicat: ScicatSandbox,
  name: string,
  ownerGroup: string,
  sourceFolder: string,
): string {
  const pid = `20.500.12345/${name}`;
  scicat.machine.addDataset({
    pid,
    ownerGroup,
    sourceFolder,
    size: 3000,
    numberOfFiles: 3,
    datasetlifecycle: { archivable: false, archiveStatusMessage: 'filesNotYetAvailable' },
  });
  return pid;
}

/** Emulators with the test world in them: three collections, three users, two datasets. */
export async function startUpstreams(options: ScicatSandboxOptions = {}): Promise<Upstreams> {
  const scicat = await startScicatSandbox(options);
  const globus = await startGlobusSandbox();
  const { machine } = scicat;
  machine.addUser({
    username: SERVICE_USER,
    password: SECRETS.scicatPassword,
    groups: ['admin', 'archivemanager'],
  });
  machine.addUser({
    username: 'alice',
    password: 'alice-password',
    email: 'alice@scicat.example',
    groups: ['group1', 'SOURCE', 'ARCHIVE'],
  });
  machine.addUser({ username: 'bob', password: 'bob-password', groups: ['group2', 'SOURCE'] });
  machine.addUser({
    username: 'carol',
    password: 'carol-password',
    groups: ['group2', 'SOURCE', 'ARCHIVE'],
  });
  addTestDataset(scicat, 'alices-run', 'group1', '/data/group1/run1');
  addTestDataset(scicat, 'bobs-run', 'group2', '/data/group2/run1');
  globus.machine.addClient({ id: CLIENT_ID, secret: SECRETS.globusSecret });
  for (const [name, id] of Object.entries(COLLECTIONS)) {
    globus.machine.addCollection({
      id,
      displayName: name,
      virtual: { filesPerDirectory: 3, bytesPerFile: 1000, bytesPerSecond: 1e9, startupMs: 0 },
    });
  }
  return { scicat, globus };
}

/**
 * The same, in which the service has two accounts and neither is an administrator: one creates jobs,
 * {@link UPDATE_USER} does the rest. The service needs {@link UPDATE_USER_ENVIRONMENT}.
 *
 * @param groups of the first one, beside those that give it its rights
 */
export async function startUpstreamsForTwo(groups: readonly string[] = []): Promise<Upstreams> {
  const upstreams = await startUpstreams({
    groupRights: {
      createJobPrivileged: ['proxy-creators'],
      updateJobPrivileged: ['proxy-updaters'],
      deleteJob: ['proxy-updaters'],
      updateDatasetLifecycle: ['proxy-updaters'],
    },
  });
  const { machine } = upstreams.scicat;
  machine.setGroups(SERVICE_USER, ['proxy-creators', ...groups]);
  machine.addUser({
    username: UPDATE_USER,
    password: SECRETS.updatePassword,
    groups: ['proxy-updaters'],
  });
  return upstreams;
}

/** The configuration file of the test world. */
export function testConfigText(
  upstreams: Upstreams,
  dataDir: string,
  { yaml: more = '', facilities = '' }: Pick<ServiceOptions, 'yaml' | 'facilities'> = {},
): string {
  return `
scicatUrl: ${upstreams.scicat.url}
port: 8080
dataDir: ${dataDir}
globus:
  authUrl: ${upstreams.globus.authUrl}
  transferUrl: ${upstreams.globus.transferUrl}
facilities:
  - name: SOURCE
    collection: ${COLLECTIONS.source}
    direction: SRC
  - name: ARCHIVE
    collection: ${COLLECTIONS.archive}
    direction: DST
    destinationPath: /archive/{{ .PidShort }}
  - name: PRIVATE
    collection: ${COLLECTIONS.private}
    accessValue: private-group
${facilities}
${more.includes('task:') ? '' : 'task: { pollInterval: 1 }'}
${more}
`;
}

/** The variables that go with {@link testConfigText}. */
export const TEST_ENVIRONMENT: Readonly<Record<string, string>> = {
  GLOBUS_CLIENT_ID: CLIENT_ID,
  GLOBUS_CLIENT_SECRET: SECRETS.globusSecret,
  SCICAT_SERVICE_USER_USERNAME: SERVICE_USER,
  SCICAT_SERVICE_USER_PASSWORD: SECRETS.scicatPassword,
};

function readTestConfig(upstreams: Upstreams, dataDir: string, options: ServiceOptions): AppConfig {
  const text = testConfigText(upstreams, dataDir, options);
  const { config } = loadConfig({
    argv: ['--config', '/config.yaml'],
    env: { ...TEST_ENVIRONMENT, ...options.env },
    platform: 'linux',
    applicationFolder: '/application',
    workingFolder: '/',
    files: {
      read: () => options.changeYaml?.(text) ?? text,
      exists: (path) => path === '/config.yaml',
    },
  });
  return config;
}

/**
 * Waits until something is so, looking again after every turn of the event loop's timers.
 *
 * @throws when it is not so after 20 seconds
 */
export async function eventually(
  isSo: () => boolean | Promise<boolean>,
  what: string | (() => string),
): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) {
      throw new Error(`It did not come about that ${typeof what === 'string' ? what : what()}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
