import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { posix, win32 } from 'node:path';
import { DIRECTIONS } from '../facilities/facility.js';
import type { AppConfig, FileConfig } from './app-config.js';
import { checkShape, isMapping } from './check-shape.js';
import { type Place, resolveSettings, settingsOf, type SettingsClass } from './define-setting.js';
import { defaultDataDir, type SecretsResult, type Variables } from './environment.js';
import { type ConfiguredFacility, FacilitySettings } from './facility-settings.js';
import { Findings } from './findings.js';
import { didYouMean, errorsAmong, type Problem } from './problem.js';
import { FileSettings } from './service-settings.js';
import { type PlacedFacility, warnAcrossFacilities, warnOfFacility } from './warn-of-risks.js';
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
 * Checks the whole configuration and reports everything at once. Of a file with YAML syntax errors
 * only these are reported, because nothing else in it is reliable.
 */
export function checkConfig(toCheck: ConfigToCheck): CheckedConfig {
  const { file, secrets } = toCheck;
  const source = parseYamlSource(toCheck.text, file, facilityKeySpelling);
  const findings = new Findings(source, file);
  for (const problem of source.problems) findings.problems.push(problem);
  const checked = (fileConfig?: FileConfig): CheckedConfig => ({
    problems: [...findings.sorted(), ...(secrets.kind === 'incomplete' ? secrets.problems : [])],
    fileConfig,
    config:
      fileConfig !== undefined && secrets.kind === 'complete'
        ? Object.freeze({ ...fileConfig, secrets: secrets.secrets })
        : undefined,
  });
  if (source.broken) return checked();
  if (!isMapping(source.value)) {
    findings.error('file', 'contains no settings; see scicat-globus-proxy-config.example.yaml', {
      at: { line: 1, column: 1 },
    });
    return checked();
  }

  const settings = plainToInstance(FileSettings, checkShape(source.value, source, findings));
  reportAll(validateSync(settings), '', findings);
  const place = { path: '', source, findings, variables: {} };
  const placed = checkFacilities(settings, place);
  const dataDir = checkDataDir(settings, toCheck, findings);
  const resolved = resolveSettings(settings, place);

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

function facilityKeySpelling(parentPath: string, key: string): string {
  if (!/^facilities\[\d+\]$/.test(parentPath)) return key;
  return settingsOf(FacilitySettings).find(({ alias }) => alias === key)?.key ?? key;
}

/** Reports class-validator's errors, the most specific one for each value. */
function reportAll(errors: readonly ValidationError[], parent: string, findings: Findings): void {
  for (const error of errors) {
    const { constraints = {}, target, property } = error;
    const value: unknown = error.value;
    const path = pathOf(
      parent,
      Array.isArray(target) || target === undefined ? Number(property) : keyOf(target, property),
    );
    const message =
      constraints['isArray'] ?? constraints['arrayNotEmpty'] ?? Object.values(constraints).at(0);
    if (message !== undefined && !findings.hasErrorAbove(path)) {
      const guess = property === 'direction' && typeof value === 'string';
      findings.error(path, message, {
        suggestion: guess ? didYouMean(value, DIRECTIONS) : undefined,
      });
    }
    reportAll(error.children ?? [], path, findings);
  }
}

function keyOf(settings: object, name: string): string {
  const stated = settingsOf(settings.constructor as SettingsClass);
  return stated.find((setting) => setting.name === name)?.key ?? name;
}

function checkFacilities(settings: FileSettings, place: Place): readonly PlacedFacility[] {
  const { findings, source } = place;
  if (findings.hasErrorAbove('facilities')) return [];
  const firstOfName = new Map<string, string>();
  const placed = settings.facilities.flatMap((entry, index) => {
    const path = pathOf('facilities', index);
    const namePath = pathOf(path, 'name');
    const first = firstOfName.get(entry.name);
    if (first !== undefined && !findings.hasErrorAbove(namePath)) {
      findings.error(
        namePath,
        `is "${entry.name}", the same as ${first}; facility names must be unique`,
      );
    }
    firstOfName.set(entry.name, first ?? namePath);
    const facility = resolveFacility(entry, { ...place, path });
    return facility === undefined ? [] : [{ facility, path }];
  });
  warnAcrossFacilities(placed, settings.transfer, source, findings);
  return placed;
}

function resolveFacility(settings: FacilitySettings, place: Place): ConfiguredFacility | undefined {
  const { path, findings } = place;
  const usable = (key: 'name' | 'collection'): string =>
    findings.hasErrorAbove(pathOf(path, key)) ? key : settings[key];
  const variables = { Name: usable('name'), Collection: usable('collection') };
  const resolved = resolveSettings(settings, { ...place, variables });
  // Complete, unless an error was reported.
  const facility = resolved as unknown as ConfiguredFacility;
  warnOfFacility(settings, facility.destinationPath, path, findings);
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
