import type { JsonSchema, SettingsClass, StatedSetting } from './define-setting.js';
import { settingsOf } from './define-setting.js';
import { FacilitySettings } from './facility-settings.js';
import { FileSettings } from './service-settings.js';

/**
 * JSON Schema (draft 7, which all editors support) of the configuration file, derived from the
 * settings classes. It accepts everything that the service accepts, and a little more: only
 * `check-config` checks templates, unique names and the details of addresses.
 */
export function configSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'SciCat Globus Proxy',
    description: 'The configuration file; docs/configuration.md explains it.',
    type: 'object',
    properties: properties(FileSettings),
    required: settingsOf(FileSettings)
      .filter(({ required }) => required)
      .map(({ key }) => key),
    patternProperties: { '^x-': { description: 'Holds anchors; not a setting.' } },
    additionalProperties: {
      description: 'Not a setting: it has no effect.',
      deprecationMessage:
        'This is not a known setting and has no effect; if it only holds YAML anchors, start its name with "x-".',
    },
    definitions: { facility: facility() },
  };
}

function facility(): JsonSchema {
  const aliased = settingsOf(FacilitySettings).flatMap((setting) =>
    setting.alias === undefined ? [] : [{ ...setting, alias: setting.alias }],
  );
  return {
    description: 'A site with one Globus collection, and the rules for it.',
    ...mapping(FacilitySettings),
    properties: {
      ...properties(FacilitySettings),
      ...Object.fromEntries(
        aliased.map((setting) => [
          setting.alias,
          {
            ...property(setting),
            description: `Same as "${setting.key}", which is the preferred spelling.`,
            doNotSuggest: true,
          },
        ]),
      ),
    },
    allOf: aliased.map(({ key, alias, required }) =>
      required === true
        ? { oneOf: [{ required: [key] }, { required: [alias] }] }
        : { not: { required: [key, alias] } },
    ),
  };
}

function mapping(settings: SettingsClass): JsonSchema {
  return { type: 'object', properties: properties(settings), additionalProperties: false };
}

function properties(settings: SettingsClass): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    settingsOf(settings).map((setting) => [setting.key, property(setting)]),
  );
}

function property(setting: StatedSetting): JsonSchema {
  const { description, required, unset, section, entries, kind, initial, example } = setting;
  const sentences = [
    description,
    ...(required === true ? ['Required.'] : []),
    ...(unset === undefined ? [] : [`Default: ${unset}.`]),
  ].join(' ');
  if (section !== undefined) {
    // A heading whose lines are all commented out is not a mistake.
    return { description: sentences, ...mapping(section), type: ['object', 'null'] };
  }
  if (entries !== undefined) {
    const items = { $ref: '#/definitions/facility' };
    return { description: sentences, type: 'array', minItems: 1, items };
  }
  return {
    description: sentences,
    ...kind.schema,
    ...(initial === undefined ? {} : { default: initial }),
    examples: [example],
  };
}
