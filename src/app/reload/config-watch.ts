import { unwatchFile, watchFile } from 'node:fs';
import type { Clock } from '../../ports/clock.port.js';

/** Tells when a file may have changed. */
export interface FileEvents {
  /**
   * Calls back after each change of what is at this path: written to, replaced, gone, back again.
   *
   * @returns what ends it
   */
  watch(path: string, onChange: () => void): () => void;
}

const LOOK_EVERY_MS = 1000;
/**
 * A file must be left alone for so long before it is read: longer than the time between two looks, so
 * that one which is written bit by bit is seen to change again first.
 */
const SETTLED_AFTER_MS = 1500;

/**
 * The files of this machine, looked at every second. Notifications of the system would come sooner,
 * but not at all for files on network shares, for single files mounted into a container, nor, without
 * knowing each link on the way, for the links that Kubernetes swaps when a ConfigMap changes.
 */
export function localFileEvents(lookEveryMs = LOOK_EVERY_MS): FileEvents {
  return {
    watch(path, onChange) {
      const listener = (): void => {
        onChange();
      };
      watchFile(path, { interval: lookEveryMs, persistent: false }, listener);
      return () => {
        unwatchFile(path, listener);
      };
    },
  };
}

/** What {@link ConfigWatch} works with. */
export interface ConfigWatchDeps {
  readonly file: string;
  readonly events: FileEvents;
  readonly clock: Clock;
  /**
   * Called when the file may have changed and was left alone since; also once after the beginning,
   * as it may have changed before.
   */
  readonly onSettled: () => void;
}

/** Watches one file while it is switched on, and calls once for all changes that come together. */
export class ConfigWatch {
  private unwatch: (() => void) | undefined;
  private settling: AbortController | undefined;

  constructor(private readonly parts: ConfigWatchDeps) {}

  /** Switches the watching on or off; nothing of it is left behind when it is off. */
  set(on: boolean): void {
    if (on) {
      if (this.unwatch !== undefined) return;
      this.unwatch = this.parts.events.watch(this.parts.file, () => {
        this.changed();
      });
      this.changed();
      return;
    }
    this.unwatch?.();
    this.unwatch = undefined;
    this.settling?.abort(new Error('The configuration file is not watched any more.'));
  }

  private changed(): void {
    this.settling?.abort(new Error('The configuration file has changed once more.'));
    const settling = new AbortController();
    this.settling = settling;
    this.parts.clock.sleep(SETTLED_AFTER_MS, settling.signal).then(
      () => {
        this.parts.onSettled();
      },
      () => undefined,
    );
  }
}
