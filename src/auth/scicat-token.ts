import { UnauthenticatedError } from '../errors/request.errors.js';

/** Headers of a request, with lower-case names. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Header that contains the bare token. */
export const TOKEN_HEADER = 'SciCat-API-Key';

/** SciCat itself accepts at most 16 KB of headers. */
const LONGEST_TOKEN_LENGTH = 8 * 1024;
const PRINTABLE_WITHOUT_SPACES = /^[\x21-\x7e]+$/;
const BEARER = /^bearer (?<token>.*)$/i;

/**
 * The SciCat token of a request, from `SciCat-API-Key` or `Authorization: Bearer`. Empty headers and
 * other schemes of `Authorization`, which may be meant for a proxy, are ignored.
 *
 * @throws UnauthenticatedError when there is none, there are two different ones, or it is malformed
 */
export function readScicatToken(headers: RequestHeaders): string {
  const key = textOf(headers[TOKEN_HEADER.toLowerCase()]);
  const bearer = BEARER.exec(textOf(headers['authorization']))?.groups?.['token']?.trim() ?? '';
  if (key !== '' && bearer !== '' && key !== bearer) {
    throw new UnauthenticatedError(
      `The headers ${TOKEN_HEADER} and Authorization contain different tokens. Send the SciCat token in only one of them.`,
    );
  }
  const token = key === '' ? bearer : key;
  if (token === '') {
    throw new UnauthenticatedError(
      `No SciCat token provided. Send it in the header ${TOKEN_HEADER}.`,
    );
  }
  if (token.length > LONGEST_TOKEN_LENGTH || !PRINTABLE_WITHOUT_SPACES.test(token)) {
    throw new UnauthenticatedError(
      `The SciCat token is malformed: it is too long, or contains spaces or special characters. Send the token exactly as SciCat shows it, in ${TOKEN_HEADER} without the word "Bearer".`,
    );
  }
  return token;
}

/** A header sent several times is joined, which makes the token malformed. */
function textOf(value: string | readonly string[] | undefined): string {
  return (typeof value === 'string' ? value : (value ?? []).join(', ')).trim();
}
