import { settingNames } from './check-shape.js';
import { type JsonSchema, schemaOfSetting } from './setting-decorators.js';
import { CAPITALISED, FacilitySettings, FileSettings, SECTIONS } from './settings.js';

/** What the doc comment of a setting says. */
export interface SettingComment {
  /** One paragraph. */
  readonly description: string;
  /** What stands behind `@default`. */
  readonly default: string | undefined;
  /** What stands behind `@example`, read as JSON. */
  readonly example: unknown;
}

/** Doc comments by class and by setting; the class's own under the empty name. */
export type SettingComments = Readonly<Record<string, Readonly<Record<string, SettingComment>>>>;

/** `@default` of a setting that must be there. */
const REQUIRED = 'none: required';

type SettingsClass = new () => object;

/**
 * The configuration file as a JSON Schema for editors, made of the same decorators that check the
 * file. Draft 7, the one that every version of the YAML language server and other editors know.
 *
 * It accepts what the service accepts. Beyond a schema's reach are texts that are templates, names
 * that must be unique, and a few addresses that only look right; these `check-config` finds.
 */
export function configSchema(comments: SettingComments): JsonSchema {
  const of = (settings: SettingsClass): Readonly<Record<string, SettingComment>> =>
    comments[settings.name] ?? {};

  const property = (settings: SettingsClass, name: string): JsonSchema => {
    const comment = of(settings)[name];
    const initial = (new settings() as Readonly<Record<string, unknown>>)[name];
    const words = comment?.default;
    return {
      // An initial value is shown by the editor itself.
      description: [
        comment?.description,
        ...(initial === undefined && words !== undefined ? [withoutValue(words)] : []),
      ].join(' '),
      ...valueOf(settings, name),
      ...(initial === undefined || isSection(name) ? {} : { default: initial }),
      ...(comment?.example === undefined ? {} : { examples: [comment.example] }),
    };
  };

  const valueOf = (settings: SettingsClass, name: string): JsonSchema => {
    if (settings === FileSettings && isSection(name)) {
      // A heading above lines that are all commented out is no mistake.
      return { ...section(SECTIONS[name]), type: ['object', 'null'] };
    }
    if (settings === FileSettings && name === 'facilities') {
      return { type: 'array', minItems: 1, items: { $ref: '#/definitions/facility' } };
    }
    const schema = schemaOfSetting(settings, name);
    if (schema === undefined) throw new Error(`${settings.name}.${name} has no schema.`);
    return schema;
  };

  const properties = (settings: SettingsClass): Readonly<Record<string, JsonSchema>> =>
    Object.fromEntries(
      settingNames(settings).map((name) => [name, property(settings, name)] as const),
    );

  const section = (settings: SettingsClass): JsonSchema => ({
    type: 'object',
    properties: properties(settings),
    additionalProperties: false,
  });

  const facility = section(FacilitySettings);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'SciCat Globus Proxy',
    description: 'The configuration file; docs/configuration.md explains it.',
    type: 'object',
    properties: properties(FileSettings),
    required: settingNames(FileSettings).filter(
      (name) => of(FileSettings)[name]?.default === REQUIRED,
    ),
    patternProperties: { '^x-': { description: 'Holds anchors; no setting.' } },
    additionalProperties: {
      description: 'No setting: it has no effect.',
      deprecationMessage:
        'This is no setting and has no effect; if it only holds YAML anchors, a name beginning with "x-" says so.',
    },
    definitions: {
      facility: {
        description: of(FacilitySettings)['']?.description,
        ...facility,
        properties: { ...properties(FacilitySettings), ...capitalised(facility) },
        allOf: [
          oneSpellingOf('name'),
          oneSpellingOf('collection'),
          { not: { required: ['scopes', 'Scopes'] } },
        ],
      },
    },
  };
}

/** What the comment says of a setting that is not written, as a sentence. */
function withoutValue(words: string): string {
  if (words === REQUIRED) return 'Required.';
  return words.startsWith('none: ')
    ? `Without it: ${words.slice('none: '.length)}.`
    : `Default: ${words}.`;
}

function capitalised(facility: JsonSchema): Readonly<Record<string, JsonSchema>> {
  const known = facility['properties'] as Readonly<Record<string, JsonSchema>>;
  return Object.fromEntries(
    Object.entries(CAPITALISED).map(([written, name]) => [
      written,
      {
        ...known[name],
        description: `As "${name}", which is the better spelling.`,
        doNotSuggest: true,
      },
    ]),
  );
}

function oneSpellingOf(name: string): JsonSchema {
  const [written = ''] = Object.entries(CAPITALISED).find(([, meant]) => meant === name) ?? [];
  return { oneOf: [{ required: [name] }, { required: [written] }] };
}

function isSection(name: string): name is keyof typeof SECTIONS {
  return Object.hasOwn(SECTIONS, name);
}
