import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { posix, win32 } from 'node:path';
import { DIRECTIONS } from '../facilities/facility.js';
import type { AppConfig, FileConfig } from './app-config.js';
import { placeholderIn } from './advice.js';
import { checkShape, placesOf } from './check-shape.js';
import {
  type Place,
  resolveSettings,
  settingsOf,
  type SettingsClass,
  type StatedSetting,
} from './define-setting.js';
import {
  defaultDataDir,
  problemsOfSecrets,
  type SecretsResult,
  type Variables,
} from './environment.js';
import { type ConfiguredFacility, FacilitySettings } from './facility-settings.js';
import { Findings } from './findings.js';
import { field, isObject } from '../domain/untyped.js';
import { oddCharacter } from './odd-characters.js';
import { didYouMean, errorsAmong, type Problem } from './problem.js';
import { FileSettings } from './service-settings.js';
import { warnOfDoubts } from './warn-of-doubts.js';
import {
  type PlacedFacility,
  warnAcrossFacilities,
  warnOfFacility,
  warnOfOperators,
} from './warn-of-risks.js';
import { keyMistake } from './yaml-lines.js';
import { parseYamlSource, pathOf } from './yaml-source.js';

/** What is checked together. */
export interface ConfigToCheck {
  /** Absolute path of the configuration file. */
  readonly file: string;
  /** The file's content. */
  readonly text: string;
  readonly variables: Variables;
  readonly platform: NodeJS.Platform;
  /** `ignored`: the file is checked alone. */
  readonly secrets: SecretsResult | { readonly kind: 'ignored' };
}

/** All problems, and the configuration if none of them is an error. */
export interface CheckedConfig {
  readonly problems: readonly Problem[];
  /** The file's part, if the file has no errors; the secrets may have some. */
  readonly fileConfig: FileConfig | undefined;
  readonly config: AppConfig | undefined;
}

/**
 * Checks the whole configuration and reports everything at once. If the file has YAML syntax
 * errors, only these are reported, because nothing else in it is reliable.
 */
export function checkConfig(toCheck: ConfigToCheck): CheckedConfig {
  const { file, secrets } = toCheck;
  const source = parseYamlSource(toCheck.text, file, facilityKeySpelling, placesOf);
  const findings = new Findings(source, file);
  for (const problem of source.problems) findings.problems.push(problem);
  const checked = (fileConfig?: FileConfig): CheckedConfig => ({
    problems: [...findings.sorted(), ...problemsOfSecrets(secrets)],
    fileConfig,
    config:
      fileConfig !== undefined && secrets.kind === 'complete'
        ? Object.freeze({ ...fileConfig, secrets: secrets.secrets })
        : undefined,
  });
  if (source.broken) return checked();
  const lines = typeof source.value === 'string' ? toCheck.text.split('\n') : [];
  for (const [index, line] of lines.entries()) {
    const mistake = keyMistake(line.replace(/\r$/, ''), placesOf);
    const at = { line: index + 1, column: line.search(/\S/) + 1 };
    if (mistake !== undefined) findings.error(mistake.key, mistake.message, { at });
  }
  if (!isObject(source.value)) {
    if (findings.problems.length === 0) {
      findings.error('file', 'contains no settings; see scicat-globus-proxy-config.example.yaml', {
        at: { line: 1, column: 1 },
      });
    }
    return checked();
  }

  const shape = checkShape(source.value, source, findings);
  const settings = plainToInstance(FileSettings, shape.settings);
  const place = { path: '', source, findings, variables: {} };
  reportAll(validateSync(settings), '', { source, findings, found: shape.found });
  const placed = checkFacilities(settings, place);
  warnOfOperators(placed, settings.scicat, findings);
  warnOfDoubts(settings, placed, source, findings);
  const dataDir = checkDataDir(settings, toCheck, findings);
  const resolved = resolveSettings(settings, place);
  for (const [path, message] of shape.odd) {
    const odd = oddCharacter(stringAt(source.value, path))?.index ?? 0;
    findings.replace(path, message, { at: source.positionWithin(path, odd) });
  }

  if (errorsAmong(findings.problems).length > 0) return checked();
  return checked(
    Object.freeze({
      ...resolved,
      facilities: Object.freeze(placed.map(({ facility }) => facility)),
      dataDir,
      source: Object.freeze({ file }),
    } as FileConfig),
  );
}

function stringAt(value: unknown, path: string): string {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
  return String(keys.reduce(field, value));
}

