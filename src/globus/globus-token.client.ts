import {
  ServiceAccountError,
  UpstreamMalformedError,
  UpstreamUnavailableError,
} from '../errors/upstream.errors.js';
import type { UpstreamAnswer, UpstreamCaller } from '../http-client/upstream-caller.js';
import { factsOf } from './globus-error.js';
import { readError, readToken, type WireToken } from './globus.wire.js';

const TRANSFER_RESOURCE_SERVER = 'transfer.api.globus.org';

/** Globus Auth's codes for a scope that does not exist, or not for this account. */
const SCOPE_CODES: ReadonlySet<string | undefined> = new Set([
  'UNKNOWN_SCOPE_ERROR',
  'invalid_scope',
]);

/** Whether only the requested scopes were refused, so that the account still works with others. */
export function isScopeRefusal(error: ServiceAccountError): boolean {
  return SCOPE_CODES.has(error.upstreamCode);
}

/** Requests access tokens for the service's own account, by client credentials. */
export class GlobusTokenClient {
  // Truly private: printing this object must not reveal the secret.
  readonly #authorization: string;
  private readonly url: string;

  constructor(
    private readonly caller: UpstreamCaller,
    options: { readonly authUrl: string; readonly clientId: string; readonly clientSecret: string },
  ) {
    // Without the URL encoding that RFC 6749 requires, as in Globus's own clients.
    const credentials = Buffer.from(`${options.clientId}:${options.clientSecret}`, 'utf8');
    this.#authorization = `Basic ${credentials.toString('base64')}`;
    this.url = `${options.authUrl}/v2/oauth2/token`;
  }

  /**
   * A new token for Globus Transfer with these scopes.
   *
   * @throws ServiceAccountError when Globus Auth refuses the account or a scope ({@link isScopeRefusal})
   * @throws UpstreamTimeoutError, UpstreamUnavailableError, UpstreamMalformedError
   */
  async fetch(scope: string): Promise<WireToken> {
    const answer = await this.caller.call({
      operation: 'get token',
      // An extra token does no harm.
      safety: 'safe',
      method: 'POST',
      url: this.url,
      headers: { Authorization: this.#authorization },
      body: {
        contentType: 'application/x-www-form-urlencoded',
        body: new URLSearchParams({ grant_type: 'client_credentials', scope }).toString(),
      },
    });
    if (answer.status !== 200) throw refusal(answer);
    const token = readToken(answer.body, TRANSFER_RESOURCE_SERVER);
    if (token !== undefined) return token;
    throw new UpstreamMalformedError(
      'Globus',
      'Globus Auth returned no token for Globus Transfer. Please try again later; if the problem persists, an operator must check globus.authUrl and the scopes in the configuration.',
      { status: answer.status },
    );
  }
}

function refusal({ status, body }: UpstreamAnswer): Error {
  const error = readError(body);
  const { code } = error;
  const facts = factsOf({ ...error, status });
  if (status === 429 || status >= 500) {
    return new UpstreamUnavailableError(
      'Globus',
      `Globus Auth is temporarily unavailable (status ${status}). Please try again in a few minutes.`,
      { ...facts, outcomeUnclear: false },
    );
  }
  if (status < 400) {
    return new UpstreamMalformedError(
      'Globus',
      `Globus Auth sent an unexpected response (status ${status}). An operator must check globus.authUrl in the configuration.`,
      facts,
    );
  }
  const named = code === undefined ? `status ${status}` : `${code}, status ${status}`;
  return new ServiceAccountError(
    'Globus',
    SCOPE_CODES.has(code)
      ? `Globus Auth does not know a scope that this transfer's collections need (${named}). An operator must check the scopes of both facilities: guest and high-assurance collections have no data_access scope.`
      : `Globus Auth refuses the service's Globus client (${named}). An operator must check GLOBUS_CLIENT_ID and GLOBUS_CLIENT_SECRET.`,
    facts,
  );
}
