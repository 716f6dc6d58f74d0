import { basename, dirname } from 'node:path';

/**
 * The folder that holds `package.json`: the one above `dist/`, or above `src/` in tests. The build puts
 * this code somewhere below `dist/`.
 */
export function applicationFolder(): string {
  let folder = import.meta.dirname;
  while (!['dist', 'src'].includes(basename(folder)) && folder !== dirname(folder)) {
    folder = dirname(folder);
  }
  return dirname(folder);
}
