import { setTimeout as delay } from 'node:timers/promises';
import { type BareAccess, BareClient, type CallPattern } from './call-patterns.js';
import { load, type LoadResult } from './load.js';
import { offer } from './remote.js';

/** What a bare client is to do. */
export interface BareLoad {
  readonly pattern: CallPattern;
  readonly series: string;
  /** The first dataset's number. */
  readonly from: number;
  readonly count: number;
  readonly concurrency: number;
  readonly files: number | undefined;
}

/** What it came to, and the processor time of the whole process, in milliseconds. */
export interface BareResult extends LoadResult {
  readonly cpuMs: number;
}

/** Transfers to be followed as the Go version does it. */
export interface GoTracking {
  readonly transfers: readonly { readonly jobId: string; readonly taskId: string }[];
  readonly workers: number;
  readonly intervalMs: number;
  /** When it is over. */
  readonly forMs: number;
}

let client: BareClient | undefined;

const controls = {
  access: (access: BareAccess) => {
    client?.close();
    client = new BareClient(access);
  },
  run: async (options: BareLoad): Promise<BareResult> => {
    const before = process.cpuUsage();
    const result = await load(options.count, options.concurrency, (number) =>
      connected().request(options.pattern, {
        series: options.series,
        number: options.from + number,
        files: options.files,
      }),
    );
    const { user, system } = process.cpuUsage(before);
    return { ...result, cpuMs: (user + system) / 1000 };
  },
  /** Each worker has one transfer until its end, reads its task and writes its job at each interval. */
  follow: async ({ transfers, workers, intervalMs, forMs }: GoTracking) => {
    const end = performance.now() + forMs;
    const queue = [...transfers];
    let calls = 0;
    const worker = async (): Promise<void> => {
      let current = queue.shift();
      while (current !== undefined && performance.now() < end) {
        const status = await connected().task(current.taskId);
        await connected().writeJob(current.jobId, status === 'SUCCEEDED' ? '003' : '002');
        calls += 2;
        if (status === 'SUCCEEDED') current = queue.shift();
        else await delay(intervalMs);
      }
    };
    await Promise.all(Array.from({ length: workers }, worker));
    return { calls };
  },
};

function connected(): BareClient {
  if (client === undefined) throw new Error('The bare client has not been told where to call.');
  return client;
}

export type BareClientControls = typeof controls;

offer(controls, () => process.exit());
