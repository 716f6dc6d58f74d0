import type { EmulatedRequest, Emulator } from '../../sandbox/http/emulator.js';
import { directCall } from '../../sandbox/http/direct-call.js';
import { startEmulatorServer } from '../../sandbox/http/emulator-server.js';
import type { FaultRule } from '../../sandbox/http/fault-plan.js';
import { GlobusMachine } from '../../sandbox/globus/globus-machine.js';
import { LocalFileSystem } from '../../sandbox/globus/local-file-system.js';
import { CallLog, globusOperation } from './call-log.js';
import { COLLECTIONS, GLOBUS_CLIENTS, KEEP_ALIVE_MS, LIFE_SECONDS } from './names.js';
import { offer } from './remote.js';
import { countItems, shortened } from './shortened-submission.js';

const machine = new GlobusMachine({
  random: Math.random,
  files: new LocalFileSystem(),
  limits: { concurrentTasks: 3, pendingTasks: Infinity },
});
machine.setTokenLife(LIFE_SECONDS);
for (const client of Object.values(GLOBUS_CLIENTS)) machine.addClient(client);
for (const [displayName, id] of Object.entries(COLLECTIONS)) {
  machine.addCollection({
    id,
    displayName,
    // A copy takes a day: nothing ends that the benchmark does not end.
    virtual: { filesPerDirectory: 30, bytesPerFile: 1e12, bytesPerSecond: 30e12 / 86_400 },
  });
}

/** The body of the last submission; looked at only when nothing is being measured. */
let lastSubmission = '';

/** Reads long submissions by their ends: else the emulator's own parsing would be what is measured. */
const quick: Emulator = {
  handle: (request: EmulatedRequest, now: number) => {
    if (globusOperation(request) === 'submit') lastSubmission = request.body;
    return machine.handle(shortened(request) ?? request, now);
  },
};
const log = new CallLog(quick, globusOperation);
const server = await startEmulatorServer(log, {
  maxLoggedRequests: 0,
  keepAliveTimeoutMs: KEEP_ALIVE_MS,
});

/** Begins with the first word of where Globus is: until then tasks can be made in the past. */
let timer: NodeJS.Timeout | undefined;

/** A task that is there before the proxy starts. */
export interface SeededTask {
  readonly label: string;
  readonly submissionId: string;
  readonly source: string;
  readonly destination: string;
}

/** What the benchmark asks of the emulated Globus. */
const controls = {
  url: () => {
    timer ??= setInterval(() => {
      machine.advance(Date.now());
    }, machine.life.stepMs);
    return server.url;
  },
  /** Every answer takes so long, beside the work itself. */
  setLatency: (ms: number) => {
    server.faults.clear();
    if (ms > 0) server.faults.add({ effect: { type: 'latency', ms } });
  },
  addFault: (rule: FaultRule) => server.faults.add(rule),
  /** A token for Transfer and both collections, as a client gets it. */
  token: (client: keyof typeof GLOBUS_CLIENTS) => tokenOf(client, Date.now()),
  /**
   * Submits tasks of the proxy's, one every `spacingMs` up to now. To be called before {@link url}.
   *
   * @returns the tasks' ids
   */
  seedTasks: (tasks: readonly SeededTask[], spacingMs: number): readonly string[] => {
    const first = Date.now() - tasks.length * spacingMs;
    const token = tokenOf('proxy', first);
    return tasks.map((task, index) => submit(task, token, first + index * spacingMs));
  },
  label: (taskId: string) => machine.task(taskId)?.label ?? '',
  /** None: all tasks are queued, and nothing about them changes. */
  setRunningAtATime: (count: number) => {
    machine.limits.concurrentTasks = count;
    // A limit counts when a slot gets free: so let all slots be taken anew.
    machine.pause(COLLECTIONS.source);
    machine.unpause(COLLECTIONS.source);
  },
  /** Ends tasks well. @returns when, in milliseconds since the epoch */
  succeed: (taskIds: readonly string[]): number => {
    const now = Date.now();
    machine.advance(now);
    for (const id of taskIds) machine.succeedTask(id);
    return now;
  },
  /** How many items the last submission listed. */
  lastItemCount: () => countItems(lastSubmission),
  takeCalls: () => log.take(),
  countCalls: () => log.count(),
};

function tokenOf(client: keyof typeof GLOBUS_CLIENTS, now: number): string {
  const { id, secret } = GLOBUS_CLIENTS[client];
  const scopes = Object.values(COLLECTIONS).map(
    (collection) =>
      `urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/${collection}/data_access]`,
  );
  const { body } = directCall(machine, now, {
    method: 'POST',
    target: '/v2/oauth2/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: id,
      client_secret: secret,
      scope: scopes.join(' '),
    }).toString(),
  });
  return (body as { readonly access_token: string }).access_token;
}

function submit(task: SeededTask, token: string, now: number): string {
  const { status, body } = directCall(machine, now, {
    method: 'POST',
    target: '/v0.10/transfer',
    token,
    json: {
      DATA_TYPE: 'transfer',
      submission_id: task.submissionId,
      label: task.label,
      source_endpoint: COLLECTIONS.source,
      destination_endpoint: COLLECTIONS.archive,
      verify_checksum: true,
      DATA: [
        {
          DATA_TYPE: 'transfer_item',
          source_path: task.source,
          destination_path: task.destination,
          recursive: true,
        },
      ],
    },
  });
  if (status !== 200) throw new Error(`A task was not accepted: ${JSON.stringify(body)}`);
  return (body as { readonly task_id: string }).task_id;
}

export type GlobusControls = typeof controls;

offer(controls, () => process.exit());
