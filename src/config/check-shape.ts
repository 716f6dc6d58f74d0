import { settingsOf, type SettingsClass } from './define-setting.js';
import type { Findings } from './findings.js';
import { didYouMean } from './problem.js';
import { FileSettings } from './service-settings.js';
import { shown } from './value-kinds.js';
import { pathOf, type YamlSource } from './yaml-source.js';

type Mapping = Readonly<Record<string, unknown>>;

const UNKNOWN_AT_TOP =
  'is not a known setting and has no effect; if it only holds YAML anchors, start its name with "x-"';

/**
 * Checks the keys, and that sections are mappings. Returns only what the settings classes take, by
 * member name. An unknown key in a section would silently leave a default in effect; at the top level
 * it may hold YAML anchors.
 */
export function checkShape(file: Mapping, source: YamlSource, findings: Findings): Mapping {
  const mapping = (written: Mapping, settings: SettingsClass, path: string): Mapping => {
    const known = settingsOf(settings);
    const keys = known.map(({ key }) => key);
    const result: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(written)) {
      const at = pathOf(path, key);
      const setting = known.find((one) => one.key === key);
      if (setting === undefined) {
        const options = { suggestion: didYouMean(key, keys), at: source.positionOfKey(at) };
        if (path !== '') {
          const message = `is not a known setting here; known settings: ${keys.join(', ')}`;
          findings.error(at, message, options);
        } else if (!key.startsWith('x-')) findings.warning(at, UNKNOWN_AT_TOP, options);
      } else if (setting.entries !== undefined) {
        result[setting.name] = list(value, setting.entries, at);
      } else if (setting.section !== undefined) {
        // A heading whose lines are all commented out is not a mistake.
        if (value !== null) result[setting.name] = section(value, setting.section, at);
      } else if (value === null) {
        // `key:` without a value is an unfinished line.
        findings.error(at, 'has no value; add one, or remove the line');
      } else {
        result[setting.name] = value;
      }
    }
    return result;
  };

  const section = (value: unknown, settings: SettingsClass, path: string): Mapping => {
    if (isMapping(value)) return mapping(value, settings, path);
    const keys = settingsOf(settings).map(({ key }) => key);
    findings.error(
      path,
      `is ${shown(value)}; it must be a mapping with keys such as ${keys.slice(0, 3).join(', ')}`,
    );
    return {};
  };

  const list = (value: unknown, settings: SettingsClass, path: string): unknown => {
    if (Array.isArray(value)) {
      return value.map((entry, index) => section(entry, settings, pathOf(path, index)));
    }
    findings.error(path, `is ${shown(value)}; it must be a list of ${path}`);
    return undefined;
  };

  return mapping(file, FileSettings, '');
}

/** Whether a value is a mapping, not a list or a scalar. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
