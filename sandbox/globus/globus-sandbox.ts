import { startEmulatorServer, type EmulatorServer } from '../http/emulator-server.js';
import type { FaultPlan } from '../http/fault-plan.js';
import { GlobusMachine, type GlobusMachineOptions } from './globus-machine.js';
import { LocalFileSystem } from './local-file-system.js';

/** What a served Globus is started with. */
export interface GlobusSandboxOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** @default 0, a free one */
  readonly port?: number;
  readonly faults?: FaultPlan;
  /** Wall clock in milliseconds since the epoch. @default the machine's */
  readonly clock?: () => number;
  /** @default Math.random; a seeded one makes every id repeatable */
  readonly random?: () => number;
  readonly limits?: GlobusMachineOptions['limits'];
  readonly life?: GlobusMachineOptions['life'];
  /** An emulated Globus to serve instead of a new one; `limits` and `life` are then its own. */
  readonly machine?: GlobusMachine;
}

/** A running Globus: Auth and Transfer on one origin. */
export interface GlobusSandbox {
  /** Without a trailing slash. */
  readonly url: string;
  /** What stands for `https://auth.globus.org`. */
  readonly authUrl: string;
  /** What stands for `https://transfer.api.globus.org/v0.10`. */
  readonly transferUrl: string;
  readonly port: number;
  readonly machine: GlobusMachine;
  readonly faults: EmulatorServer['faults'];
  readonly requests: EmulatorServer['requests'];
  /** Stops copying and frees the port. May be called twice. */
  close(): Promise<void>;
}

/**
 * Serves an emulated Globus on a real port and keeps its tasks going by themselves.
 *
 * @throws the listening error, e.g. `EADDRINUSE`
 */
export async function startGlobusSandbox(
  options: GlobusSandboxOptions = {},
): Promise<GlobusSandbox> {
  const clock = options.clock ?? Date.now;
  const random = options.random ?? Math.random;
  const machine =
    options.machine ??
    new GlobusMachine({
      random,
      files: new LocalFileSystem(),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      ...(options.life === undefined ? {} : { life: options.life }),
    });
  const server = await startEmulatorServer(machine, {
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    clock,
    random,
    ...(options.faults === undefined ? {} : { faults: options.faults }),
  });
  const timer = setInterval(
    () => {
      machine.advance(clock());
    },
    Math.max(1, machine.life.stepMs),
  );
  return {
    url: server.url,
    authUrl: server.url,
    transferUrl: `${server.url}/v0.10`,
    port: server.port,
    machine,
    faults: server.faults,
    requests: server.requests,
    close: async () => {
      clearInterval(timer);
      await server.close();
    },
  };
}
