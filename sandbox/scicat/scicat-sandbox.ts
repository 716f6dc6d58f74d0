import {
  startEmulatorServer,
  type EmulatorServer,
  type EmulatorServerOptions,
} from '../http/emulator-server.js';
import { ScicatMachine, type ScicatMachineOptions } from './scicat-machine.js';

/** A SciCat of one's own, and the port it listens on. */
export interface ScicatSandboxOptions extends ScicatMachineOptions, EmulatorServerOptions {
  /** A machine that is there already; the machine options are ignored then. */
  readonly machine?: ScicatMachine;
}

/** A running SciCat. */
export interface ScicatSandbox extends EmulatorServer {
  readonly machine: ScicatMachine;
  /** Makes a token by the sandbox's clock. */
  readonly mintToken: (
    username: string,
    options?: { readonly expiresInSeconds?: number },
  ) => string;
}

/** Starts a SciCat sandbox on a port of this machine. */
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
