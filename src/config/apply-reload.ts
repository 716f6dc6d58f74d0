import type { AppConfig, Secrets } from './app-config.js';
import { type SettingsClass, settingsOf, type StatedSetting, valueOf } from './define-setting.js';
import { effectiveSettings, type SettingMapping } from './effective-settings.js';
import { FileSettings } from './service-settings.js';

/** What a reload makes of a newly loaded configuration. */
export interface AppliedReload {
  /** The new configuration, with the old values of everything in {@link needRestart}. */
  readonly config: AppConfig;
  /** Paths of the settings that change now; facilities go by their names. */
  readonly changed: readonly string[];
  /** Changed settings and variables that take effect only after a restart. */
  readonly needRestart: readonly string[];
}

/** Combines a newly loaded configuration with what can't change while the service runs. */
export function applyReload(current: AppConfig, next: AppConfig): AppliedReload {
  const changes = changesIn(FileSettings, effectiveSettings(current), effectiveSettings(next));
  const changed = (when: Change['reload']): readonly string[] =>
    changes.filter(({ reload }) => reload === when).map(({ path }) => path);
  return {
    config: Object.freeze({
      ...next,
      ...merged(FileSettings, current, next),
      secrets: current.secrets,
      source: current.source,
    }),
    changed: changed('live'),
    needRestart: [...changed('at-start'), ...changedSecrets(current.secrets, next.secrets)],
  };
}

/** The new values, except for settings that are applied only at start. */
function merged(settings: SettingsClass, current: object, next: object): object {
  return Object.freeze(
    Object.fromEntries(
      settingsOf(settings).map(({ name, section, reload }) => {
        const [before, after] = [valueOf(current, name), valueOf(next, name)];
        if (section === undefined) return [name, reload === 'at-start' ? before : after];
        return [name, merged(section, before as object, after as object)];
      }),
    ),
  );
}

type Change = Pick<StatedSetting, 'reload'> & { readonly path: string };

function changesIn(
  settings: SettingsClass,
  before: SettingMapping,
  after: SettingMapping,
  above = '',
): readonly Change[] {
  return settingsOf(settings).flatMap(({ key, section, entries, reload }) => {
    const [old, now] = [before[key], after[key]];
    const path = `${above}${key}`;
    if (section !== undefined) {
      return changesIn(section, old as SettingMapping, now as SettingMapping, `${path}.`);
    }
    if (entries !== undefined) return changedEntries(entries, old as Named[], now as Named[], path);
    return JSON.stringify(old) === JSON.stringify(now) ? [] : [{ path, reload }];
  });
}

type Named = SettingMapping & { readonly name: string };

/** Entries are matched by name; their order does not matter. */
function changedEntries(
  entries: SettingsClass,
  before: readonly Named[],
  after: readonly Named[],
  above: string,
): readonly Change[] {
  const changed = after.flatMap((entry): readonly Change[] => {
    const path = `${above}.${entry.name}`;
    const old = before.find(({ name }) => name === entry.name);
    if (old === undefined) return [{ path: `${path} added`, reload: 'live' }];
    return changesIn(entries, old, entry, `${path}.`);
  });
  const removed = before.filter(({ name }) => !after.some((entry) => entry.name === name));
  return [
    ...changed,
    ...removed.map(({ name }): Change => ({ path: `${above}.${name} removed`, reload: 'live' })),
  ];
}

function changedSecrets(current: Secrets, next: Secrets): readonly string[] {
  const [before, after] = [revealed(current), revealed(next)];
  return Object.keys(before).filter((name) => before[name] !== after[name]);
}

/** For comparison only; never keep the result. */
function revealed(secrets: Secrets): Readonly<Record<string, string | undefined>> {
  const { scicatServiceUser, scicatUpdateUser } = secrets;
  return {
    GLOBUS_CLIENT_ID: secrets.globusClientId,
    GLOBUS_CLIENT_SECRET: secrets.globusClientSecret.reveal(),
    SCICAT_SERVICE_USER_USERNAME: scicatServiceUser.username,
    SCICAT_SERVICE_USER_PASSWORD: scicatServiceUser.password.reveal(),
    SCICAT_UPDATE_USER_USERNAME: scicatUpdateUser?.username,
    SCICAT_UPDATE_USER_PASSWORD: scicatUpdateUser?.password.reveal(),
  };
}
