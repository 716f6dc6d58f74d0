import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { posix, win32 } from 'node:path';
import type { AppConfig, FileConfig } from './app-config.js';
import { DIRECTIONS } from '../facilities/facility.js';
import { buildFacility } from './build-facility.js';
import { checkShape, isMapping } from './check-shape.js';
import { defaultDataDir, type SecretsResult, type Variables } from './environment.js';
import { Findings } from './findings.js';
import { didYouMean, errorsAmong, type Problem } from './problem.js';
import { CAPITALISED, FileSettings } from './settings.js';
import { type PlacedFacility, warnAcrossFacilities } from './warn-of-risks.js';
import { parseYamlSource, pathOf, type YamlSource } from './yaml-source.js';

/** What is checked together. */
export interface ConfigToCheck {
  /** Absolute path of the configuration file. */
  readonly file: string;
  /** Its text. */
  readonly text: string;
  readonly variables: Variables;
  readonly platform: NodeJS.Platform;
  /** `ignored`: the file is checked alone. */
  readonly secrets: SecretsResult | { readonly kind: 'ignored' };
}

/** All that was found, and the configuration if none of it is an error. */
export interface CheckedConfig {
  readonly problems: readonly Problem[];
  /** What the file says, if nothing is wrong in it, whatever the secrets are like. */
  readonly fileConfig: FileConfig | undefined;
  readonly config: AppConfig | undefined;
}

/**
 * Checks the whole configuration at once, so that one look is enough to put it right. With YAML
 * syntax errors only these are reported for the file, as nothing after them can be trusted.
 */
export function checkConfig(toCheck: ConfigToCheck): CheckedConfig {
  const { file, secrets } = toCheck;
  const ofSecrets = secrets.kind === 'incomplete' ? secrets.problems : [];
  const source = parseYamlSource(toCheck.text, file, facilityKeySpelling);
  const findings = new Findings(source, file);
  findings.problems.push(...source.problems);
  const useless = (): CheckedConfig => ({
    problems: [...findings.sorted(), ...ofSecrets],
    fileConfig: undefined,
    config: undefined,
  });
  if (source.broken) return useless();
  if (!isMapping(source.value)) {
    findings.error('file', 'holds no settings; see scicat-globus-proxy-config.example.yaml', {
      at: { line: 1, column: 1 },
    });
    return useless();
  }

  const settings = plainToInstance(FileSettings, checkShape(source.value, source, findings));
  reportAll(validateSync(settings), '', findings);
  const placed = checkFacilities(settings, source, findings);
  const dataDir = checkDataDir(settings, toCheck, findings);

  if (errorsAmong(findings.problems).length > 0) return useless();
  const { task, scicat, server, transfer, globus } = settings;
  const fileConfig: FileConfig = {
    scicatUrl: withoutTrailingSlashes(settings.scicatUrl),
    port: settings.port,
    facilities: Object.freeze(placed.map(({ facility }) => facility)),
    task: Object.freeze({
      maxConcurrency: task.maxConcurrency,
      queueSize: task.queueSize,
      pollIntervalSeconds: task.pollInterval,
      stallTimeoutSeconds: task.stallTimeout,
      progressWritesPerSecond: task.progressWritesPerSecond,
    }),
    scicat: Object.freeze({ formerServiceUsers: Object.freeze([...scicat.formerServiceUsers]) }),
    server: Object.freeze({
      host: server.host,
      trustProxy: server.trustProxy,
      maxBodyMiB: server.maxBodyMiB,
      maxFailedLoginsPerMinute: server.maxFailedLoginsPerMinute,
    }),
    watch: settings.watch,
    transfer: Object.freeze({
      verifyChecksum: transfer.verifyChecksum,
      preserveTimestamp: transfer.preserveTimestamp,
      encryptData: transfer.encryptData,
      syncLevel: transfer.syncLevel,
      deadlineHours: transfer.deadlineHours,
    }),
    globus: Object.freeze({
      authUrl: withoutTrailingSlashes(globus.authUrl),
      transferUrl: withoutTrailingSlashes(globus.transferUrl),
    }),
    dataDir,
    source: Object.freeze({ file }),
  };
  return {
    problems: [...findings.sorted(), ...ofSecrets],
    fileConfig: Object.freeze(fileConfig),
    config:
      secrets.kind === 'complete'
        ? Object.freeze({ ...fileConfig, secrets: secrets.secrets })
        : undefined,
  };
}

function facilityKeySpelling(parentPath: string, key: string): string {
  return /^facilities\[\d+\]$/.test(parentPath) && Object.hasOwn(CAPITALISED, key)
    ? (CAPITALISED[key] ?? key)
    : key;
}

/** class-validator's findings, the most telling one for each value. */
function reportAll(errors: readonly ValidationError[], parent: string, findings: Findings): void {
  for (const error of errors) {
    const path = pathOf(
      parent,
      Array.isArray(error.target) ? Number(error.property) : error.property,
    );
    const { constraints } = error;
    const message =
      constraints?.['isArray'] ??
      constraints?.['arrayNotEmpty'] ??
      Object.values(constraints ?? {}).at(0);
    if (message !== undefined && !findings.hasErrorAbove(path)) {
      const value: unknown = error.value;
      findings.error(path, message, {
        suggestion:
          error.property === 'direction' && typeof value === 'string'
            ? didYouMean(value, DIRECTIONS)
            : undefined,
      });
    }
    reportAll(error.children ?? [], path, findings);
  }
}

function checkFacilities(
  settings: FileSettings,
  source: YamlSource,
  findings: Findings,
): readonly PlacedFacility[] {
  if (findings.hasErrorAbove('facilities')) return [];
  const firstOfName = new Map<string, string>();
  const placed = settings.facilities.flatMap((entry, index) => {
    const path = pathOf('facilities', index);
    const namePath = pathOf(path, 'name');
    const first = firstOfName.get(entry.name);
    if (first !== undefined && !findings.hasErrorAbove(namePath)) {
      findings.error(
        namePath,
        `is "${entry.name}", as ${first} is already; every facility must have a name of its own`,
      );
    }
    firstOfName.set(entry.name, first ?? namePath);
    const facility = buildFacility(entry, path, source, findings);
    return facility === undefined ? [] : [{ facility, path }];
  });
  warnAcrossFacilities(placed, settings.transfer, source, findings);
  return placed;
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

function withoutTrailingSlashes(url: string): string {
  return url.replace(/\/+$/, '');
}
