import { ServiceAccountError, UpstreamError } from '../errors/upstream.errors.js';
import type { Facility } from '../facilities/facility.js';
import { broken, type Check, ok, once, type Verdict } from './check.js';
import { clockCheck } from './clock-check.js';
import { facilityChecks } from './facility-checks.js';
import { failureOf, isUnreachable, markOf, REACHABILITY } from './failures.js';
import type { GlobusProbe } from './probes/globus-probe.js';
import type { SettingLocations } from './setting-locations.js';

/** What the checks of Globus work with. */
export interface GlobusChecksDeps {
  readonly authUrl: string;
  readonly transferUrl: string;
  readonly clientId: string;
  /** In the order of the configuration file. */
  readonly facilities: readonly Facility[];
  readonly settings: SettingLocations;
  readonly probe: GlobusProbe;
  /** Whether folders may be created and deleted on destinations. */
  readonly write: boolean;
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** All checks of Globus, in order. */
export function globusChecks(deps: GlobusChecksDeps): readonly Check[] {
  const { transferUrl, clientId, probe } = deps;
  const login: Check = {
    check: 'globus-login',
    subject: clientId,
    needs: [],
    run: (signal) => loginVerdict(deps, signal),
  };
  const aheadMs = once((signal) => probe.reachTransfer(signal));
  const transfer: Check = {
    check: 'globus-transfer',
    subject: transferUrl,
    needs: [login],
    run: (signal) => transferVerdict(aheadMs(signal), deps.settings),
  };
  return [
    login,
    transfer,
    clockCheck('globus-clock', 'Globus', [transfer], aheadMs),
    ...deps.facilities.flatMap((facility, index) =>
      facilityChecks({ ...deps, facility, at: `facilities[${index}]`, needs: [transfer] }),
    ),
  ];
}

async function loginVerdict(
  { probe, authUrl, settings }: GlobusChecksDeps,
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
