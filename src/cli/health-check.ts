import 'reflect-metadata';
import { applicationFolder } from '../config/application-folder.js';
import { loadConfig } from '../config/load-config.js';
import { livenessUrl } from './liveness-url.js';

/** A container engine gives up after 5 s in the image; this must be able to say why before. */
const TIMEOUT_MS = 4_000;

// For container engines: ends with 0 if the service that reads the same configuration lives. Other
// services are not asked, since an engine may restart what it takes for unhealthy, and a restart
// mends no outage of SciCat.
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
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}.`);
} catch (error) {
  const why = error instanceof Error ? (error.cause ?? error) : error;
  console.error(why instanceof Error ? why.message : String(why));
  process.exitCode = 1;
}
