import type { AppConfig } from '../../config/app-config.js';
import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import { type ConfigOptions, readConfig } from '../../config/load-config.js';
import type { Logger } from '../../logging/logger.js';
import { ConfigReload } from './config-reload.js';
import { ConfigWatch, watchLocalFile } from './config-watch.js';
import { SystemClock } from '../../time/system-clock.js';

/**
 * Reloads the configuration on SIGHUP (not on Windows) and, while the current one has `watch: true`,
 * when the file changes.
 *
 * @param input of the load at start; the file found then is read again, without a new search
 * @param text content of that file at start
 * @returns a function that stops reloading
 */
export function reloadOnChange(
  snapshots: ConfigSnapshots,
  input: ConfigOptions,
  text: string,
  logger: Logger,
): () => void {
  const { file } = snapshots.current().source;
  const reload = new ConfigReload({
    snapshots,
    read: () => readConfig({ ...input, file }),
    text,
    logger,
  });
  const watch = new ConfigWatch({
    file,
    watchFile: watchLocalFile(),
    clock: new SystemClock(),
    onSettled: () => reload.reload('file changed'),
  });
  const follow = ({ watch: on }: AppConfig): void => watch.set(on);
  follow(snapshots.current());
  const unfollow = snapshots.onReplaced(follow);

  let stopped = false;
  if (process.platform !== 'win32') {
    // Never removed: without a listener SIGHUP would kill the process while it stops.
    process.on('SIGHUP', () => {
      if (!stopped) reload.reload('SIGHUP');
    });
  }
  return () => {
    stopped = true;
    unfollow();
    watch.set(false);
  };
}
