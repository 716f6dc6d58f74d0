import { Document, isMap, isSeq, type YAMLMap } from 'yaml';
import type { FileConfig } from './app-config.js';
import { settingsOf, type SettingsClass, valueOf } from './define-setting.js';
import { FileSettings } from './service-settings.js';

type SettingValue = string | number | boolean | null | readonly SettingValue[] | SettingMapping;
/** Settings by their keys. */
export interface SettingMapping {
  readonly [key: string]: SettingValue;
}

export interface EffectiveSettings extends SettingMapping {
  readonly facilities: readonly (SettingMapping & { readonly name: string })[];
}

/**
 * The configuration with the file's keys, every default filled in, and the templates rendered that
 * depend on the facility alone. `null` marks an optional setting that is not set. A file with the
 * rest yields the same configuration.
 */
export function effectiveSettings(config: FileConfig): EffectiveSettings {
  return printed(FileSettings, config) as EffectiveSettings;
}

/** {@link effectiveSettings} as YAML; comments name the settings that are not set. */
export function effectiveYaml(config: FileConfig): string {
  const document = new Document(effectiveSettings(config));
  markUnset(document.contents);
  return document.toString({ lineWidth: 0 });
}

function printed(settings: SettingsClass, values: object): SettingMapping {
  return Object.fromEntries(
    settingsOf(settings).map(({ name, key, section, entries, kind }) => {
      const value = valueOf(values, name);
      if (value === undefined) return [key, null];
      if (section !== undefined) return [key, printed(section, value as object)];
      if (entries !== undefined) {
        return [key, (value as readonly object[]).map((entry) => printed(entries, entry))];
      }
      return [key, (kind.print === undefined ? value : kind.print(value)) as SettingValue];
    }),
  );
}

function markUnset(node: unknown): void {
  if (isSeq(node)) node.items.forEach(markUnset);
  if (!isMap(node)) return;
  const unset = (node as YAMLMap<{ value: string }, { value: unknown } | null>).items.filter(
    ({ value }) => value?.value === null,
  );
  for (const { key } of unset) node.delete(key);
  if (unset.length > 0) node.comment = ` not set: ${unset.map(({ key }) => key.value).join(', ')}`;
  for (const { value } of node.items) markUnset(value);
}
