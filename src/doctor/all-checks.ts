import type { AppConfig } from '../config/app-config.js';
import type { ConfigReading } from '../config/load-config.js';
import { errorsAmong, formatProblem } from '../config/problem.js';
import { broken, type Check, type DoctorDeps, ok, type Verdict } from './check.js';
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
    configurationCheck(reading, deps),
    ...webProxyChecks(config),
    ...scicatChecks(config, deps),
    ...globusChecks(config, deps),
    ...dataFolderChecks(config.dataDir, deps),
  ];
}

/** Whether the service would start with this configuration, on this machine. */
function configurationCheck(
  { file, problems, config }: ConfigReading,
  deps?: Pick<DoctorDeps, 'listen' | 'settings'>,
): Check {
  const valid = async ({ facilities, server, port }: AppConfig): Promise<Verdict> => {
    const obstacle = await deps?.listen({ host: server.host, port });
    return obstacle === undefined
      ? ok(
          `Valid: ${counted(facilities.length, 'facility', 'facilities')}, ${counted(problems.length, 'warning', 'warnings')}.`,
        )
      : broken(
          obstacle,
          `Correct ${deps?.settings.of('server.host')} or ${deps?.settings.of('port')}. If the service runs on another machine or in a container, run doctor there.`,
        );
  };
  return {
    check: 'configuration',
    subject: file ?? 'no file',
    needs: [],
    run: async () =>
      config === undefined
        ? broken(
            `The service would not start with this configuration:\n${errorsAmong(problems).map(formatProblem).join('\n')}`,
            'Correct these settings; docs/configuration.md explains each of them.',
          )
        : await valid(config),
  };
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
