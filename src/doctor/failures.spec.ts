import { describe, expect, it } from '@jest/globals';
import { accountRefused, rejected, timeout } from '../../test/support/upstream-failures.js';
import { UpstreamMalformedError, UpstreamUnavailableError } from '../errors/upstream.errors.js';
import { deedOf, generalFailure, markOf } from './failures.js';

const SECRET = 'upstream words with a secret';

const unavailable = (options: Partial<ConstructorParameters<typeof UpstreamUnavailableError>[2]>) =>
  new UpstreamUnavailableError('Globus', 'No.', {
    outcomeUnclear: false,
    upstreamMessage: SECRET,
    ...options,
  });
/** As the transport's errors are. */
const network = (code: string) => new Error(`The service could not be reached (${code}).`);

describe('what is told of a failed call', () => {
  it.each([
    [
      'a refused connection',
      unavailable({ cause: network('ECONNREFUSED') }),
      "can't be reached (ECONNREFUSED)",
    ],
    [
      'a broken one',
      unavailable({ outcomeUnclear: true, cause: network('ECONNRESET') }),
      'breaks the connection (ECONNRESET)',
    ],
    ['no answer', timeout(), 'does not answer in time'],
    [
      'a login that got no answer',
      unavailable({ cause: unavailable({ cause: network('ENOTFOUND') }) }),
      "can't be reached (ENOTFOUND)",
    ],
    [
      'an answer with a code',
      unavailable({ status: 502, upstreamCode: 'EndpointError', upstreamRequestId: 'x1' }),
      'answers with status 502, EndpointError, request x1',
    ],
    ['nonsense', new UpstreamMalformedError('Globus', 'No.'), 'gives no answer that makes sense'],
  ])('%s', (_what, error, deed) => {
    expect(deedOf(error)).toBe(deed);
  });

  it('nothing of an upstream’s own words, not even in place of a code', () => {
    const error = unavailable({ status: 500, upstreamCode: SECRET, upstreamRequestId: SECRET });
    expect(markOf(error)).toBe('status 500');
    expect(JSON.stringify(generalFailure(error))).not.toContain('secret');
  });

  it.each([
    [timeout(), 'check the network between this machine and SciCat'],
    [rejected(418, 'Globus'), 'ask the administrators of Globus'],
    [accountRefused(), 'lacks a right at SciCat'],
  ])('and what to do: %s', (error, advice) => {
    expect(generalFailure(error).advice).toContain(advice);
  });
});
