import type { AppConfig } from '../config/app-config.js';
import type { ConfigReading } from '../config/load-config.js';
import { errorsAmong, formatProblem } from '../config/problem.js';
import { broken, type Check, type DoctorDeps, ok } from './check.js';
import { dataFolderChecks } from './data-folder-checks.js';
import { globusChecks } from './globus-checks.js';
import { scicatChecks } from './scicat-checks.js';
import { webProxyChecks } from './web-proxy-check.js';

/** The checks to run when there is no usable configuration. */
export function checksWithoutConfig(reading: ConfigReading): readonly Check[] {
  const configuration = configurationCheck(reading);
  const rest: Check = {
    check: 'everything-else',
    subject: 'SciCat, Globus, data folder',
    needs: [configuration],
    run: () => Promise.resolve(ok('')),
  };
  return [configuration, rest];
}

/** All checks, in order. */
export function allChecks(
  reading: ConfigReading,
  config: AppConfig,
  deps: DoctorDeps,
): readonly Check[] {
  return [
    configurationCheck(reading),
    ...webProxyChecks(config),
    ...scicatChecks(config, deps),
    ...globusChecks(config, deps),
    ...dataFolderChecks(config.dataDir, deps),
  ];
}

/** Whether the service would start with this configuration. */
function configurationCheck({ file, problems, config }: ConfigReading): Check {
  const verdict =
    config === undefined
      ? broken(
          `The service would not start with this configuration:\n${errorsAmong(problems).map(formatProblem).join('\n')}`,
          'Correct these settings; docs/configuration.md explains each of them.',
        )
      : ok(
          `Valid: ${counted(config.facilities.length, 'facility', 'facilities')}, ${counted(problems.length, 'warning', 'warnings')}.`,
        );
  return {
    check: 'configuration',
    subject: file ?? 'no file',
    needs: [],
    run: () => Promise.resolve(verdict),
  };
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
