import { setTimeout as delay } from 'node:timers/promises';
import { fileListBody } from './file-lists.js';
import { ProxyClient } from './proxy-client.js';

/** How an honest user fared. */
export interface HonestResult {
  readonly latenciesMs: readonly number[];
  /** What was not answered with 200, or not in time. */
  readonly errors: readonly string[];
}

/** Datasets of the honest user. */
export const HONEST = { series: 'honest', count: 2_000 } as const;

const LIST = fileListBody(100);
const PAUSE_MS = 20;
/** Longer than anybody waits. Then it counts as an error. */
const ANSWER_WITHIN_MS = 30_000;

/**
 * Sends one request at a time until it is told to stop: a transfer of a folder, a look at it, and one
 * of a list of files, each time on a new connection.
 */
export class HonestUser {
  private readonly latenciesMs: number[] = [];
  private readonly errors: string[] = [];
  private readonly stopping = new AbortController();
  private readonly done: Promise<void>;

  constructor(
    private readonly url: string,
    private readonly token: string,
    from: number,
  ) {
    this.done = this.work(from);
  }

  async stop(): Promise<HonestResult> {
    this.stopping.abort();
    await this.done;
    return { latenciesMs: this.latenciesMs, errors: this.errors };
  }

  private async work(from: number): Promise<void> {
    for (let number = from; !this.stopping.signal.aborted; number += 2) {
      const client = new ProxyClient(this.url, this.token);
      const accepted = await this.timed(client.post(HONEST.series, number));
      if (accepted !== undefined) await this.timed(client.get(accepted.jobId));
      await this.timed(client.post(HONEST.series, number + 1, LIST));
      client.close();
    }
  }

  private async timed<T>(call: Promise<T>): Promise<T | undefined> {
    const began = performance.now();
    const patience = new AbortController();
    try {
      return await Promise.race([
        call,
        delay(ANSWER_WITHIN_MS, undefined, { signal: patience.signal }).then(() => {
          throw new Error(`No answer within ${ANSWER_WITHIN_MS / 1000} s.`);
        }),
      ]);
    } catch (error) {
      this.errors.push(String(error));
      return undefined;
    } finally {
      patience.abort();
      this.latenciesMs.push(performance.now() - began);
      await delay(PAUSE_MS);
    }
  }
}
