import { parseYamlSource } from '../config/yaml-source.js';
import { field } from '../domain/untyped.js';

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

/** @param text content of the configuration file */
export function yamlLocations(text: string, file: string): SettingLocations {
  // Keys keep their spelling: one with other capitals is located by its surroundings.
  const source = parseYamlSource(text, file, (_parent, key) => key);
  return {
    of: (path) => {
      const line = source.positionOf(path)?.line;
      return line === undefined ? `${path} in ${file}` : `${path} (${file}:${line})`;
    },
    isSet: (path) => {
      const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
      return keys.reduce(field, source.value) !== undefined;
    },
  };
}
