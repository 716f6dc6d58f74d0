import { Inject, Injectable } from '@nestjs/common';
import { getConfigToken } from '@nestjs/config';
import type { AppConfig } from './app-config.js';

/** Namespace of the configuration in `@nestjs/config`. */
export const CONFIG_NAMESPACE = 'scicatGlobusProxy';

/**
 * Holds the configuration in effect. Code that handles a request takes {@link current} once and keeps
 * that object to the end, so that a reload in between can't mix two configurations.
 */
@Injectable()
export class ConfigSnapshots {
  #current: AppConfig;
  readonly #listeners = new Set<(config: AppConfig) => void>();

  constructor(@Inject(getConfigToken(CONFIG_NAMESPACE)) initial: AppConfig) {
    this.#current = initial;
  }

  /** The configuration in effect: a frozen object that a reload replaces. */
  current(): AppConfig {
    return this.#current;
  }

  /** Puts a checked configuration into effect. */
  replace(next: AppConfig): void {
    this.#current = next;
    for (const listener of this.#listeners) listener(next);
  }

  /** Calls back after each {@link replace}. @returns a function that unsubscribes */
  onReplaced(listener: (config: AppConfig) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
