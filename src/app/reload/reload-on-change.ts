import type { AppConfig } from '../../config/app-config.js';
import type { ConfigSnapshots } from '../../config/config-snapshots.js';
import { type ConfigOptions, readConfig } from '../../config/load-config.js';
import type { Logger } from '../../logging/logger.js';
import { ConfigReload } from './config-reload.js';
import { ConfigWatch, localFileEvents } from './config-watch.js';
import { SystemClock } from '../../time/system-clock.js';

/**
 * Takes over a changed configuration on SIGHUP (not on Windows, which has none) and, while `watch` is
 * set in the one in force, when the file changes.
 *
 * @param input what the configuration was read from at start; the file found then is the one that is
 * read again, wherever a search would lead now
 * @param text of that file at start
 * @returns what ends it
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
    events: localFileEvents(),
    clock: new SystemClock(),
    onSettled: () => {
      reload.reload('file changed');
    },
  });
  const follow = ({ watch: on }: AppConfig): void => {
    watch.set(on);
  };
  follow(snapshots.current());
  const unfollow = snapshots.onReplaced(follow);

  let ended = false;
  if (process.platform !== 'win32') {
    // Stays for good: without a listener SIGHUP would end the process while it stops.
    process.on('SIGHUP', () => {
      if (!ended) reload.reload('SIGHUP');
    });
  }
  return () => {
    ended = true;
    unfollow();
    watch.set(false);
  };
}
