import type { EmulatedResponse } from '../http/emulator.js';

/*
 * SciCat has no uniform error format; clients must cope with all of these.
 */

/** Thrown by routes; the machine answers with `response`. */
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

/** Surprise: `null` becomes a success with an empty body. */
export const emptySuccess: EmulatedResponse = { status: 200 };

/** Surprise: after a crash or for a body above 16 MB, the answer is a bare JSON string. */
export const internalServerError: EmulatedResponse = {
  status: 500,
  body: 'Internal server error',
};

/** The framework's format: message, error, statusCode. */
export function badRequest(message: string): EmulatedResponse {
  return { status: 400, body: { message, error: 'Bad Request', statusCode: 400 } };
}

/** Of body validation: the same format, but `message` is an array. */
export function invalidBody(messages: readonly string[]): EmulatedResponse {
  return { status: 400, body: { message: messages, error: 'Bad Request', statusCode: 400 } };
}

/** Of the job code: `status` instead of `statusCode`, and `error` is JSON in a string. */
export function jobRefusal(message: string, error?: string): EmulatedResponse {
  return { status: 400, body: { status: 400, message, ...(error === undefined ? {} : { error }) } };
}

/** Of the checks of a new job, in generations that do not answer 400. */
export function unprocessable(message: string, error?: string): EmulatedResponse {
  return {
    status: 422,
    body:
      error === undefined
        ? { message, error: 'Unprocessable Entity', statusCode: 422 }
        : { message, error },
  };
}

/** Wrong user name or password: without `error`. */
export const wrongCredentials: EmulatedResponse = {
  status: 401,
  body: { message: 'Unauthorized', statusCode: 401 },
};

/** Without a valid token, on `users/*` only. */
export const unauthenticated: EmulatedResponse = {
  status: 401,
  body: { message: 'Unauthenticated', error: 'Unauthorized', statusCode: 401 },
};

/** From the guard of all routes, in generations that tell an expired token from an invalid one. */
export const sessionExpired: EmulatedResponse = {
  status: 401,
  body: { message: 'SESSION_EXPIRED', error: 'Unauthorized', statusCode: 401 },
};

/** From the guard of a route: also for an invalid token on jobs and datasets. */
export function forbidden(message = 'Forbidden resource'): EmulatedResponse {
  return { status: 403, body: { message, error: 'Forbidden', statusCode: 403 } };
}

export function notFound(message: string): EmulatedResponse {
  return { status: 404, body: { message, error: 'Not Found', statusCode: 404 } };
}
