import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import type { ConfigReading } from '../../config/load-config.js';
import { errorsAmong } from '../../config/problem.js';
import { applyReload } from '../../config/apply-reload.js';
import type { Logger } from '../../logging/logger.js';

/** Why the configuration is read again. */
export type ReloadCause = 'SIGHUP' | 'file changed';

/** What {@link ConfigReload} works with. */
export interface ConfigReloadDeps {
  readonly snapshots: ConfigSnapshots;
  /** Reads and checks the configuration anew, from the file that it was read from at start. */
  readonly read: () => ConfigReading;
  /** The file's text as it was read at start. */
  readonly text: string;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/**
 * Takes over a changed configuration for whatever is asked for from now on, or refuses it as a whole
 * and keeps the old one. What can only change with a restart is named, and keeps its old value.
 */
export class ConfigReload {
  /** Of the last reading; undefined if the file could not be read. */
  private text: string | undefined;

  constructor(private readonly parts: ConfigReloadDeps) {
    this.text = parts.text;
  }

  /**
   * Reads the configuration again. Never throws: a service that runs is not ended by its file. A
   * file that was touched, but says what it said the last time, is passed over; a signal never is,
   * since whoever sends one wants an answer.
   */
  reload(cause: ReloadCause): void {
    const { snapshots, logger } = this.parts;
    const current = snapshots.current();
    const { file } = current.source;
    let reading: ConfigReading;
    try {
      reading = this.parts.read();
    } catch (error) {
      logger.error({ cause, file, err: error }, REFUSED);
      return;
    }
    if (cause === 'file changed' && reading.text === this.text) return;
    this.text = reading.text;
    for (const problem of reading.problems) {
      logger[problem.severity === 'error' ? 'error' : 'warn']({ problem }, 'configuration');
    }
    if (reading.config === undefined) {
      logger.error({ cause, file, errors: errorsAmong(reading.problems).length }, REFUSED);
      return;
    }
    const { config, changed, needRestart } = applyReload(current, reading.config);
    for (const setting of needRestart) logger.warn({ setting }, NEEDS_RESTART);
    snapshots.replace(config);
    if (changed.length === 0) logger.info({ cause, file }, 'nothing in the configuration changes');
    else logger.info({ cause, file, changed }, 'the changed configuration is in force');
  }
}

const REFUSED = "the configuration can't be used; the one before stays in force";
const NEEDS_RESTART = 'a changed setting needs a restart; until then its old value stays in force';
