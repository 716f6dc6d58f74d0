import type { AppConfig } from '../config/app-config.js';
import { ServiceAccountError, type UpstreamError } from '../errors/upstream.errors.js';
import { broken, type Check, ok, once, type Verdict } from './check.js';
import { clockCheck } from './clock-check.js';
import { facilityChecks, type GlobusDeps } from './facility-checks.js';
import { failureOf, isUnreachable, markOf, reachabilityAdvice } from './failures.js';
import type { SettingLocations } from './setting-locations.js';

/** All checks of Globus, in order. */
export function globusChecks(
  { globus, secrets, facilities }: Pick<AppConfig, 'globus' | 'secrets' | 'facilities'>,
  deps: GlobusDeps,
): readonly Check[] {
  const { globus: probe, settings } = deps;
  const { globusClientId: clientId } = secrets;
  const login: Check = {
    check: 'globus-login',
    subject: clientId,
    needs: [],
    run: async (signal) => {
      const reading = await probe.requestToken([], signal);
      if (reading.kind === 'given') return ok('Globus Auth issued a token.');
      return broken(
        `Globus Auth does not grant this client the Globus Transfer scope (${reading.mark}).`,
        'Check in the developer settings of Globus that GLOBUS_CLIENT_ID is a confidential client ("service account").',
      );
    },
    onFailure: (error) =>
      error instanceof ServiceAccountError
        ? broken(
            `Globus Auth rejects the client (${markOf(error)}).`,
            'Correct GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET (or GLOBUS_CLIENT_SECRET_FILE). Secrets are created, shown once and revoked in the developer settings of Globus.',
          )
        : noService(`Globus Auth (${globus.authUrl})`, 'globus.authUrl', settings, error),
  };
  const aheadMs = once((signal) => probe.reachTransfer(signal));
  const transfer: Check = {
    check: 'globus-transfer',
    subject: globus.transferUrl,
    needs: [login],
    run: async (signal) => {
      await aheadMs(signal);
      return ok('Globus Transfer accepts the token.');
    },
    onFailure: (error) =>
      error instanceof ServiceAccountError
        ? broken(
            `Globus Transfer rejects the token that Globus Auth has just issued (${markOf(error)}).`,
            `Check that ${settings.of('globus.authUrl')} and globus.transferUrl belong together.`,
          )
        : noService('Globus Transfer', 'globus.transferUrl', settings, error),
  };
  return [
    login,
    transfer,
    clockCheck('globus-clock', 'Globus', [transfer], aheadMs),
    ...facilities.flatMap((facility, index) =>
      facilityChecks(facility, `facilities[${index}]`, clientId, [transfer], deps),
    ),
  ];
}

/** @param path of the setting that holds the service's address */
function noService(
  service: string,
  path: string,
  settings: SettingLocations,
  error: UpstreamError,
): Verdict {
  const setting = settings.isSet(path) ? settings.of(path) : undefined;
  const advice = isUnreachable(error)
    ? reachabilityAdvice(error, setting)
    : setting === undefined
      ? 'Try again later; status.globus.org reports outages.'
      : `Check ${setting}, or remove it to use the public Globus service. If it is correct, try again later.`;
  return broken(`${service} ${failureOf(error)}.`, advice);
}
