import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import type { ConfigReading } from '../../config/load-config.js';
import { errorsAmong } from '../../config/problem.js';
import { applyReload } from '../../config/apply-reload.js';
import type { Logger } from '../../logging/logger.js';

/** Why the configuration is reloaded. */
export type ReloadCause = 'SIGHUP' | 'file changed';

/** Collaborators of {@link ConfigReload}. */
export interface ConfigReloadDeps {
  readonly snapshots: ConfigSnapshots;
  /** Reads and checks the file of the start again. */
  readonly read: () => ConfigReading;
  /** The file's content at start. */
  readonly text: string;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/**
 * Puts a changed configuration into effect for new requests, or rejects it as a whole and keeps the
 * previous one. Settings that need a restart are logged and keep their values.
 */
export class ConfigReload {
  /** The file's last content; undefined if it could not be read. */
  private text: string | undefined;

  constructor(private readonly deps: ConfigReloadDeps) {
    this.text = deps.text;
  }

  /**
   * Reloads the configuration. Never throws, because a bad file must not end a running service.
   * Ignores a touched file with unchanged content, but never a signal: its sender expects an answer.
   */
  reload(cause: ReloadCause): void {
    const { snapshots, logger } = this.deps;
    const current = snapshots.current();
    const { file } = current.source;
    let reading: ConfigReading;
    try {
      reading = this.deps.read();
    } catch (error) {
      logger.error({ cause, file, err: error }, REJECTED);
      return;
    }
    if (cause === 'file changed' && reading.text === this.text) return;
    this.text = reading.text;
    for (const problem of reading.problems) {
      logger[problem.severity === 'error' ? 'error' : 'warn']({ problem }, 'configuration');
    }
    if (reading.config === undefined) {
      logger.error({ cause, file, errors: errorsAmong(reading.problems).length }, REJECTED);
      return;
    }
    const { config, changed, needRestart } = applyReload(current, reading.config);
    for (const setting of needRestart) logger.warn({ setting }, NEEDS_RESTART);
    snapshots.replace(config);
    if (changed.length === 0)
      logger.info({ cause, file }, 'configuration reloaded without changes');
    else logger.info({ cause, file, changed }, 'configuration reloaded');
  }
}

const REJECTED = 'configuration rejected; the previous one stays in effect';
const NEEDS_RESTART = 'changed setting takes effect after a restart';
