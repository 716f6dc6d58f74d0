import { join } from 'node:path';
import type { ProgramContext } from './run-program.js';
import { startProxy, type ProxyProcess } from './proxy-process.js';
import type { World } from './world.js';

export interface ProxyInWorld extends ProxyProcess {
  readonly logFile: string;
}

/**
 * Starts the proxy with a world's configuration; it is stopped before the world.
 *
 * @param port @default a free one
 */
export async function startProxyIn(
  world: World,
  { cleanUp, signal }: ProgramContext,
  port?: number,
): Promise<ProxyInWorld> {
  const logFile = join(world.folder, 'proxy.log');
  const proxy = await startProxy({
    cleanUp,
    writeConfig: (free) => world.writeConfig(free),
    environment: { ...world.secrets, LOG_LEVEL: 'info' },
    logFile,
    signal,
    ...(port === undefined ? {} : { port }),
  });
  return { ...proxy, logFile };
}
