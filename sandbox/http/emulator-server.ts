import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { EmulatedResponse, Emulator } from './emulator.js';
import { controlFaults, FAULT_CONTROL_PATH } from './fault-control.js';
import { carryOut, FaultPlan } from './fault-plan.js';

export interface EmulatorServerOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** @default 0, a free one */
  readonly port?: number;
  /** Rules can be added while the server runs. @default none */
  readonly faults?: FaultPlan;
  /** Milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
  /** For faults with a probability. @default Math.random */
  readonly random?: () => number;
  /** Until an idle connection is closed. @default 5000, as in SciCat */
  readonly keepAliveTimeoutMs?: number;
  /** Number of recent requests to keep. @default 10000 */
  readonly maxLoggedRequests?: number;
}

/** A received request, without query, headers and body, which may contain secrets. */
interface LoggedRequest {
  readonly method: string;
  /** Percent-encoded, without query. */
  readonly path: string;
  /** When it arrived, in milliseconds since the epoch. */
  readonly at: number;
  /** `null` until it is answered; stays `null` if the connection is destroyed. */
  readonly status: number | null;
}

export interface EmulatorServer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly faults: FaultPlan;
  /** Oldest first, without requests for the fault control. */
  readonly requests: readonly LoggedRequest[];
  /** Closes the port and all connections, including open requests. Idempotent. */
  close(): Promise<void>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Serves an emulator on a real port, with faults that can be changed at `/__sandbox/faults` (see
 * {@link controlFaults}).
 *
 * @throws the error of `listen`, such as `EADDRINUSE`
 */
export async function startEmulatorServer(
  emulator: Emulator,
  options: EmulatorServerOptions = {},
): Promise<EmulatorServer> {
  const host = options.host ?? '127.0.0.1';
  const faults = options.faults ?? new FaultPlan();
  const clock = options.clock ?? Date.now;
  const random = options.random ?? Math.random;
  const maxLogged = options.maxLoggedRequests ?? 10_000;
  const requests: Mutable<LoggedRequest>[] = [];
  const closing = new AbortController();
  // Hundreds of waiting requests may listen to it.
  setMaxListeners(0, closing.signal);

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method, path, query } = targetOf(incoming);
    const body = await readBody(incoming);
    if (path === FAULT_CONTROL_PATH || path.startsWith(`${FAULT_CONTROL_PATH}/`)) {
      send(outgoing, controlFaults(faults, { method, path, body }));
      return;
    }
    const logged: Mutable<LoggedRequest> = { method, path, at: clock(), status: null };
    requests.push(logged);
    if (requests.length > maxLogged) requests.shift();

    const { latencyMs, effect } = faults.decide({ method, path }, random);
    await pause(latencyMs, closing.signal);
    const outcome = carryOut(effect, () =>
      emulator.handle({ method, path, query, headers: headersOf(incoming), body }, clock()),
    );
    switch (outcome.type) {
      case 'answer':
        await pause(outcome.response.delayMs ?? 0, closing.signal);
        logged.status = outcome.response.status;
        outgoing.setHeader('date', new Date(clock()).toUTCString());
        send(outgoing, outcome.response);
        return;
      case 'reset':
        incoming.socket.resetAndDestroy();
        return;
      case 'hang':
        return;
    }
  };

  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch((error: unknown) => {
      // No caller is left to answer.
      if (closing.signal.aborted || incoming.socket.destroyed) return;
      console.error('The emulator failed on', incoming.method, targetOf(incoming).path, error);
      if (!outgoing.headersSent) send(outgoing, { status: 500, body: 'Internal server error' });
    });
  });
  server.keepAliveTimeout = options.keepAliveTimeoutMs ?? 5_000;

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    faults,
    requests,
    close: async () => {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function targetOf(incoming: IncomingMessage): {
  method: string;
  path: string;
  query: URLSearchParams;
} {
  const target = incoming.url ?? '/';
  const mark = target.indexOf('?');
  return {
    method: incoming.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
  };
}

function headersOf(incoming: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const zipped = incoming.headers['content-encoding'] === 'gzip';
  const chunks: Buffer[] = [];
  // Decoded as it arrives, to avoid a long pause at the end of a long body.
  const decoder = new StringDecoder('utf8');
  let text = '';
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    if (zipped) chunks.push(chunk);
    else text += decoder.write(chunk);
  }
  return chunks.length > 0
    ? gunzipSync(Buffer.concat(chunks)).toString('utf8')
    : text + decoder.end();
}

/** Waits longer than a timer supports (24 days, `Infinity` included) last until the server closes. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  await delay(Math.min(ms, 2 ** 31 - 1), undefined, { signal });
}

function send(outgoing: ServerResponse, response: EmulatedResponse): void {
  const ownType = Object.keys(response.headers ?? {}).some(
    (name) => name.toLowerCase() === 'content-type',
  );
  const payload =
    response.body === undefined
      ? ''
      : typeof response.body === 'string' && ownType
        ? response.body
        : JSON.stringify(response.body);
  outgoing.writeHead(response.status, {
    ...(payload === '' || ownType ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    'content-length': Buffer.byteLength(payload),
    ...response.headers,
  });
  outgoing.end(payload);
}
