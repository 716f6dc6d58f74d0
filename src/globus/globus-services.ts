import type { AppConfig } from '../config/app-config.js';
import { GlobusApi, type GlobusDeps } from './globus-api.client.js';
import { GlobusTransfersClient } from './globus-transfers.client.js';

/** The part of the configuration that says where Globus is and who the service is there. */
export type GlobusConfig = Pick<AppConfig, 'globus' | 'secrets'>;

/** Everything that talks to Globus, with one set of tokens. */
export interface GlobusServices {
  readonly api: GlobusApi;
  readonly transfers: GlobusTransfersClient;
}

/**
 * Composes the Globus adapters, for the service and the command line alike. Sends nothing itself.
 *
 * @param config of the start: Globus shows a task only to the account that submitted it, so neither
 *   addresses nor account may change under running transfers
 */
export function globusServices(
  { globus, secrets }: GlobusConfig,
  deps: GlobusDeps,
): GlobusServices {
  const { authUrl, transferUrl } = globus;
  const { globusClientId: clientId, globusClientSecret } = secrets;
  const clientSecret = globusClientSecret.reveal();
  const api = new GlobusApi({ authUrl, transferUrl, clientId, clientSecret }, deps);
  return { api, transfers: new GlobusTransfersClient({ api, clientId, clock: deps.clock }) };
}
