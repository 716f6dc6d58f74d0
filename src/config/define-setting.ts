import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsOptional, ValidateNested } from 'class-validator';
import { isObject } from '../domain/untyped.js';
import type { Advise } from './advice.js';
import type { Findings } from './findings.js';
import { pathOf, type YamlSource } from './yaml-source.js';

/*
 * A setting is stated once, as a decorated member of a settings class. Validation, the JSON Schema,
 * `check-config --print`, the configuration at run time and reloads are all derived from that.
 */

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A class whose members are settings. */
export type SettingsClass = new () => object;

/** Where a value being resolved is, and where to report problems with it. */
export interface Place {
  readonly path: string;
  readonly source: YamlSource;
  readonly findings: Findings;
  /** Fields for templates that are rendered while the configuration is loaded. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The values that a setting can have: `Written` in the file, `Resolved` at run time. */
export interface Kind<Written, Resolved = Written> {
  /** class-validator rules. Each message says what the value is, and what it must be. */
  readonly rules: readonly PropertyDecorator[];
  /** For editors. May accept what the rules reject, where a schema can't tell; never the reverse. */
  readonly schema: JsonSchema;
  /** What to write instead of a value that is refused. */
  readonly advise?: Advise;
  /** The value that the service uses; `undefined` after reporting a problem. */
  resolve?(written: Written, place: Place): Resolved | undefined;
  /** The reverse of {@link resolve}. */
  print?(resolved: Resolved): Written;
}

/** What {@link Setting} takes. The default is the member's initial value. */
export interface SettingSpec<Written, Resolved = Written> {
  readonly kind: Kind<Written, Resolved>;
  /** Whole sentences, used in the JSON Schema. */
  readonly description: string;
  readonly example: NoInfer<Written>;
  /** Whether a reload applies a changed value, or only a restart. */
  readonly reload: 'live' | 'at-start';
  /** What applies when the setting is not set and has no initial value. */
  readonly unset?: string;
  readonly required?: boolean;
  /** The key in the file, if the member is named differently. */
  readonly key?: string;
  /** The spelling of the key in the Go version's documentation. */
  readonly alias?: string;
}

/** A setting with everything its class states about it. */
export interface StatedSetting extends Omit<SettingSpec<unknown>, 'example'> {
  /** Name of the member, in the settings class and in the configuration. */
  readonly name: string;
  readonly key: string;
  /** Absent for sections. */
  readonly example?: unknown;
  /** The class of a section. */
  readonly section?: SettingsClass;
  /** The class of each entry of a list of mappings. */
  readonly entries?: SettingsClass;
  /** The default; `undefined` if there is none. */
  readonly initial: unknown;
}

type Stated = Omit<StatedSetting, 'initial'>;

const STATED = Symbol('settings of a class');

/** Of sections and lists, which have no value of their own. */
const NO_VALUE: Kind<unknown> = { rules: [], schema: {} };

/** An instance whose member of this name may be a setting of this kind. */
export type Holder<Name extends string, Written> = Readonly<
  Partial<Record<Name, Written | undefined>>
>;

/** Makes a member of a settings class a setting. The member's type must match the kind of value. */
export function Setting<Written, Resolved>(
  spec: SettingSpec<Written, Resolved>,
): <Name extends string>(target: Holder<Name, Written>, name: Name) => void {
  return (target, name) => {
    for (const rule of spec.kind.rules) rule(target, name);
    if (spec.required !== true) IsOptional()(target, name);
    state(target, { key: name, ...(spec as SettingSpec<unknown>), name });
  };
}

/** Makes a member a section: a mapping of optional settings. */
export function Section(section: SettingsClass, description: string): PropertyDecorator {
  return (target, name) => {
    IsOptional()(target, name);
    nested(section)(target, name);
    const key = String(name);
    state(target, { name: key, key, section, description, kind: NO_VALUE, reload: 'live' });
  };
}

/** Makes a member a list of mappings, which a reload replaces as a whole. */
export function Entries(entries: SettingsClass, description: string): PropertyDecorator {
  return (target, name) => {
    nested(entries, { each: true })(target, name);
    const key = String(name);
    const spec = { kind: NO_VALUE, reload: 'live', required: true } as const;
    state(target, { name: key, key, entries, description, ...spec });
  };
}

/** The settings of a class, in the order of its members. */
export function settingsOf(settings: SettingsClass): readonly StatedSetting[] {
  const stated = statedIn(settings.prototype as object);
  return Object.entries(new settings()).map(([name, initial]: [string, unknown]) => {
    const setting = stated.get(name);
    if (setting === undefined) throw new Error(`${settings.name}.${name} lacks a @Setting.`);
    if (initial === undefined && setting.required !== true && setting.unset === undefined) {
      throw new Error(`${settings.name}.${name} needs an initial value, "required" or "unset".`);
    }
    return { ...setting, initial };
  });
}

/** The value of the member with this name. */
export function valueOf(settings: object, name: string): unknown {
  return (settings as Readonly<Record<string, unknown>>)[name];
}

/** Checked settings as plain, frozen data by member name, each value resolved. */
export function resolveSettings(settings: object, place: Place): Readonly<Record<string, unknown>> {
  const resolve = ({ name, key, section, kind }: StatedSetting): unknown => {
    const written = valueOf(settings, name);
    const at = { ...place, path: pathOf(place.path, key) };
    if (section !== undefined) return resolveSettings(written as object, at);
    if (written === undefined || place.findings.hasErrorAbove(at.path)) return undefined;
    const resolved = kind.resolve === undefined ? written : kind.resolve(written, at);
    if (Array.isArray(resolved)) return Object.freeze([...(resolved as unknown[])]);
    return isPlain(resolved) ? Object.freeze({ ...resolved }) : resolved;
  };
  const known = settingsOf(settings.constructor as SettingsClass);
  return Object.freeze(
    Object.fromEntries(known.map((setting) => [setting.name, resolve(setting)])),
  );
}

/** Whether a value is a mapping as the file has it, not an instance of a class. */
function isPlain(value: unknown): value is object {
  return isObject(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value) as null);
}

function nested(of: SettingsClass, options: { readonly each?: boolean } = {}): PropertyDecorator {
  return (target, name) => {
    ValidateNested(options)(target, name);
    Type(() => of)(target, String(name));
  };
}

function state(target: object, setting: Stated): void {
  Reflect.defineMetadata(STATED, new Map(statedIn(target)).set(setting.name, setting), target);
}

function statedIn(prototype: object): ReadonlyMap<string, Stated> {
  return (
    (Reflect.getOwnMetadata(STATED, prototype) as ReadonlyMap<string, Stated> | undefined) ??
    new Map<string, Stated>()
  );
}
