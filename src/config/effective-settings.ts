import { Document, isMap, isSeq, type YAMLMap } from 'yaml';
import type { FileConfig } from './app-config.js';
import type { Facility } from '../facilities/facility.js';

/** A mapping or a list of settings, as the file would hold it. */
export type SettingValue =
  string | number | boolean | null | readonly SettingValue[] | SettingMapping;
/** Settings by their keys. */
export interface SettingMapping {
  readonly [key: string]: SettingValue;
}

/** What {@link effectiveSettings} makes. */
export interface EffectiveSettings extends SettingMapping {
  readonly facilities: readonly (SettingMapping & { readonly name: string })[];
}

/** Whether a setting is a section or a facility. */
export function isMapping(value: SettingValue): value is SettingMapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The configuration in the file's own keys, with every default filled in and with the templates
 * rendered that depend on the facility alone. `null` is an optional setting that is not set. Written
 * into a file without these, it makes the same configuration again.
 */
export function effectiveSettings(config: FileConfig): EffectiveSettings {
  const { task, scicat, server, transfer, globus } = config;
  return {
    scicatUrl: config.scicatUrl,
    port: config.port,
    facilities: config.facilities.map(facilitySettings),
    task: {
      maxConcurrency: task.maxConcurrency,
      queueSize: task.queueSize,
      pollInterval: task.pollIntervalSeconds,
      stallTimeout: task.stallTimeoutSeconds,
      progressWritesPerSecond: task.progressWritesPerSecond,
    },
    scicat: { formerServiceUsers: scicat.formerServiceUsers },
    server: {
      host: server.host,
      trustProxy: server.trustProxy,
      maxBodyMiB: server.maxBodyMiB,
      maxFailedLoginsPerMinute: server.maxFailedLoginsPerMinute,
    },
    watch: config.watch,
    transfer: {
      verifyChecksum: transfer.verifyChecksum,
      preserveTimestamp: transfer.preserveTimestamp,
      encryptData: transfer.encryptData,
      syncLevel: transfer.syncLevel ?? null,
      deadlineHours: transfer.deadlineHours ?? null,
    },
    globus: { authUrl: globus.authUrl, transferUrl: globus.transferUrl },
    dataDir: config.dataDir,
  };
}

/** {@link effectiveSettings} as a YAML text, in which a comment names what is not set. */
export function effectiveYaml(config: FileConfig): string {
  const document = new Document(effectiveSettings(config));
  markUnset(document.contents);
  return document.toString({ lineWidth: 0 });
}

function facilitySettings(facility: Facility): SettingMapping & { readonly name: string } {
  return {
    name: facility.name,
    collection: facility.collection,
    direction: facility.direction,
    accessPath: fixed(facility.accessPath),
    accessValue: fixed(facility.accessValue),
    scopes: facility.scopes.map(fixed),
    sourcePath: facility.sourcePath.source,
    destinationPath: facility.destinationPath.source,
    collectionRootPath:
      facility.collectionRootPath === undefined ? null : fixed(facility.collectionRootPath),
    allowedSourceFolders: facility.allowedSourceFolders?.map(({ source }) => source) ?? null,
    verifyChecksum: facility.verifyChecksum ?? null,
    syncLevel: facility.syncLevel ?? null,
  };
}

/** A rendered text as a template that yields it. */
function fixed(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}

function markUnset(node: unknown): void {
  if (isSeq(node)) node.items.forEach(markUnset);
  if (!isMap(node)) return;
  const unset = (node as YAMLMap<{ value: string }, { value: unknown } | null>).items.filter(
    ({ value }) => value?.value === null,
  );
  for (const { key } of unset) node.delete(key);
  if (unset.length > 0) node.comment = ` not set: ${unset.map(({ key }) => key.value).join(', ')}`;
  for (const { value } of node.items) markUnset(value);
}
