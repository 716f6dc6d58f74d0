import type { EmulatedResponse } from '../http/emulator.js';

/*
 * SciCat has no single shape of errors. Those below are all that the emulated routes need; a reader
 * of SciCat's answers must cope with every one of them.
 */

/** What a route throws when it refuses; the machine answers with `response`. */
export class Refusal extends Error {
  constructor(readonly response: EmulatedResponse) {
    super(`Refused with status ${response.status}.`);
    this.name = 'Refusal';
  }
}

/** 200 with a JSON body. */
export function ok(body: unknown): EmulatedResponse {
  return { status: 200, body };
}

/** 201 with a JSON body. */
export function created(body: unknown): EmulatedResponse {
  return { status: 201, body };
}

/** Surprise: where SciCat means `null`, the body is empty and the status is a success all the same. */
export const emptySuccess: EmulatedResponse = { status: 200 };

/** Surprise: a crash, and a body above 16 MB too, is 500 with a bare JSON text instead of an object. */
export const internalServerError: EmulatedResponse = {
  status: 500,
  body: 'Internal server error',
};

/** The framework's own shape: message, error, statusCode. */
export function badRequest(message: string): EmulatedResponse {
  return { status: 400, body: { message, error: 'Bad Request', statusCode: 400 } };
}

/** Body validation: the same shape, but `message` is an array. */
export function invalidBody(messages: readonly string[]): EmulatedResponse {
  return { status: 400, body: { message: messages, error: 'Bad Request', statusCode: 400 } };
}

/** Refusals by the job code: `status` instead of `statusCode`, and `error` holds JSON as a text. */
export function jobRefusal(message: string, error?: string): EmulatedResponse {
  return { status: 400, body: { status: 400, message, ...(error === undefined ? {} : { error }) } };
}

/** Wrong user name or password: no `error` here. */
export const wrongCredentials: EmulatedResponse = {
  status: 401,
  body: { message: 'Unauthorized', statusCode: 401 },
};

/** No valid token, on `users/*` only. */
export const unauthenticated: EmulatedResponse = {
  status: 401,
  body: { message: 'Unauthenticated', error: 'Unauthorized', statusCode: 401 },
};

/** The guard in front of a route says no: also for a bad or expired token on jobs and datasets. */
export function forbidden(message = 'Forbidden resource'): EmulatedResponse {
  return { status: 403, body: { message, error: 'Forbidden', statusCode: 403 } };
}

/** Something is not there. */
export function notFound(message: string): EmulatedResponse {
  return { status: 404, body: { message, error: 'Not Found', statusCode: 404 } };
}
