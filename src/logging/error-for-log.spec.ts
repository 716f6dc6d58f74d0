import { describe, expect, test } from '@jest/globals';
import { runInNewContext } from 'node:vm';
import { errorForLog } from './logger.js';

const SECRET = 'Bearer a-token-of-somebody';

/** What an HTTP client throws: it carries the request, and so does what caused it. */
function clientError(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), {
    code: 'ECONNRESET',
    config: { headers: { Authorization: SECRET } },
    response: { data: SECRET },
  });
}

describe('an error in the log', () => {
  test('says what went wrong and where, back to the first cause', () => {
    const logged = errorForLog(clientError('outer', clientError('inner')));
    expect(logged).toEqual({
      type: 'Error',
      message: 'outer',
      code: 'ECONNRESET',
      stack: expect.stringContaining('error-for-log.spec'),
      cause: {
        type: 'Error',
        message: 'inner',
        code: 'ECONNRESET',
        stack: expect.stringContaining('error-for-log.spec'),
      },
    });
  });

  test('never holds the request that an error carries, nor that of its causes', () => {
    const error = new Error('x', {
      cause: clientError('y', { headers: { Authorization: SECRET } }),
    });
    expect(JSON.stringify(errorForLog(error))).not.toContain(SECRET);
  });

  test('ends, also where the causes go round', () => {
    const one = new Error('one');
    one.cause = new Error('two', { cause: one });
    expect(JSON.stringify(errorForLog(one)).match(/"message"/g)).toHaveLength(6);
  });

  test('is readable when it comes from elsewhere, or is no error at all', () => {
    expect(errorForLog(runInNewContext('new TypeError("other realm")'))).toMatchObject({
      type: 'TypeError',
      message: 'other realm',
    });
    expect(errorForLog('just a text')).toBe('just a text');
    expect(errorForLog({ token: SECRET })).toBe('[object Object]');
  });
});
