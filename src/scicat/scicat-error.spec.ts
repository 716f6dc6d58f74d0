import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { answer, told } from '../../test/contract/scicat/scripted-scicat.js';
import { failureOf, type FailureReading, isNotThere, upstreamMessageOf } from './scicat-error.js';

const reading: FailureReading = {
  operation: 'try it',
  badRequest: 'refused',
  forbidden: 'own-account',
};

describe('upstreamMessageOf', () => {
  it.each([
    [
      'A',
      { message: 'Forbidden resource', error: 'Forbidden', statusCode: 403 },
      'Forbidden resource',
    ],
    ['B', { status: 400, message: 'Invalid job id.', error: '["a"]' }, 'Invalid job id.'],
    ['C', { message: ['a must be', 'b must be'], error: 'Bad Request' }, 'a must be; b must be'],
    ['D', { message: 'Unauthorized', statusCode: 401 }, 'Unauthorized'],
    ['E', 'Internal server error', 'Internal server error'],
    ['F, G', undefined, undefined],
    ['null', null, undefined],
    ['a number', 7, undefined],
    ['a message that is none', { message: { deep: true } }, undefined],
    ['a mixed list', { message: ['a', 1, null, 'b'] }, 'a; b'],
    ['several lines', { message: 'a\r\n\tb\u2028c' }, 'a b c'],
  ])('reads shape %s', (_, body, message) => {
    expect(upstreamMessageOf(body)).toBe(message);
  });

  it('cuts what is long', () => {
    const message = upstreamMessageOf({ message: 'x'.repeat(1e6) });
    expect(message).toBe(`${'x'.repeat(499)}…`);
  });
});

describe('failureOf', () => {
  const body = { message: 'secret detail' };
  it.each([
    [429, {}, 'UpstreamUnavailableError', false],
    [408, {}, 'UpstreamUnavailableError', true],
    [500, {}, 'UpstreamUnavailableError', true],
    [503, {}, 'UpstreamUnavailableError', true],
    [401, {}, 'ServiceAccountError', false],
    [403, {}, 'ServiceAccountError', false],
    [403, { forbidden: 'refused' }, 'UpstreamRejectedError', false],
    [400, {}, 'UpstreamRejectedError', false],
    [400, { badRequest: 'perhaps-stored' }, 'ScicatDoubtfulRefusalError', true],
    [400, { badRequest: 'trouble' }, 'UpstreamUnavailableError', true],
    [404, {}, 'UpstreamRejectedError', false],
    [413, {}, 'UpstreamRejectedError', false],
    [200, {}, 'UpstreamMalformedError', true],
    [302, {}, 'UpstreamMalformedError', true],
  ] as const)('%i %j is a %s', (status, change, name, outcomeUnclear) => {
    const error = failureOf(answer(status, body), { ...reading, ...change });
    expect(told(error)).toEqual({
      name,
      status,
      outcomeUnclear,
      upstreamMessage: 'secret detail',
    });
    expect(`${error.message} ${error.details ?? ''}`).not.toMatch(/secret/);
  });

  it.each([
    'Invalid new job. Owner group should be specified.',
    'Invalid new job. User owning the job should match user logged in.',
    'Invalid new job. User needs to belong to job owner group.',
  ])(
    "surprise: SciCat's 400 %j is about our account's rights, and nothing was stored",
    (message) => {
      const response = answer(400, { message });
      const error = failureOf(response, { ...reading, badRequest: 'perhaps-stored' });
      expect(told(error)).toEqual({
        name: 'ServiceAccountError',
        status: 400,
        outcomeUnclear: false,
        upstreamMessage: message,
      });
    },
  );

  it.each([
    ['another word of the same beginning', 400, 'Invalid new job. Dataset ids should be valid.'],
    [
      'these words further on',
      400,
      'Action failed: Invalid new job. Owner group should be specified',
    ],
  ])('takes %s for what it is', (_what, status, message) => {
    const error = failureOf(answer(status, { message }), {
      ...reading,
      badRequest: 'perhaps-stored',
    });
    expect(error.name).toBe('ScicatDoubtfulRefusalError');
  });

  it('takes a 404 of another route or of a proxy for trouble, not for an answer', () => {
    for (const stray of [{ message: 'Cannot GET /api/v4/x' }, '<html>', undefined]) {
      const response = answer(404, stray);
      expect(isNotThere(response)).toBe(false);
      expect(failureOf(response, reading).name).toBe('UpstreamUnavailableError');
    }
    expect(isNotThere(answer(404, { message: 'dataset: null not found' }))).toBe(true);
    expect(isNotThere(answer(400, { message: 'not found' }))).toBe(false);
  });

  it('passes on how long SciCat wants to be left alone', () => {
    const error = failureOf({ ...answer(503), headers: { 'retry-after': '17' } }, reading);
    expect(error.retryAfterSeconds).toBe(17);
  });

  it('surprise: the bare text of a 500 is no more than a note', () => {
    const error = failureOf(answer(500, 'Internal server error'), reading);
    expect(error.message).toBe(
      "SciCat can't answer at present (try it, status 500). Please try again in a few minutes.",
    );
    expect(inspect(error)).toContain('Internal server error');
  });
});
