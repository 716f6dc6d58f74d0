import { getMetadataStorage } from 'class-validator';
import type { Findings } from './findings.js';
import { didYouMean } from './problem.js';
import { shown } from './setting-decorators.js';
import { FacilitySettings, FileSettings, SECTIONS } from './settings.js';
import { pathOf, type YamlSource } from './yaml-source.js';

type Mapping = Readonly<Record<string, unknown>>;

/** The keys that a class of settings knows. */
export function settingNames(settings: abstract new () => unknown): readonly string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(settings, '', true, false);
  return [...new Set(rules.map((rule) => rule.propertyName))];
}

/**
 * Checks which keys there are and that sections are mappings, and returns only what the settings
 * classes can take in. An unknown key in a section would silently leave a default in force; at the
 * top it may be there to hold YAML anchors.
 */
export function checkShape(file: Mapping, source: YamlSource, findings: Findings): Mapping {
  const known = settingNames(FileSettings);
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(file)) {
    if (known.includes(key)) {
      const checked = checkTopLevel(key, value, source, findings);
      if (checked !== undefined) result[key] = checked;
    } else if (!key.startsWith('x-')) {
      findings.warning(
        key,
        'is no setting and has no effect; if it only holds YAML anchors, a name beginning with "x-" says so',
        { suggestion: didYouMean(key, known), at: source.positionOfKey(key) },
      );
    }
  }
  return result;
}

function checkTopLevel(
  key: string,
  value: unknown,
  source: YamlSource,
  findings: Findings,
): unknown {
  if (key === 'facilities') return checkFacilities(value, source, findings);
  if (isSection(key)) {
    // A heading above lines that are all commented out is no mistake.
    if (value === null) return undefined;
    return checkSection(value, key, SECTIONS[key], source, findings);
  }
  return checkValue(value, key, findings);
}

function checkFacilities(value: unknown, source: YamlSource, findings: Findings): unknown {
  if (!Array.isArray(value)) {
    findings.error('facilities', `is ${shown(value)}; it must be a list of facilities`);
    return undefined;
  }
  return value.map((facility: unknown, index) =>
    checkSection(facility, pathOf('facilities', index), FacilitySettings, source, findings),
  );
}

function checkSection(
  value: unknown,
  path: string,
  settings: abstract new () => unknown,
  source: YamlSource,
  findings: Findings,
): Mapping {
  const known = settingNames(settings);
  if (!isMapping(value)) {
    findings.error(
      path,
      `is ${shown(value)}; it must be a mapping with keys such as ${known.slice(0, 3).join(', ')}`,
    );
    return {};
  }
  const result: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(value)) {
    const at = pathOf(path, key);
    if (known.includes(key)) {
      const checked = checkValue(setting, at, findings);
      if (checked !== undefined) result[key] = checked;
    } else {
      findings.error(at, `is no setting here; known are ${known.join(', ')}`, {
        suggestion: didYouMean(key, known),
        at: source.positionOfKey(at),
      });
    }
  }
  return result;
}

/** `key:` with nothing behind it is a line that somebody meant to complete. */
function checkValue(value: unknown, path: string, findings: Findings): unknown {
  if (value !== null) return value;
  findings.error(path, 'is without a value; write one, or remove the line');
  return undefined;
}

function isSection(key: string): key is keyof typeof SECTIONS {
  return Object.hasOwn(SECTIONS, key);
}

/** Whether a value is a mapping, as opposed to a list or a scalar. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
