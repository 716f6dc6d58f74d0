import type { AppConfig, Secrets } from './app-config.js';
import { type SettingsClass, settingsOf, type StatedSetting, valueOf } from './define-setting.js';
import { effectiveSettings, type SettingMapping } from './effective-settings.js';
import { FileSettings } from './service-settings.js';

/** What becomes of a newly read configuration while the service runs. */
export interface AppliedReload {
  /** The new one, but with the old values of what {@link needRestart} names: what is in force then. */
  readonly config: AppConfig;
  /** What changes now, as paths; a facility is named by its name. */
  readonly changed: readonly string[];
  /** Settings and variables that have changed too, but count only after a restart. */
  readonly needRestart: readonly string[];
}

/** Puts a newly read configuration together with what can't change while the service runs. */
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

/** The new values, but the old ones of settings that are read once. */
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

interface Change extends Pick<StatedSetting, 'reload'> {
  readonly path: string;
}

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

/** Entries are known by their names, wherever they are in the list. */
function changedEntries(
  entries: SettingsClass,
  before: readonly Named[],
  after: readonly Named[],
  above: string,
): readonly Change[] {
  const reload = 'live';
  return [
    ...after.flatMap((entry) => {
      const path = `${above}.${entry.name}`;
      const old = before.find(({ name }) => name === entry.name);
      if (old === undefined) return [{ path: `${path} added`, reload } as const];
      return changesIn(entries, old, entry, `${path}.`);
    }),
    ...before
      .filter(({ name }) => !after.some((entry) => entry.name === name))
      .map(({ name }) => ({ path: `${above}.${name} removed`, reload }) as const),
  ];
}

function changedSecrets(current: Secrets, next: Secrets): readonly string[] {
  const [before, after] = [revealed(current), revealed(next)];
  return Object.keys(before).filter((name) => before[name] !== after[name]);
}

/** For comparing only; must not be kept. */
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
