import { UnauthenticatedError } from '../errors/request.errors.js';
import type { Caller } from './caller.js';
import type { Identities, Identity } from '../ports/identities.port.js';
import type { LoginLimit } from './login-limit.js';
import { readScicatToken, type RequestHeaders } from './scicat-token.js';
import type { TokenMemory } from './token-memory.js';

/** What an {@link Authenticator} is made of. */
export interface AuthenticatorOptions {
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

/**
 * Finds out who makes a request, from its headers alone: requests may be long, and nobody's body is
 * read before they are known. SciCat is asked each time, since a group that was taken from somebody
 * must count at once; only requests with the same token at the same moment share one question.
 *
 * Strangers can't use this to flood SciCat: a token that it refused a moment ago is refused without
 * a question, and an address with too many wrong tokens is told to wait. Tokens that were accepted
 * before are not held up by that, so that people do not suffer from others behind the same address.
 */
export class Authenticator {
  private readonly underWay = new Map<string, Promise<Identity>>();

  constructor(private readonly options: AuthenticatorOptions) {}

  /**
   * @param onAsked called, perhaps twice, once SciCat may be asked more on behalf of the token: when
   *   it is being asked whose it is. Where an unknown token comes many times at once that counts for
   *   one of them, and for the others when it was accepted.
   * @throws UnauthenticatedError when there is no token that SciCat accepts
   * @throws TooManyFailedLoginsError when SciCat is not asked, for there were too many of those
   * @throws UpstreamError when SciCat can't be asked
   */
  async authenticate(
    { headers, ip }: AuthenticationRequest,
    onAsked: () => void = () => undefined,
  ): Promise<Omit<Caller, 'requestId'>> {
    const token = readScicatToken(headers);
    if (this.options.tokens.wasAccepted(token)) {
      onAsked();
      return { identity: await this.shared(token, () => this.ask(token)), token };
    }
    const identity = await this.shared(`${ip ?? ''} ${token}`, () =>
      this.attempt(token, ip, onAsked),
    );
    onAsked();
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

  /** A token that nobody has vouched for yet. */
  private async attempt(
    token: string,
    ip: string | undefined,
    onAsked: () => void,
  ): Promise<Identity> {
    const attempt = await this.options.limit.begin(ip);
    try {
      const refusal = this.options.tokens.refusal(token);
      if (refusal !== undefined) throw new UnauthenticatedError(refusal);
      onAsked();
      const identity = await this.ask(token);
      attempt.pass();
      return identity;
    } catch (error) {
      if (error instanceof UnauthenticatedError) attempt.fail();
      else attempt.pass();
      throw error;
    }
  }

  private async ask(token: string): Promise<Identity> {
    const { identities, tokens } = this.options;
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
