import { UnauthenticatedError } from '../errors/request.errors.js';
import type { Caller } from './caller.js';
import type { Identities, Identity } from '../ports/identities.port.js';
import type { LoginLimit } from './login-limit.js';
import { readScicatToken, type RequestHeaders } from './scicat-token.js';
import type { TokenMemory } from './token-memory.js';

/** Collaborators of an {@link Authenticator}. */
export interface AuthenticatorDeps {
  readonly identities: Identities;
  readonly tokens: TokenMemory;
  readonly limit: LoginLimit;
}

/** A request before its body is read. */
export interface AuthenticationRequest {
  readonly headers: RequestHeaders;
  /** The caller's address. */
  readonly ip?: string | undefined;
}

type OnAsked = (token: string) => void;

/**
 * Authenticates requests by their headers alone, before any body is read. SciCat is asked each time,
 * so that a revoked group membership counts at once; only simultaneous requests with the same token
 * share a call.
 *
 * This can't be used to flood SciCat: a token it refused within the last minute is refused without
 * asking again, and an address that sends too many invalid tokens has to wait. Tokens accepted before are exempt, so
 * that users do not suffer from others behind the same address.
 */
export class Authenticator {
  private readonly pending = new Map<string, Promise<Identity>>();

  constructor(private readonly deps: AuthenticatorDeps) {}

  /**
   * @param onAsked called, possibly twice, as soon as more calls to SciCat may be made with the token:
   *   when its identity is requested, or for requests that share the call with an unknown token, when
   *   the token is accepted
   * @throws UnauthenticatedError when there is no token that SciCat accepts
   * @throws TooManyFailedLoginsError when too many of the address's tokens were invalid
   * @throws UpstreamError when SciCat can't be asked
   */
  async authenticate(
    { headers, ip }: AuthenticationRequest,
    onAsked: OnAsked = () => undefined,
  ): Promise<Omit<Caller, 'requestId'>> {
    const token = readScicatToken(headers);
    const refusal = this.deps.tokens.refusal(token);
    // It has counted as a failure already.
    if (refusal !== undefined) throw new UnauthenticatedError(refusal);
    const known = this.deps.tokens.ownerOf(token) !== undefined;
    const asked = known
      ? this.shared(token, () => this.ask(token))
      : this.shared(`${ip ?? ''} ${token}`, () => this.attempt(token, ip, onAsked));
    if (known) onAsked(token);
    const identity = await asked;
    onAsked(token);
    return { identity, token };
  }

  /** Whose token the request carries, if SciCat accepted it before. Does not ask SciCat. */
  probableUser(headers: RequestHeaders): string | undefined {
    try {
      return this.deps.tokens.ownerOf(readScicatToken(headers));
    } catch {
      return undefined;
    }
  }

  private shared(key: string, begin: () => Promise<Identity>): Promise<Identity> {
    const pending = this.pending.get(key) ?? begin().finally(() => this.pending.delete(key));
    this.pending.set(key, pending);
    return pending;
  }

  /** For a token that SciCat has not accepted before. */
  private async attempt(
    token: string,
    ip: string | undefined,
    onAsked: OnAsked,
  ): Promise<Identity> {
    const attempt = await this.deps.limit.begin(ip);
    const refusal = this.deps.tokens.refusal(token);
    if (refusal !== undefined) {
      // Refused, and counted, while this attempt waited.
      attempt.pass();
      throw new UnauthenticatedError(refusal);
    }
    try {
      const asked = this.ask(token);
      onAsked(token);
      const identity = await asked;
      attempt.pass();
      return identity;
    } catch (error) {
      if (error instanceof UnauthenticatedError) attempt.fail();
      else attempt.pass();
      throw error;
    }
  }

  private async ask(token: string): Promise<Identity> {
    const { identities, tokens } = this.deps;
    try {
      const identity = await identities.identify(token);
      tokens.accept(token, identity.username);
      return identity;
    } catch (error) {
      if (error instanceof UnauthenticatedError) tokens.refuse(token, error.message);
      throw error;
    }
  }
}
