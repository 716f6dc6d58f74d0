import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import type { AppConfig } from './app-config.js';

/** The one namespace under which the typed configuration is registered with `@nestjs/config`. */
export const CONFIG_NAMESPACE = 'scicatGlobusProxy';

/**
 * Holds the configuration in force. Code that handles a request takes {@link current} once and uses
 * that one object to the end, so that a reload in between can't mix two states.
 */
@Injectable()
export class ConfigSnapshots {
  #current: AppConfig;
  readonly #listeners = new Set<(config: AppConfig) => void>();

  constructor(@Inject(getConfigToken(CONFIG_NAMESPACE)) initial: AppConfig) {
    this.#current = initial;
  }

  /** The configuration in force now: one frozen object, never changed, only replaced. */
  current(): AppConfig {
    return this.#current;
  }

  /** Puts a newly checked configuration in force from now on. */
  replace(next: AppConfig): void {
    this.#current = next;
    for (const listener of this.#listeners) listener(next);
  }

  /**
   * Calls back after each {@link replace}, for what must be set up anew, such as a timer.
   *
   * @returns what ends it
   */
  onReplaced(listener: (config: AppConfig) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
