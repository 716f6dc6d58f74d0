import 'reflect-metadata';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from './app.setup.js';
import { applicationFolder } from '../config/application-folder.js';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { ConfigurationError } from '../config/problem.js';
import { loadConfig } from '../config/load-config.js';
import { ProxyError } from '../errors/proxy-error.js';
import { openLog } from '../logging/open-log.js';
import { listen, listenForProbes } from './listen.js';
import { listeningUrl } from './listening-url.js';
import { reloadOnChange } from './reload/reload-on-change.js';
import { dataDirWarning } from '../data-folder/data-dir-mount.js';
import { knownSecrets } from '../secrets/known-secrets.js';
import { stopOnSignals } from './signals.js';
import { weakSecrets } from './weak-secrets.js';

/**
 * Starts the service and returns once it listens; it then runs until a signal stops it. If it can't
 * start, it reports the reason, stops what has started, and sets the exit code to 1.
 *
 * @param argv arguments after the program's name, such as `--config PATH`
 */
export async function serve(argv: readonly string[]): Promise<void> {
  const logger = await openLog(process.env);
  let app: NestExpressApplication | undefined;
  let stopReloading: (() => void) | undefined;
  const close = async (): Promise<void> => {
    stopReloading?.();
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
    for (const problem of weakSecrets(config.secrets)) logger.warn({ problem }, 'configuration');
    const lost = dataDirWarning(config.dataDir);
    if (lost !== undefined) logger.warn({ problem: lost }, 'data folder');
    app = await createApp(config, logger);
    stopReloading = reloadOnChange(app.get(ConfigSnapshots), input, text, logger);
    stopOnSignals({ close }, logger);
    await listen(app, { host: config.server.host, port: config.port });
    logger.info({ url: listeningUrl(app.getHttpServer().address()) }, 'listening');
    const admin = await listenForProbes(app, config.server);
    if (admin !== undefined) logger.info({ url: listeningUrl(admin) }, 'listening for probes');
  } catch (error) {
    if (error instanceof ConfigurationError) {
      process.stderr.write(`${knownSecrets.hide(error.message)}\n`);
    } else {
      const expected = error instanceof ProxyError;
      logger.fatal(expected ? { reason: error.message } : { err: error }, 'start failed');
    }
    process.exitCode = 1;
    // Otherwise what has started would keep the process alive.
    await close();
  }
}