function facilityKeySpelling(parentPath: string, key: string): string {
  if (!/^facilities\[\d+\]$/.test(parentPath)) return key;
  return settingsOf(FacilitySettings).find(({ alias }) => alias === key)?.key ?? key;
}

/** Reports class-validator's errors, the most specific one for each value. */
function reportAll(
  errors: readonly ValidationError[],
  parent: string,
  place: Pick<Place, 'source' | 'findings'> & { readonly found: ReadonlySet<string> },
): void {
  const { source, findings, found } = place;
  for (const error of errors) {
    const { constraints = {}, target, property } = error;
    const inList = Array.isArray(target) || target === undefined;
    const setting = inList ? undefined : settingOf(target, property);
    const path = pathOf(parent, inList ? Number(property) : (setting?.key ?? property));
    const message =
      constraints['isArray'] ?? constraints['arrayNotEmpty'] ?? Object.values(constraints).at(0);
    const value: unknown = error.value;
    const isFound = value === undefined && found.has(path);
    if (message !== undefined && !isFound && !hasErrorIn(path, findings)) {
      const suggestion =
        setting?.kind.advise?.(value, source.writtenAt(path)) ??
        (property === 'direction' && typeof value === 'string'
          ? didYouMean(value, DIRECTIONS)
          : undefined) ??
        (typeof value === 'string' && placeholderIn(value) !== undefined
          ? 'write your own value in place of the placeholder'
          : undefined);
      findings.error(path, message, { suggestion });
    }
    reportAll(error.children ?? [], path, place);
  }
}

/** Whether a value has an error already, in itself or in one of its elements. */
function hasErrorIn(path: string, findings: Findings): boolean {
  return findings.hasErrorAbove(path) || findings.hasErrorBelow(path);
}

function settingOf(settings: object, name: string): StatedSetting | undefined {
  const stated = settingsOf(settings.constructor as SettingsClass);
  return stated.find((setting) => setting.name === name);
}

function checkFacilities(settings: FileSettings, place: Place): readonly PlacedFacility[] {
  const { findings, source } = place;
  const entries = settings.facilities as FileSettings['facilities'] | undefined;
  if (findings.hasErrorAbove('facilities') || entries === undefined) return [];
  const firstOfName = new Map<string, string>();
  const placed = entries.flatMap((entry, index) => {
    const path = pathOf('facilities', index);
    const namePath = pathOf(path, 'name');
    const first = firstOfName.get(entry.name);
    if (first !== undefined && !findings.hasErrorAbove(namePath)) {
      findings.error(
        namePath,
        `is "${entry.name}", the same as ${first}; facility names must be unique`,
      );
    }
    if (isNamed(entry)) firstOfName.set(entry.name, first ?? namePath);
    const facility = resolveFacility(entry, { ...place, path });
    return facility === undefined ? [] : [{ facility, path }];
  });
  warnAcrossFacilities(placed, settings.transfer, source, findings);
  return placed;
}

function isNamed({ name }: Partial<FacilitySettings>): boolean {
  return name !== undefined;
}

function resolveFacility(settings: FacilitySettings, place: Place): ConfiguredFacility | undefined {
  const { path, findings } = place;
  const isMissing = (key: 'name' | 'collection'): boolean =>
    (settings as Partial<FacilitySettings>)[key] === undefined;
  const usable = (key: 'name' | 'collection'): string =>
    findings.hasErrorAbove(pathOf(path, key)) || isMissing(key) ? key : settings[key];
  const variables = { Name: usable('name'), Collection: usable('collection') };
  const resolved = resolveSettings(settings, { ...place, variables });
  // Complete, unless an error was reported.
  const facility = resolved as unknown as ConfiguredFacility;
  // Only a part of a facility, whose other lines are elsewhere.
  if (isMissing('name') || isMissing('collection')) return undefined;
  warnOfFacility(settings, facility, path, findings);
  return findings.hasErrorBelow(path) ? undefined : facility;
}

function checkDataDir(
  settings: FileSettings,
  { file, variables, platform }: ConfigToCheck,
  findings: Findings,
): string {
  if (findings.hasErrorAbove('dataDir')) return '';
  const path = platform === 'win32' ? win32 : posix;
  const dataDir = settings.dataDir ?? defaultDataDir(variables, platform);
  if (dataDir === undefined) {
    findings.error(
      'dataDir',
      'is missing, and without a home folder (HOME) there is no default; it must be the path of a folder that survives a restart',
    );
    return '';
  }
  return path.resolve(path.dirname(file), dataDir);
}
