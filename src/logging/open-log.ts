import { type DestinationStream, pino } from 'pino';
import { createLogger, LOG_LEVELS, type Logger } from './logger.js';

/** How the log may be written: a JSON object a line, or lines for people. */
export const LOG_FORMATS = ['json', 'pretty'] as const;

/**
 * The log as `LOG_LEVEL` and `LOG_FORMAT` want it. A value that is none of the known ones is said in
 * the log, and the default taken.
 *
 * @param destination where the lines go
 * @default standard output
 */
export async function openLog(
  env: Readonly<Record<string, string | undefined>>,
  destination?: DestinationStream,
): Promise<Logger> {
  const level = choice(env, 'LOG_LEVEL', LOG_LEVELS, 'info');
  const format = choice(env, 'LOG_FORMAT', LOG_FORMATS, 'json');
  const logger = createLogger(
    level.value,
    format.value === 'pretty' ? await prettyLines(destination) : destination,
  );
  for (const { problem } of [level, format]) {
    if (problem !== undefined) logger.warn({ problem }, 'logging');
  }
  return logger;
}

interface Choice<T> {
  readonly value: T;
  readonly problem: string | undefined;
}

function choice<T extends string>(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  known: readonly T[],
  otherwise: T,
): Choice<T> {
  const given = env[name]?.trim() ?? '';
  if (given === '') return { value: otherwise, problem: undefined };
  const value = known.find((one) => one === given.toLowerCase());
  if (value !== undefined) return { value, problem: undefined };
  return {
    value: otherwise,
    problem: `${name} is "${given}", which is none of ${known.join(', ')}; ${otherwise} is used.`,
  };
}

/** Loaded only when it is asked for: nobody needs it where a machine reads the log. */
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
