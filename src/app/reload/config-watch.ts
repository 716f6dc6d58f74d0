import { unwatchFile, watchFile } from 'node:fs';
import type { Clock } from '../../ports/clock.port.js';

/** Calls back after each change, removal and return of a file. @returns a function that stops it */
export type WatchFile = (path: string, onChange: () => void) => () => void;

/**
 * How long a file must be quiet before it is read; longer than the poll interval, so that a file
 * written in pieces is seen to change again first.
 */
const SETTLED_AFTER_MS = 1500;

/**
 * Local files, polled every second. Notifications of the operating system never come for network
 * shares, for single files mounted into a container, and for the links that Kubernetes swaps when a
 * ConfigMap changes.
 */
export function watchLocalFile(pollIntervalMs = 1000): WatchFile {
  return (path, onChange) => {
    const listener = (): void => onChange();
    watchFile(path, { interval: pollIntervalMs, persistent: false }, listener);
    return () => unwatchFile(path, listener);
  };
}

/** Collaborators of {@link ConfigWatch}. */
export interface ConfigWatchDeps {
  readonly file: string;
  readonly watchFile: WatchFile;
  readonly clock: Clock;
  /** Called when the file may have changed and is quiet again; also once after switching on. */
  readonly onSettled: () => void;
}

/** Watches one file while switched on, and reports a burst of changes once. */
export class ConfigWatch {
  private unwatch: (() => void) | undefined;
  private settling: AbortController | undefined;

  constructor(private readonly deps: ConfigWatchDeps) {}

  /** Switches watching on or off. */
  set(on: boolean): void {
    if (on) {
      if (this.unwatch !== undefined) return;
      this.unwatch = this.deps.watchFile(this.deps.file, () => this.changed());
      this.changed();
      return;
    }
    this.unwatch?.();
    this.unwatch = undefined;
    this.settling?.abort(new Error('The configuration file is no longer watched.'));
  }

  private changed(): void {
    this.settling?.abort(new Error('The configuration file has changed again.'));
    const settling = new AbortController();
    this.settling = settling;
    this.deps.clock.sleep(SETTLED_AFTER_MS, settling.signal).then(
      () => this.deps.onSettled(),
      () => undefined,
    );
  }
}
