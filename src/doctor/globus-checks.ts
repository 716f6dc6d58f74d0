import { ServiceAccountError, UpstreamError } from '../errors/upstream.errors.js';
import type { Facility } from '../facilities/facility.js';
import { broken, type Check, ok, type Verdict } from './check.js';
import { clockCheck } from './clock-check.js';
import { facilityChecks } from './facility-checks.js';
import { deedOf, isUnreachable, markOf } from './failures.js';
import { once } from './once.js';
import type { Places } from './places.js';
import type { GlobusProbe } from '../ports/globus-probe.port.js';

/** What is asked about Globus. */
export interface GlobusChecksDeps {
  readonly authUrl: string;
  readonly transferUrl: string;
  readonly clientId: string;
  /** In the order of the configuration file. */
  readonly facilities: readonly Facility[];
  readonly places: Places;
  readonly probe: GlobusProbe;
  /** Whether folders may be made and removed on destinations. */
  readonly write: boolean;
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** All that is checked at Globus, in order. */
export function globusChecks(input: GlobusChecksDeps): readonly Check[] {
  const { authUrl, transferUrl, clientId, places, probe } = input;
  const login: Check = {
    check: 'globus-login',
    subject: clientId,
    needs: [],
    run: (signal) => loginVerdict(probe, authUrl, places, signal),
  };
  const aheadMs = once((signal) => probe.reachTransfer(signal));
  const transfer: Check = {
    check: 'globus-transfer',
    subject: transferUrl,
    needs: [login],
    run: (signal) => transferVerdict(aheadMs, places, signal),
  };
  return [
    login,
    transfer,
    clockCheck('globus-clock', 'Globus', [transfer], aheadMs),
    ...input.facilities.flatMap((facility, index) =>
      facilityChecks({ ...input, facility, at: `facilities[${index}]`, needs: [transfer] }),
    ),
  ];
}

async function loginVerdict(
  probe: GlobusProbe,
  authUrl: string,
  places: Places,
  signal: AbortSignal,
): Promise<Verdict> {
  try {
    const reading = await probe.requestToken([], signal);
    if (reading.kind === 'given') return ok('Globus Auth gives this client a token.');
    return broken(
      `Globus Auth does not give this client the scope of Globus Transfer (${reading.mark}).`,
      'Check in the developer settings of Globus that GLOBUS_CLIENT_ID names a confidential client ("service account").',
    );
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (error instanceof ServiceAccountError) {
      return broken(
        `Globus Auth refuses the client (${markOf(error)}).`,
        'Correct GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET (or GLOBUS_CLIENT_SECRET_FILE). Secrets are made, shown once and withdrawn in the developer settings of Globus.',
      );
    }
    return broken(`Globus Auth (${authUrl}) ${deedOf(error)}.`, reach('authUrl', places, error));
  }
}

async function transferVerdict(
  askTransfer: (signal: AbortSignal) => Promise<unknown>,
  places: Places,
  signal: AbortSignal,
): Promise<Verdict> {
  try {
    await askTransfer(signal);
    return ok('Globus Transfer answers and accepts the token.');
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (error instanceof ServiceAccountError) {
      return broken(
        `Globus Transfer does not accept the token that Globus Auth has just given (${markOf(error)}).`,
        `Check that ${places.of('globus.authUrl')} and globus.transferUrl belong together.`,
      );
    }
    return broken(`Globus Transfer ${deedOf(error)}.`, reach('transferUrl', places, error));
  }
}

function reach(key: string, places: Places, error: UpstreamError): string {
  const path = `globus.${key}`;
  const setting = places.isSet(path) ? `Check ${places.of(path)}, and whether` : 'Check whether';
  return isUnreachable(error)
    ? `${setting} this machine gets there: name, port, certificate, firewall. Variables such as HTTPS_PROXY are not followed.`
    : places.isSet(path)
      ? `Check ${places.of(path)}; leave it out for Globus itself. Otherwise try again later.`
      : 'Try again later; status.globus.org tells of outages.';
}
