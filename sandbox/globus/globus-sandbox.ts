import {
  startEmulatorServer,
  type EmulatorServer,
  type EmulatorServerOptions,
} from '../http/emulator-server.js';
import { GlobusMachine, type GlobusMachineOptions } from './globus-machine.js';
import { LocalFileSystem } from './local-file-system.js';

export interface GlobusSandboxOptions
  extends EmulatorServerOptions, Pick<GlobusMachineOptions, 'limits' | 'life'> {
  /** An existing machine; the machine options are ignored then. */
  readonly machine?: GlobusMachine;
}

/** Globus Auth and Transfer on one origin. */
export interface GlobusSandbox extends EmulatorServer {
  /** In place of `https://auth.globus.org`. */
  readonly authUrl: string;
  /** In place of `https://transfer.api.globus.org/v0.10`. */
  readonly transferUrl: string;
  readonly machine: GlobusMachine;
}

/**
 * Serves an emulated Globus on a real port, with tasks that progress by themselves.
 *
 * @throws the error of `listen`, such as `EADDRINUSE`
 */
export async function startGlobusSandbox(
  options: GlobusSandboxOptions = {},
): Promise<GlobusSandbox> {
  const { clock = Date.now, random = Math.random } = options;
  const machine =
    options.machine ?? new GlobusMachine({ files: new LocalFileSystem(), ...options, random });
  const server = await startEmulatorServer(machine, options);
  const timer = setInterval(() => machine.advance(clock()), Math.max(1, machine.life.stepMs));
  return {
    ...server,
    authUrl: server.url,
    transferUrl: `${server.url}/v0.10`,
    machine,
    close: async () => {
      clearInterval(timer);
      await server.close();
    },
  };
}
