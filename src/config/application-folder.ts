import { resolve } from 'node:path';

/** The folder that holds `package.json`: the one above `dist/`, or above `src/` in tests. */
export function applicationFolder(): string {
  return resolve(import.meta.dirname, '..', '..');
}
