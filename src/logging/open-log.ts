import { type DestinationStream, pino } from 'pino';
import { createLogger, LOG_LEVELS, type Logger } from './logger.js';

const LOG_FORMATS = ['json', 'pretty'] as const;

/**
 * Opens the log according to `LOG_LEVEL` and `LOG_FORMAT`. An unknown value is logged, and the default
 * used instead.
 *
 * @param destination standard output if absent
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
        `${name} is "${given}", which is not one of ${known.join(', ')}; using ${standard}.`,
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

/** Loads pino-pretty only if needed. */
async function prettyLines(
  destination: DestinationStream = pino.destination({ dest: 1, sync: true }),
): Promise<DestinationStream> {
  // In a bundle, what is imported later and is no module has nothing but a default.
  const { default: library } = await import('pino-pretty');
  // Uses colors on terminals only.
  const pretty = library.prettyFactory({ singleLine: true });
  // Written synchronously, so that the last line before an exit is not lost.
  return { write: (line) => destination.write(pretty(line)) };
}
