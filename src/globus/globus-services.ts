import type { AppConfig } from '../config/app-config.js';
import type { UpstreamDeps } from '../http-client/upstream-caller.js';
import { GlobusApi } from './globus-api.client.js';
import { GlobusTransfersClient } from './globus-transfers.client.js';

/** The settings that hold Globus's addresses and the service's account. */
export type GlobusConfig = Pick<AppConfig, 'globus' | 'secrets'>;

/** The Globus adapters, which share one set of tokens. */
export type GlobusServices = ReturnType<typeof globusServices>;

/**
 * Composes the Globus adapters, for both the service and the command line. Sends nothing.
 *
 * @param config the one at startup: Globus shows a task only to the account that submitted it, so
 *   neither may change while transfers run
 */
export function globusServices({ globus, secrets }: GlobusConfig, deps: UpstreamDeps) {
  const { authUrl, transferUrl } = globus;
  const { globusClientId: clientId, globusClientSecret } = secrets;
  const clientSecret = globusClientSecret.reveal();
  const api = new GlobusApi({ authUrl, transferUrl, clientId, clientSecret }, deps);
  return { api, transfers: new GlobusTransfersClient({ api, clientId, clock: deps.clock }) };
}
