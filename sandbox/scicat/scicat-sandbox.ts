import {
  startEmulatorServer,
  type EmulatorServer,
  type EmulatorServerOptions,
} from '../http/emulator-server.js';
import { ScicatMachine, type ScicatMachineOptions } from './scicat-machine.js';

export interface ScicatSandboxOptions extends ScicatMachineOptions, EmulatorServerOptions {
  /** An existing machine; the machine options are ignored then. */
  readonly machine?: ScicatMachine;
}

export interface ScicatSandbox extends EmulatorServer {
  readonly machine: ScicatMachine;
  /** Issues a token by the sandbox's clock. */
  readonly mintToken: (
    username: string,
    options?: { readonly expiresInSeconds?: number },
  ) => string;
}

export async function startScicatSandbox(
  options: ScicatSandboxOptions = {},
): Promise<ScicatSandbox> {
  const machine = options.machine ?? new ScicatMachine(options);
  const clock = options.clock ?? Date.now;
  const server = await startEmulatorServer(machine, options);
  return {
    ...server,
    machine,
    mintToken: (username, token = {}) => machine.mintToken(username, { now: clock(), ...token }),
  };
}
