import type { AppConfig } from '../config/app-config.js';
import { ServiceAccountError, UpstreamError } from '../errors/upstream.errors.js';
import { broken, type Check, type DoctorDeps, ok, once, type Verdict } from './check.js';
import { clockCheck } from './clock-check.js';
import { facilityChecks } from './facility-checks.js';
import { failureOf, isUnreachable, markOf, REACHABILITY } from './failures.js';
import type { SettingLocations } from './setting-locations.js';

type GlobusDeps = Pick<DoctorDeps, 'globus' | 'settings' | 'write' | 'pause'>;

/** All checks of Globus, in order. */
export function globusChecks(
  { globus, secrets, facilities }: Pick<AppConfig, 'globus' | 'secrets' | 'facilities'>,
  deps: GlobusDeps,
): readonly Check[] {
  const { globusClientId: clientId } = secrets;
  const login: Check = {
    check: 'globus-login',
    subject: clientId,
    needs: [],
    run: (signal) => loginVerdict(globus.authUrl, deps, signal),
  };
  const aheadMs = once((signal) => deps.globus.reachTransfer(signal));
  const transfer: Check = {
    check: 'globus-transfer',
    subject: globus.transferUrl,
    needs: [login],
    run: (signal) => transferVerdict(aheadMs(signal), deps.settings),
  };
  return [
    login,
    transfer,
    clockCheck('globus-clock', 'Globus', [transfer], aheadMs),
    ...facilities.flatMap((facility, index) =>
      facilityChecks({ facility, at: `facilities[${index}]`, clientId, needs: [transfer] }, deps),
    ),
  ];
}

async function loginVerdict(
  authUrl: string,
  { globus: probe, settings }: GlobusDeps,
  signal: AbortSignal,
): Promise<Verdict> {
  try {
    const reading = await probe.requestToken([], signal);
    if (reading.kind === 'given') return ok('Globus Auth issued a token.');
    return broken(
      `Globus Auth does not grant this client the Globus Transfer scope (${reading.mark}).`,
      'Check in the developer settings of Globus that GLOBUS_CLIENT_ID is a confidential client ("service account").',
    );
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (error instanceof ServiceAccountError) {
      return broken(
        `Globus Auth rejects the client (${markOf(error)}).`,
        'Correct GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET (or GLOBUS_CLIENT_SECRET_FILE). Secrets are created, shown once and revoked in the developer settings of Globus.',
      );
    }
    return broken(
      `Globus Auth (${authUrl}) ${failureOf(error)}.`,
      adviceToReach('globus.authUrl', settings, error),
    );
  }
}

async function transferVerdict(
  answer: Promise<unknown>,
  settings: SettingLocations,
): Promise<Verdict> {
  try {
    await answer;
    return ok('Globus Transfer accepts the token.');
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (error instanceof ServiceAccountError) {
      return broken(
        `Globus Transfer rejects the token that Globus Auth has just issued (${markOf(error)}).`,
        `Check that ${settings.of('globus.authUrl')} and globus.transferUrl belong together.`,
      );
    }
    return broken(
      `Globus Transfer ${failureOf(error)}.`,
      adviceToReach('globus.transferUrl', settings, error),
    );
  }
}

function adviceToReach(path: string, settings: SettingLocations, error: UpstreamError): string {
  const setting = settings.isSet(path) ? settings.of(path) : undefined;
  if (isUnreachable(error)) {
    return `Check ${setting === undefined ? '' : `${setting}, and `}${REACHABILITY}`;
  }
  return setting === undefined
    ? 'Try again later; status.globus.org reports outages.'
    : `Check ${setting}, or remove it to use the public Globus service. If it is correct, try again later.`;
}
