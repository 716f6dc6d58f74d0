import { getConfigToken } from '@nestjs/config';

/** The one namespace under which the typed configuration is registered with `@nestjs/config`. */
export const CONFIG_NAMESPACE = 'scicatGlobusProxy';

/**
 * Injection token of the configuration that the service started with. Only `ConfigSnapshots` and
 * what can't change without a restart (port, data folder) may ask for it.
 */
export const CONFIG_NAMESPACE_KEY = getConfigToken(CONFIG_NAMESPACE);
