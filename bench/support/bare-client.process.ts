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

let client: BareClient | undefined;

const controls = {
  access: (access: BareAccess) => {
    client?.close();
    client = new BareClient(access);
  },
  run: async (wish: BareLoad): Promise<BareResult> => {
    const before = process.cpuUsage();
    const result = await load(wish.count, wish.concurrency, (number) =>
      connected().request(wish.pattern, {
        series: wish.series,
        number: wish.from + number,
        files: wish.files,
      }),
    );
    const { user, system } = process.cpuUsage(before);
    return { ...result, cpuMs: (user + system) / 1000 };
  },
};

function connected(): BareClient {
  if (client === undefined) throw new Error('The bare client has not been told where to call.');
  return client;
}

export type BareClientControls = typeof controls;

offer(controls, () => process.exit());
