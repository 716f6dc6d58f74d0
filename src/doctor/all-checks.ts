import type { AppConfig } from '../config/app-config.js';
import type { ConfigReading } from '../config/load-config.js';
import { type Check, ok } from './check.js';
import { configurationCheck } from './configuration-check.js';
import { dataFolderChecks } from './data-folder-checks.js';
import { globusChecks } from './globus-checks.js';
import type { Places } from './places.js';
import type { DataFolderProbe } from '../ports/data-folder-probe.port.js';
import type { GlobusProbe } from '../ports/globus-probe.port.js';
import type { ScicatProbe } from '../ports/scicat-probe.port.js';
import { scicatChecks } from './scicat-checks.js';

/** What the checks ask. */
export interface DoctorDeps {
  readonly scicat: ScicatProbe;
  readonly globus: GlobusProbe;
  readonly dataFolder: DataFolderProbe;
  readonly places: Places;
  /** The user that asks, in words. */
  readonly user: string;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What is asked when nothing but the configuration is known. */
export function checksWithoutConfig(reading: ConfigReading): readonly Check[] {
  const configuration = configurationCheck(reading);
  const rest: Check = {
    check: 'everything-else',
    subject: 'SciCat, Globus, data folder',
    needs: [configuration],
    run: () => Promise.resolve(ok('')),
  };
  return [configuration, rest];
}

/** All that is asked, in order. */
export function allChecks(
  reading: ConfigReading,
  config: AppConfig,
  surroundings: DoctorDeps,
  options: { readonly write: boolean },
): readonly Check[] {
  const { scicat, globus, dataFolder } = surroundings;
  const { secrets } = config;
  const shared = { ...surroundings, ...options };
  return [
    configurationCheck(reading),
    ...scicatChecks({
      ...shared,
      probe: scicat,
      scicatUrl: config.scicatUrl,
      creator: secrets.scicatServiceUser.username,
      updater: secrets.scicatUpdateUser?.username,
    }),
    ...globusChecks({
      ...shared,
      ...config.globus,
      probe: globus,
      clientId: secrets.globusClientId,
      facilities: config.facilities,
    }),
    ...dataFolderChecks({ ...shared, probe: dataFolder, dataDir: config.dataDir }),
  ];
}
