import { parseYamlSource } from '../config/yaml-source.js';

/** Where settings are in the configuration file, for advice that names the line to change. */
export interface SettingLocations {
  /**
   * @param path e.g. `facilities[0].scopes`
   * @returns e.g. `facilities[0].scopes (/etc/proxy.yaml:14)`
   */
  of(path: string): string;
  /** Whether the file sets it; otherwise the default applies. */
  isSet(path: string): boolean;
}

/** @param text of the configuration file */
export function yamlLocations(text: string, file: string): SettingLocations {
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
