import type { Identities, Identity } from '../ports/identities.port.js';
import { AccessDeniedError, UnauthenticatedError } from '../errors/request.errors.js';
import { isMasked } from '../domain/masking.js';
import type { ScicatApi } from './scicat-api.js';
import { failureOf, malformed } from './scicat-error.js';
import { readIdentity } from './scicat.wire.js';

/** What {@link ScicatIdentities} is made of. */
interface ScicatIdentitiesOptions {
  readonly api: ScicatApi;
}

/**
 * Well below the 30 s after which SciCat answers 401 to a good token while its database is down:
 * that must show as trouble at SciCat, not as a bad token.
 */
const TIMEOUT_MS = 8_000;

/** Who a token belongs to, by SciCat's identity route, which exists in version 3 only. */
export class ScicatIdentities implements Identities {
  constructor(private readonly options: ScicatIdentitiesOptions) {}

  async identify(userToken: string, signal?: AbortSignal): Promise<Identity> {
    const operation = 'identify user';
    const answer = await this.options.api.call(
      {
        operation,
        safety: 'safe',
        method: 'GET',
        path: 'api/v3/users/my/identity',
        timeoutMs: TIMEOUT_MS,
        deadlineMs: TIMEOUT_MS,
        signal,
      },
      userToken,
    );
    if (answer.status === 401 || answer.status === 403) throw unknownToken();
    if (answer.status !== 200) {
      throw failureOf(answer, { operation, badRequest: 'refused', forbidden: 'refused' });
    }
    // Not SciCat's, but the page of something in between; the token may well be good.
    if (typeof answer.body === 'string') throw malformed(answer, operation);
    const identity = readIdentity(answer.body);
    if (identity === undefined) throw unknownToken();
    if (isMasked(identity.username)) throw hiddenName();
    return identity;
  }
}

/** All users whose names are hidden would have one name, and see and cancel each other's transfers. */
function hiddenName(): AccessDeniedError {
  return new AccessDeniedError(
    'SciCat hides your user name from this service, because it looks like an e-mail address and personal information is masked. Ask the SciCat administrators to let this service see it.',
  );
}

function unknownToken(): UnauthenticatedError {
  return new UnauthenticatedError(
    'SciCat does not accept this token. It is wrong or has expired; log in at SciCat again and use the new token.',
  );
}
