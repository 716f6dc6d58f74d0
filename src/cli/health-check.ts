import 'reflect-metadata';
import { applicationFolder } from '../application-folder.js';
import { errorsAmong } from '../config/problem.js';
import { readConfig } from '../config/load-config.js';
import { livenessUrl } from './liveness-url.js';

/** A container engine gives up after 5 s in the image; this must be able to say why before. */
const TIMEOUT_MS = 4_000;

// For container engines: ends with 0 if the service that reads the same configuration lives. Other
// services are not asked, since an engine may restart what it takes for unhealthy, and a restart
// mends no outage of SciCat.
const { config, problems } = readConfig({
  argv: process.argv.slice(2),
  env: process.env,
  platform: process.platform,
  applicationFolder: applicationFolder(),
  workingFolder: process.cwd(),
});
if (config === undefined) {
  console.error(`The configuration has ${errorsAmong(problems).length} errors, see the log.`);
  process.exitCode = 1;
} else {
  const url = livenessUrl(config);
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await answer.body?.cancel();
    if (!answer.ok) {
      console.error(`${url} answers ${answer.status}.`);
      process.exitCode = 1;
    }
  } catch (error) {
    console.error(`${url} does not answer: ${String(error)}`);
    process.exitCode = 1;
  }
}
