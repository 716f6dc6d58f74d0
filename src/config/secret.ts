import { knownSecrets } from '../secrets/known-secrets.js';
import { HIDDEN } from '../secrets/secret-patterns.js';

/**
 * A string that no logger, `JSON.stringify`, template literal or `inspect` reveals by accident, and
 * that is removed from the log if an upstream quotes it.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    knownSecrets.keep(value);
  }

  /** The string itself. Call it where the secret is sent, and never store the result. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN;
  }
}
