import type { Identities, Identity } from '../ports/identities.port.js';
import { AccessDeniedError } from '../errors/request.errors.js';
import { isMasked } from '../domain/masking.js';
import type { ScicatApi } from './scicat-api.js';
import { failureOf, malformed, tokenRefused } from './scicat-error.js';
import { readIdentity } from './scicat.wire.js';

/**
 * Well below the 30 s after which SciCat answers 401 to a valid token while its database is down:
 * that must be reported as a problem of SciCat, not of the token.
 */
const TIMEOUT_MS = 8_000;

/** Identifies users through SciCat's identity route, which exists in version 3 of its API only. */
export class ScicatIdentities implements Identities {
  constructor(private readonly api: ScicatApi) {}

  async identify(userToken: string, signal?: AbortSignal): Promise<Identity> {
    const operation = 'identify user';
    const answer = await this.api.call(
      {
        operation,
        safety: 'safe',
        method: 'GET',
        path: 'api/v3/users/my/identity',
        answer: 'identity',
        timeoutMs: TIMEOUT_MS,
        deadlineMs: TIMEOUT_MS,
        signal,
      },
      userToken,
    );
    if (answer.status === 401 || answer.status === 403) throw tokenRefused();
    if (answer.status !== 200) throw failureOf(answer, operation);
    // The page of a proxy in front of SciCat; the token may well be valid.
    if (typeof answer.body === 'string') throw malformed(answer, operation);
    const identity = readIdentity(answer.body);
    if (identity === undefined) throw tokenRefused();
    if (isMasked(identity.username)) throw hiddenName();
    return identity;
  }
}

/** Users with hidden names would share one name, and see and cancel each other's transfers. */
function hiddenName(): AccessDeniedError {
  return new AccessDeniedError(
    'SciCat hides your user name from this service, because it looks like an e-mail address and personal information is masked. Ask the SciCat administrators to let this service see it.',
  );
}
