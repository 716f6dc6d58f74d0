import { type DestinationStream, pino } from 'pino';
import { createLogger, LOG_LEVELS, type Logger } from './logger.js';

/** Formats of the log: a JSON object a line, or lines for people. */
const LOG_FORMATS = ['json', 'pretty'] as const;

/**
 * The log as `LOG_LEVEL` and `LOG_FORMAT` say. An unknown value is reported in the log, and the default
 * taken.
 *
 * @param destination where the lines go
 * @default standard output
 */
export async function openLog(
  env: Readonly<Record<string, string | undefined>>,
  destination?: DestinationStream,
): Promise<Logger> {
  const problems: string[] = [];
  const choice = <T extends string>(name: string, known: readonly T[], standard: T): T => {
    const given = env[name]?.trim() ?? '';
    const value = known.find((one) => one === given.toLowerCase());
    if (value === undefined && given !== '') {
      problems.push(
        `${name} is "${given}", which is none of ${known.join(', ')}; ${standard} is used.`,
      );
    }
    return value ?? standard;
  };
  const level = choice('LOG_LEVEL', LOG_LEVELS, 'info');
  const format = choice('LOG_FORMAT', LOG_FORMATS, 'json');
  const lines = format === 'pretty' ? await prettyLines(destination) : destination;
  const logger = createLogger(level, lines);
  for (const problem of problems) logger.warn({ problem }, 'logging');
  return logger;
}

/** Loaded on demand: not needed where a machine reads the log. */
async function prettyLines(
  destination: DestinationStream = pino.destination({ dest: 1, sync: true }),
): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty');
  // Has colours on a terminal only.
  const pretty = prettyFactory({ singleLine: true });
  // Written at once rather than through a stream, so that the last line before an exit is not lost.
  return {
    write: (line) => {
      destination.write(pretty(line));
    },
  };
}
