import { describe, expect, test } from '@jest/globals';
import { errorFacts, errorInWords } from './error-facts.js';
import { InvalidRequestError } from './request.errors.js';
import { UpstreamRejectedError, UpstreamUnavailableError } from './upstream.errors.js';

/** As the transport makes them; this room knows them by their name only. */
const refused = Object.assign(new Error('connect ECONNREFUSED'), { name: 'TransportError' });
const away = (cause: unknown) =>
  new UpstreamUnavailableError('SciCat', "SciCat can't be reached.", {
    outcomeUnclear: false,
    cause,
  });
const rejected = new UpstreamRejectedError('Globus', 'Globus refused.', {
  status: 403,
  upstreamCode: 'ConsentRequired',
  upstreamMessage: 'Missing scopes',
  upstreamRequestId: 'r7',
});

describe('what the log is told of an error', () => {
  test("the upstream's status, code, words and request id", () => {
    expect(errorFacts(rejected)).toEqual({
      code: 'UPSTREAM_REJECTED',
      reason: 'Globus refused.',
      upstream: 'Globus',
      upstreamStatus: 403,
      upstreamCode: 'ConsentRequired',
      upstreamMessage: 'Missing scopes',
      upstreamRequestId: 'r7',
    });
  });

  test('and those of the error that it came from', () => {
    const error = new InvalidRequestError('Not accepted.', { cause: rejected });
    expect(errorFacts(error)).toMatchObject({
      code: 'INVALID_REQUEST',
      cause: { upstreamCode: 'ConsentRequired' },
    });
  });

  test('how the network failed: refused, reset and unknown hosts need different hands', () => {
    expect(errorFacts(away(refused))).toMatchObject({ cause: 'connect ECONNREFUSED' });
    expect(errorFacts(new InvalidRequestError('No.', { cause: away(refused) }))).toMatchObject({
      cause: { cause: 'connect ECONNREFUSED' },
    });
  });

  test.each([
    ['an error that is not ours', new Error('GET https://user:secret@host failed')],
    ['something that only calls itself one', { name: 'TransportError', message: 'secret' }],
    ['nothing', undefined],
  ])('but not what %s says: it may hold a secret', (_what, cause) => {
    expect(errorFacts(away(cause))).not.toHaveProperty('cause');
    expect(errorInWords(away(cause))).toBe("SciCat can't be reached.");
  });
});

describe('an error in one line', () => {
  test.each<[string, unknown, string]>([
    [
      'what the upstream said',
      rejected,
      'Globus refused. (Globus said: ConsentRequired: Missing scopes)',
    ],
    ['how the network failed', away(refused), "SciCat can't be reached. (connect ECONNREFUSED)"],
    [
      'what the call before it said',
      away(rejected),
      "SciCat can't be reached. (Globus refused. (Globus said: ConsentRequired: Missing scopes))",
    ],
    [
      'how the call before it failed',
      away(away(refused)),
      "SciCat can't be reached. (SciCat can't be reached. (connect ECONNREFUSED))",
    ],
    [
      'its own words',
      new InvalidRequestError('Not accepted.', { cause: rejected }),
      'Not accepted.',
    ],
    ['a mistake of ours', new TypeError('x is undefined'), 'x is undefined'],
    ['something thrown that is no error', 'odd', 'odd'],
  ])('%s', (_what, error, words) => {
    expect(errorInWords(error)).toBe(words);
  });
});
