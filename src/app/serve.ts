import 'reflect-metadata';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from './app.setup.js';
import { applicationFolder } from '../config/application-folder.js';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { ConfigurationError } from '../config/problem.js';
import { loadConfig } from '../config/load-config.js';
import { ProxyError } from '../errors/proxy-error.js';
import { openLog } from '../logging/open-log.js';
import { reloadOnChange } from './reload/reload-on-change.js';
import { dataDirWarning } from '../data-folder/data-dir-mount.js';
import { stopOnSignals } from './signals.js';

const COULD_NOT_START = 'start failed';

/**
 * Starts the service and returns once it listens; it then runs until a signal stops it. When it
 * can't start, the reason is told, whatever has begun is ended, and the exit code is 1.
 *
 * @param argv arguments after the program's name; `--config PATH` is one
 */
export async function serve(argv: readonly string[]): Promise<void> {
  const logger = await openLog(process.env);
  let app: NestExpressApplication | undefined;
  let endReloading: (() => void) | undefined;
  const close = async (): Promise<void> => {
    endReloading?.();
    await app?.close();
  };
  try {
    const input = {
      argv,
      env: process.env,
      platform: process.platform,
      applicationFolder: applicationFolder(),
      workingFolder: process.cwd(),
    };
    const { config, text, warnings } = loadConfig(input);
    for (const warning of warnings) logger.warn({ problem: warning }, 'configuration');
    const lost = dataDirWarning(config.dataDir);
    if (lost !== undefined) logger.warn({ problem: lost }, 'data folder');
    app = await createApp(config, logger);
    endReloading = reloadOnChange(app.get(ConfigSnapshots), input, text, logger);
    stopOnSignals({ close }, logger);
    await app.listen(config.port, config.server.host);
    logger.info({ url: await app.getUrl() }, 'listening');
  } catch (error) {
    if (error instanceof ConfigurationError) process.stderr.write(`${error.message}\n`);
    else if (error instanceof ProxyError) logger.fatal({ reason: error.message }, COULD_NOT_START);
    else logger.fatal({ err: error }, COULD_NOT_START);
    process.exitCode = 1;
    // What has begun must end, or the process would stay without listening.
    await close();
  }
}
