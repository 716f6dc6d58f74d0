import { errorsAmong, formatProblem } from '../config/problem.js';
import type { ConfigReading } from '../config/load-config.js';
import { broken, type Check, ok } from './check.js';

/** Whether the service would start with the configuration that was read. */
export function configurationCheck(reading: ConfigReading): Check {
  const { file, problems, config } = reading;
  const errors = errorsAmong(problems);
  return {
    check: 'configuration',
    subject: file ?? 'no file',
    needs: [],
    run: () =>
      Promise.resolve(
        config === undefined
          ? broken(
              [`The service would not start with it:`, ...errors.map(formatProblem)].join('\n'),
              'Correct these places; docs/configuration.md explains each setting.',
            )
          : ok(
              `Read and checked: ${counted(config.facilities.length, 'facility', 'facilities')}, ${counted(problems.length, 'warning', 'warnings')}.`,
            ),
      ),
  };
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
