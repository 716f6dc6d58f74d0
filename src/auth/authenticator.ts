import type { Caller } from './caller.js';
import type { Identities, Identity } from './identity.port.js';
import { readScicatToken, type RequestHeaders } from './scicat-token.js';

/**
 * Finds out who makes a request, from its headers alone: requests may be long, and nobody's body is
 * read before they are known. SciCat is asked each time, since a group that was taken from somebody
 * must count at once; only requests with the same token at the same moment share one question.
 */
export class Authenticator {
  private readonly underWay = new Map<string, Promise<Identity>>();

  constructor(private readonly identities: Identities) {}

  /**
   * @throws UnauthenticatedError when there is no token that SciCat accepts
   * @throws UpstreamError when SciCat can't be asked
   */
  async authenticate(headers: RequestHeaders): Promise<Omit<Caller, 'requestId'>> {
    const token = readScicatToken(headers);
    return { identity: await this.identify(token), token };
  }

  private identify(token: string): Promise<Identity> {
    const asked = this.underWay.get(token);
    if (asked !== undefined) return asked;
    const question = this.identities.identify(token).finally(() => {
      this.underWay.delete(token);
    });
    this.underWay.set(token, question);
    return question;
  }
}
