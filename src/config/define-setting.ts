import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsOptional, ValidateNested } from 'class-validator';
import type { Findings } from './findings.js';
import { pathOf, type YamlSource } from './yaml-source.js';

/*
 * A setting is stated once: as a member of a settings class, decorated with all that is known about
 * it. The rules that check the file, the JSON Schema, `check-config --print`, the configuration at
 * run time and what a reload applies are all derived from that.
 */

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A class whose members are settings. */
export type SettingsClass = new () => object;

/** A written value that is being resolved: where it is, and where to report what is wrong with it. */
export interface Place {
  readonly path: string;
  readonly source: YamlSource;
  readonly findings: Findings;
  /** What templates can use that are rendered when the file is read. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The values that a setting can have: as `Written` in the file, as `Resolved` at run time. */
export interface Kind<Written, Resolved = Written> {
  /** Rules of class-validator. Each message says what the value is, and what it must be. */
  readonly rules: readonly PropertyDecorator[];
  /** For editors. May accept what the rules refuse, where a schema can't tell; never the reverse. */
  readonly schema: JsonSchema;
  /** Makes the value that the service uses; `undefined` if it reported a problem. */
  resolve?(written: Written, place: Place): Resolved | undefined;
  /** The reverse of {@link resolve}. */
  print?(resolved: Resolved): Written;
}

/** What {@link Setting} takes. A default is not among it: that is the member's initial value. */
export interface SettingSpec<Written, Resolved = Written> {
  readonly kind: Kind<Written, Resolved>;
  /** Whole sentences, for the JSON Schema and for readers of the class. */
  readonly description: string;
  readonly example: NoInfer<Written>;
  /** Whether a reload applies a changed value, or only a restart. */
  readonly reload: 'live' | 'at-start';
  /** What applies when the setting is not written, if it has no initial value. */
  readonly unset?: string;
  readonly required?: boolean;
  /** The key in the file, if the member is named differently. */
  readonly key?: string;
  /** Another spelling of the key, which the Go version's documentation used. */
  readonly alias?: string;
}

/** A setting as it was stated. */
export interface StatedSetting extends Omit<SettingSpec<unknown>, 'example'> {
  /** Member of the settings class and of the configuration. */
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

/** An instance in which a setting of this kind may be a member of this name. */
export type Holder<Name extends string, Written> = Readonly<
  Partial<Record<Name, Written | undefined>>
>;

/** Makes a member of a settings class a setting. The member's type must fit the kind of value. */
export function Setting<Written, Resolved>(
  spec: SettingSpec<Written, Resolved>,
): <Name extends string>(target: Holder<Name, Written>, name: Name) => void {
  return (target, name) => {
    for (const rule of spec.kind.rules) rule(target, name);
    if (spec.required !== true) IsOptional()(target, name);
    state(target, { key: name, ...(spec as SettingSpec<unknown>), name });
  };
}

/** Makes a member a section: a mapping with settings of its own, all of which may be left out. */
export function Section(section: SettingsClass, description: string): PropertyDecorator {
  return (target, name) => {
    IsOptional()(target, name);
    nested(section)(target, name);
    const kind = { rules: [], schema: {} };
    const key = String(name);
    state(target, { name: key, key, section, description, kind, reload: 'live' });
  };
}

/** Makes a member a list of mappings, which a reload applies as a whole. */
export function Entries(entries: SettingsClass, description: string): PropertyDecorator {
  return (target, name) => {
    nested(entries, { each: true })(target, name);
    const kind = { rules: [], schema: {} };
    const key = String(name);
    state(target, { name: key, key, entries, description, kind, reload: 'live', required: true });
  };
}

/** The settings of a class, in the order of its members. */
export function settingsOf(settings: SettingsClass): readonly StatedSetting[] {
  const stated = statedIn(settings.prototype as object);
  const initial = Object.entries(new settings());
  for (const [name, value] of initial) {
    const setting = stated.get(name);
    if (setting === undefined) throw new Error(`${settings.name}.${name} lacks a @Setting.`);
    if (value === undefined && setting.required !== true && setting.unset === undefined) {
      throw new Error(`${settings.name}.${name} needs an initial value, "required" or "unset".`);
    }
  }
  return initial.flatMap(([name, value]) => {
    const setting = stated.get(name);
    return setting === undefined ? [] : [{ ...setting, initial: value as unknown }];
  });
}

/** The value of a setting by the name of its member. */
export function valueOf(settings: object, name: string): unknown {
  return (settings as Readonly<Record<string, unknown>>)[name];
}

/** Checked settings as plain, frozen data by the names of the members, each value resolved. */
export function resolveSettings(settings: object, place: Place): Readonly<Record<string, unknown>> {
  const resolve = ({ name, key, section, kind }: StatedSetting): unknown => {
    const written = valueOf(settings, name);
    const at = { ...place, path: pathOf(place.path, key) };
    if (section !== undefined) return resolveSettings(written as object, at);
    if (written === undefined || place.findings.hasErrorAbove(at.path)) return undefined;
    const resolved = kind.resolve === undefined ? written : kind.resolve(written, at);
    return Array.isArray(resolved) ? Object.freeze([...(resolved as unknown[])]) : resolved;
  };
  const known = settingsOf(settings.constructor as SettingsClass);
  return Object.freeze(
    Object.fromEntries(known.map((setting) => [setting.name, resolve(setting)])),
  );
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
