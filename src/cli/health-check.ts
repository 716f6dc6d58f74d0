import 'reflect-metadata';
import { applicationFolder } from '../config/application-folder.js';
import { loadConfig } from '../config/load-config.js';
import { livenessUrl } from './common/command-config.js';

/** Below the 5 s of the image's HEALTHCHECK, so that there is time to print why. */
const TIMEOUT_MS = 4_000;

// For container engines: exits with 0 if the service with the same configuration is alive. Does not
// check SciCat and Globus: an engine may restart an unhealthy container, which would not
// end their outage.
try {
  const { config } = loadConfig({
    argv: process.argv.slice(2),
    env: process.env,
    platform: process.platform,
    applicationFolder: applicationFolder(),
    workingFolder: process.cwd(),
  });
  const url = livenessUrl(config);
  const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`${url} returned status ${answer.status}.`);
} catch (error) {
  const why = error instanceof Error ? (error.cause ?? error) : error;
  console.error(why instanceof Error ? why.message : String(why));
  process.exitCode = 1;
}
