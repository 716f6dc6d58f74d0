import type { AppConfig, Secrets } from './app-config.js';
import { isMapping } from './check-shape.js';
import { settingsOf, type SettingsClass, valueOf } from './define-setting.js';
import { effectiveSettings, type SettingValue } from './effective-settings.js';
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
  const changes = changedSettings(current, next);
  const atStart = pathsAtStart(FileSettings);
  return {
    config: Object.freeze({
      ...next,
      ...merged(FileSettings, current, next),
      secrets: current.secrets,
      source: current.source,
    }),
    changed: changes.filter((path) => !atStart.includes(path)),
    needRestart: [
      ...changes.filter((path) => atStart.includes(path)),
      ...changedSecrets(current.secrets, next.secrets),
    ],
  };
}

/** Paths of the settings that are read once, when the service starts. */
function pathsAtStart(settings: SettingsClass): readonly string[] {
  return settingsOf(settings).flatMap(({ key, section, reload }) => {
    if (section !== undefined) return pathsAtStart(section).map((path) => `${key}.${path}`);
    return reload === 'at-start' ? [key] : [];
  });
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

function changedSettings(current: AppConfig, next: AppConfig): readonly string[] {
  const [before, after] = [flat(current), flat(next)];
  const paths = new Set([...before.keys(), ...after.keys()]);
  const names = (config: AppConfig): ReadonlySet<string> =>
    new Set(config.facilities.map(({ name }) => name));
  const [old, present] = [names(current), names(next)];
  const comings = [
    ...[...present].filter((name) => !old.has(name)).map((name) => `facilities.${name} added`),
    ...[...old].filter((name) => !present.has(name)).map((name) => `facilities.${name} removed`),
  ];
  const inBoth = (path: readonly string[]): boolean =>
    path[0] !== 'facilities' || (old.has(path[1] ?? '') && present.has(path[1] ?? ''));
  const changes = [...paths]
    .filter((key) => before.get(key) !== after.get(key))
    .map((key) => JSON.parse(key) as readonly string[])
    .filter(inBoth);
  return [...changes.map((path) => path.join('.')), ...comings];
}

/** Every setting by its path as JSON, with its value as JSON. */
function flat(config: AppConfig): ReadonlyMap<string, string> {
  const { facilities, ...settings } = effectiveSettings(config);
  const byName = Object.fromEntries(facilities.map((facility) => [facility.name, facility]));
  const result = new Map<string, string>();
  const visit = (path: readonly string[], value: SettingValue): void => {
    if (isMapping(value)) {
      for (const [key, inner] of Object.entries(value)) visit([...path, key], inner);
    } else result.set(JSON.stringify(path), JSON.stringify(value));
  };
  visit([], { ...settings, facilities: byName });
  return result;
}

function changedSecrets(current: Secrets, next: Secrets): readonly string[] {
  const [before, after] = [revealed(current), revealed(next)];
  return Object.keys(before).filter((name) => before[name] !== after[name]);
}

/** For comparing only; nobody may keep it. */
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
