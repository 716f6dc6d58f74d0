import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { answer, told } from '../../test/contract/scicat/scripted-scicat.js';
import type { HttpResponse } from '../ports/http-transport.port.js';
import {
  failureOf,
  type FailureReading,
  isNotThere,
  saysUnknownJob,
  upstreamMessageOf,
} from './scicat-error.js';

const reading: FailureReading = { badRequest: 'refused', forbidden: 'own-account' };
const fail = (response: HttpResponse, change: FailureReading = {}) =>
  failureOf(response, 'try it', { ...reading, ...change });

describe('upstreamMessageOf', () => {
  it.each([
    [
      'an object',
      { message: 'Forbidden resource', error: 'Forbidden', statusCode: 403 },
      'Forbidden resource',
    ],
    [
      'another object',
      { status: 400, message: 'Invalid job id.', error: '["a"]' },
      'Invalid job id.',
    ],
    [
      'a list',
      { message: ['a must be', 'b must be'], error: 'Bad Request' },
      'a must be; b must be',
    ],
    ['a short object', { message: 'Unauthorized', statusCode: 401 }, 'Unauthorized'],
    ['a string', 'Internal server error', 'Internal server error'],
    ['no body', undefined, undefined],
    ['null', null, undefined],
    ['a number', 7, undefined],
    ['a message that is not a string', { message: { deep: true } }, undefined],
    ['a mixed list', { message: ['a', 1, null, 'b'] }, 'a; b'],
    ['several lines', { message: 'a\r\n\tb\u2028c' }, 'a b c'],
  ])('reads %s', (_, body, message) => {
    expect(upstreamMessageOf(body)).toBe(message);
  });

  it('truncates a long message', () => {
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
    [400, { badRequest: 'possibly-stored' }, 'ScicatDoubtfulRefusalError', true],
    [400, { badRequest: 'unclear' }, 'UpstreamUnavailableError', true],
    [422, {}, 'UpstreamRejectedError', false],
    [422, { badRequest: 'possibly-stored' }, 'ScicatDoubtfulRefusalError', true],
    [422, { badRequest: 'unclear' }, 'UpstreamUnavailableError', true],
    [404, {}, 'UpstreamRejectedError', false],
    [413, {}, 'UpstreamRejectedError', false],
    [200, {}, 'UpstreamMalformedError', true],
    [302, {}, 'UpstreamMalformedError', true],
  ] as const)('%i %j is a %s', (status, change, name, outcomeUnclear) => {
    const error = fail(answer(status, body), change);
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
  ])('reads the 400 %j as a missing permission of our account, with nothing stored', (message) => {
    const response = answer(400, { message });
    const error = fail(response, { badRequest: 'possibly-stored' });
    expect(told(error)).toEqual({
      name: 'ServiceAccountError',
      status: 400,
      outcomeUnclear: false,
      upstreamMessage: message,
    });
  });

  it.each([
    [
      'another message with the same beginning',
      400,
      'Invalid new job. Dataset ids should be valid.',
    ],
    [
      'the same message further on',
      400,
      'Action failed: Invalid new job. Owner group should be specified',
    ],
  ])('does not mistake %s for a missing permission', (_what, status, message) => {
    const error = fail(answer(status, { message }), { badRequest: 'possibly-stored' });
    expect(error.name).toBe('ScicatDoubtfulRefusalError');
  });

  it('reads a 404 from another route or a proxy as an outage', () => {
    for (const stray of [{ message: 'Cannot GET /api/v4/x' }, '<html>', undefined]) {
      const response = answer(404, stray);
      expect(isNotThere(response)).toBe(false);
      expect(fail(response).name).toBe('UpstreamUnavailableError');
    }
    expect(isNotThere(answer(404, { message: 'dataset: null not found' }))).toBe(true);
    expect(isNotThere(answer(400, { message: 'not found' }))).toBe(false);
  });

  it.each([
    { message: 'SESSION_EXPIRED', error: 'Unauthorized', statusCode: 401 },
    { code: 'SESSION_EXPIRED' },
  ])('an expired session is no missing permission, and nothing was carried out: %j', (expired) => {
    for (const forbidden of ['own-account', 'refused'] as const) {
      const error = fail(answer(401, expired), { forbidden });
      expect(told(error)).toMatchObject({
        name: 'UpstreamUnavailableError',
        outcomeUnclear: false,
      });
    }
  });

  it.each([400, 422])('a missing job type is nobody’s permission (%i)', (status) => {
    for (const badRequest of ['refused', 'possibly-stored', 'unclear'] as const) {
      const response = answer(status, { message: 'Invalid job type: archive' });
      const error = fail(response, { badRequest });
      expect(told(error)).toMatchObject({ name: 'UpstreamSetupError', outcomeUnclear: false });
      expect(error.message).toBe(
        `SciCat does not have the job type that this service needs (try it, status ${status}). The operator of this service must have the job types of config/scicat/job-types.yaml added to SciCat's job configuration; there is nothing wrong with your request.`,
      );
    }
  });

  it.each([
    [400, 'Invalid job id.', true],
    [404, 'Invalid job id.', true],
    [422, "Job id 1-2 doesn't exist.", true],
    [403, 'Invalid job id.', false],
    [404, 'Cannot GET /api/v4/jobs/1', false],
    [400, 'Invalid job type: x', false],
  ])('%i %j: whether the job is certainly gone: %p', (status, message, expected) => {
    expect(saysUnknownJob(answer(status, { message }))).toBe(expected);
  });

  it('passes on Retry-After', () => {
    const error = fail({ ...answer(503), headers: { 'retry-after': '17' } });
    expect(error.retryAfterSeconds).toBe(17);
  });

  it('keeps the body of a 500 out of the message', () => {
    const error = fail(answer(500, 'Internal server error'));
    expect(error.message).toBe(
      'SciCat is temporarily unavailable (try it, status 500). Please try again in a few minutes.',
    );
    expect(inspect(error)).toContain('Internal server error');
  });
});
