import { expect } from '@jest/globals';
import type { Answer } from '../support/service.js';

/** An error answer, as far as callers see it. */
export interface ShownError {
  readonly status: number;
  readonly code: unknown;
  readonly message: string;
}

/**
 * Makes sure that an answer is an error in the one shape: JSON, all fields texts, and the same
 * request id as in the header.
 */
export function errorOf(answer: Answer): ShownError {
  const { message, code, requestId, ...others } = errorBody(answer);
  expect({
    type: answer.headers.get('content-type'),
    message: typeof message === 'string' && message.length > 10,
    code: typeof code,
    requestId,
    others: Object.entries(others).map(([name, value]) => [name, typeof value]),
  }).toEqual({
    type: 'application/json; charset=utf-8',
    message: true,
    code: 'string',
    requestId: answer.headers.get('x-request-id') ?? 'a header X-Request-Id',
    others: 'details' in others ? [['details', 'string']] : [],
  });
  return { status: answer.status, code, message: String(message) };
}

/** Like {@link errorOf}, without the words. */
export function statusAndCode(answer: Answer): readonly [number, unknown] {
  const { status, code } = errorOf(answer);
  return [status, code];
}

function errorBody(answer: Answer): Readonly<Record<string, unknown>> {
  let body: unknown;
  try {
    body = answer.json;
  } catch {
    throw new Error(`This is not JSON (${answer.status}): ${answer.text.slice(0, 300)}`);
  }
  if (typeof body !== 'object' || body === null) {
    throw new Error(`This is not a JSON object (${answer.status}): ${answer.text.slice(0, 300)}`);
  }
  return body as Readonly<Record<string, unknown>>;
}
