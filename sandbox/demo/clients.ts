import { reasonOf } from '../world/clean-up.js';
import type { Amount, ListedPath } from '../world/folder-entries.js';
import { isRecord, numberIn, textIn, type JsonRecord } from './json.js';

/** A transfer as the proxy reports it. */
export interface TransferStatus {
  readonly status: string;
  readonly message: string;
  /** Copied so far. */
  readonly bytes: number;
  readonly files: number;
  /** To copy. Bytes are 0 if unknown. */
  readonly total: Amount;
  readonly globusTaskId: string;
}

/** Long enough for a very long file list. */
const TIMEOUT_MS = 60_000;

/** Calls the proxy as the Ingestor does, with a scientist's token. */
export class ProxyClient {
  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  /** @returns the job's id */
  async request(
    query: Readonly<Record<'sourceFacility' | 'destFacility' | 'scicatPid', string>>,
    fileList: readonly ListedPath[],
  ): Promise<string> {
    const answer = await call(`${this.url}/transfer?${new URLSearchParams(query).toString()}`, {
      method: 'POST',
      headers: { 'SciCat-API-Key': this.token, 'Content-Type': 'application/json' },
      body: JSON.stringify({ fileList }),
      signal: this.signal,
    });
    return textIn(answer, 'jobId');
  }

  async transfer(jobId: string): Promise<TransferStatus> {
    const answer = await call(`${this.url}/transfer/${encodeURIComponent(jobId)}`, {
      headers: { 'SciCat-API-Key': this.token },
      signal: this.signal,
    });
    return {
      status: textIn(answer, 'status'),
      message: textIn(answer, 'message'),
      bytes: numberIn(answer, 'bytesTransferred'),
      files: numberIn(answer, 'filesTransferred'),
      total: { files: numberIn(answer, 'filesTotal'), bytes: numberIn(answer, 'bytesTotal') },
      globusTaskId: textIn(answer, 'globusTaskId'),
    };
  }
}

/** Calls SciCat with a scientist's token. */
export class ScicatClient {
  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly signal: AbortSignal,
  ) {}

  async job(id: string): Promise<JsonRecord> {
    return recordOf(await this.get(`jobs/${encodeURIComponent(id)}`));
  }

  /** All jobs of a type that the scientist may see. */
  async jobs(type: string): Promise<readonly JsonRecord[]> {
    const filter = encodeURIComponent(JSON.stringify({ where: { type } }));
    const found = await this.get(`jobs?filter=${filter}`);
    return Array.isArray(found) ? found.map(recordOf) : [];
  }

  async dataset(pid: string): Promise<JsonRecord> {
    return recordOf(await this.get(`datasets/${encodeURIComponent(pid)}`));
  }

  private get(path: string): Promise<unknown> {
    return call(`${this.url}/api/v4/${path}`, {
      headers: { Authorization: `Bearer ${this.token}` },
      signal: this.signal,
    });
  }
}

function recordOf(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

/** @throws Error unless the answer is a 2xx */
async function call(url: string, init: RequestInit & { signal: AbortSignal }): Promise<unknown> {
  const where = `${init.method ?? 'GET'} ${url.split('?', 1)[0] ?? url}`;
  let status: number;
  let text: string;
  try {
    const signal = AbortSignal.any([init.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const response = await fetch(url, { ...init, signal });
    status = response.status;
    text = await response.text();
  } catch (error) {
    if (init.signal.aborted) throw init.signal.reason;
    throw new Error(`${where} failed: ${reasonOf(error)}.`, { cause: error });
  }
  const answer = parse(text);
  if (status >= 200 && status < 300) return answer;
  const message = textIn(answer, 'message');
  throw new Error(`${where} returned ${status}: ${message === '' ? text : message}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
