import { parseYamlSource } from '../config/yaml-source.js';
import type { Places } from './places.js';

/** Where settings stand in the text of a configuration file. */
export function yamlPlaces(text: string, file: string): Places {
  // Spelled as they are: a key with another capital is found by what is around it.
  const source = parseYamlSource(text, file, (_parent, key) => key);
  return {
    of: (path) => {
      const line = source.positionOf(path)?.line;
      return line === undefined ? `${path} in ${file}` : `${path} (${file}:${line})`;
    },
    isSet: (path) => valueAt(source.value, path) !== undefined,
  };
}

/** @param path names and indices, e.g. `facilities[0].scopes` */
function valueAt(value: unknown, path: string): unknown {
  return path
    .split(/[.[\]]+/)
    .filter((key) => key !== '')
    .reduce<unknown>(
      (at, key) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, key)
          ? (at as Readonly<Record<string, unknown>>)[key]
          : undefined,
      value,
    );
}
