import { UnauthenticatedError } from '../errors/request.errors.js';

/** Header fields of a request, with lower-case names. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Header that holds the token as it is. */
export const TOKEN_HEADER = 'SciCat-API-Key';

/** SciCat itself accepts no more than 16 KB for all headers together. */
const LONGEST_TOKEN_LENGTH = 8 * 1024;
const PRINTABLE_WITHOUT_SPACES = /^[\x21-\x7e]+$/;
const BEARER = /^bearer +(?<token>.*)$/i;

/**
 * The SciCat token of a request: in `SciCat-API-Key`, or as `Authorization: Bearer`. An empty header
 * counts as none, and other kinds of `Authorization` belong to somebody else (a proxy in between).
 *
 * @throws UnauthenticatedError when there is none, when there are two that differ, or when it can't
 *   be a token
 */
export function readScicatToken(headers: RequestHeaders): string {
  const key = textOf(headers[TOKEN_HEADER.toLowerCase()]);
  const bearer = BEARER.exec(textOf(headers['authorization']))?.groups?.['token']?.trim() ?? '';
  if (key !== '' && bearer !== '' && key !== bearer) {
    throw new UnauthenticatedError(
      `The headers ${TOKEN_HEADER} and Authorization hold different tokens. Send the SciCat token in one of them only.`,
    );
  }
  const token = key === '' ? bearer : key;
  if (token === '') {
    throw new UnauthenticatedError(
      `There is no SciCat token with this request. Send it in the header ${TOKEN_HEADER}.`,
    );
  }
  if (token.length > LONGEST_TOKEN_LENGTH || !PRINTABLE_WITHOUT_SPACES.test(token)) {
    throw new UnauthenticatedError(
      `What this request carries can't be a SciCat token: it is too long, or has spaces or special characters in it. Send the token as SciCat shows it, in ${TOKEN_HEADER} without the word "Bearer".`,
    );
  }
  return token;
}

/** A header sent several times is joined, and then can't be a token. */
function textOf(value: string | readonly string[] | undefined): string {
  return (typeof value === 'string' ? value : (value ?? []).join(', ')).trim();
}
