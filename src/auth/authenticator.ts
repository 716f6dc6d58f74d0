import { UnauthenticatedError } from '../errors/request.errors.js';
import type { Caller } from './caller.js';
import type { Identities, Identity } from '../ports/identities.port.js';
import type { LoginLimit } from './login-limit.js';
import { readScicatToken, type RequestHeaders } from './scicat-token.js';
import type { TokenMemory } from './token-memory.js';

/** What an {@link Authenticator} works with. */
export interface AuthenticatorDeps {
  readonly identities: Identities;
  readonly tokens: TokenMemory;
  readonly limit: LoginLimit;
}

/** What is known of a request before its body is read. */
export interface AuthenticationRequest {
  readonly headers: RequestHeaders;
  /** The caller's address. */
  readonly ip?: string | undefined;
}

type OnAsked = (token: string) => void;

/**
 * Finds out who makes a request, from its headers alone: a body may be long, and is not read before
 * its sender is known. SciCat is asked each time, since a group that was withdrawn must count at
 * once; only requests with the same token at the same moment share one question.
 *
 * Strangers can't use this to flood SciCat: a token that it refused a moment ago is refused without
 * a question, and an address with too many wrong tokens is told to wait. That does not hold up tokens
 * that were accepted before, so that users do not suffer from others behind the same address.
 */
export class Authenticator {
  private readonly underWay = new Map<string, Promise<Identity>>();

  constructor(private readonly deps: AuthenticatorDeps) {}

  /**
   * @param onAsked called, perhaps twice, once SciCat may be asked more on behalf of the token: when
   *   it is being asked whose it is. Of many requests with one unknown token at the same time that is
   *   so for one, and for the others when the token was accepted.
   * @throws UnauthenticatedError when there is no token that SciCat accepts
   * @throws TooManyFailedLoginsError when SciCat is not asked, for there were too many of those
   * @throws UpstreamError when SciCat can't be asked
   */
  async authenticate(
    { headers, ip }: AuthenticationRequest,
    onAsked: OnAsked = () => undefined,
  ): Promise<Omit<Caller, 'requestId'>> {
    const token = readScicatToken(headers);
    const known = this.deps.tokens.wasAccepted(token);
    const asked = known
      ? this.shared(token, () => this.ask(token))
      : this.shared(`${ip ?? ''} ${token}`, () => this.attempt(token, ip, onAsked));
    if (known) onAsked(token);
    const identity = await asked;
    onAsked(token);
    return { identity, token };
  }

  private shared(key: string, begin: () => Promise<Identity>): Promise<Identity> {
    const asked = this.underWay.get(key);
    if (asked !== undefined) return asked;
    const question = begin().finally(() => {
      this.underWay.delete(key);
    });
    this.underWay.set(key, question);
    return question;
  }

  /** Asks for a token that SciCat has not accepted yet. */
  private async attempt(
    token: string,
    ip: string | undefined,
    onAsked: OnAsked,
  ): Promise<Identity> {
    const attempt = await this.deps.limit.begin(ip);
    try {
      const refusal = this.deps.tokens.refusal(token);
      if (refusal !== undefined) throw new UnauthenticatedError(refusal);
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
      tokens.accept(token);
      return identity;
    } catch (error) {
      if (error instanceof UnauthenticatedError) tokens.refuse(token, error.message);
      throw error;
    }
  }
}
