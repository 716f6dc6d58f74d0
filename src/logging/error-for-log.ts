import { types } from 'node:util';

/** Causes of causes beyond this are left out: a chain may lead back to its beginning. */
const DEEPEST = 5;

/**
 * An error as it is logged: its name, message, code and stack, and those of what caused it. Nothing
 * else that an error carries is written, since errors of HTTP clients hold the whole request with
 * its token.
 */
export function errorForLog(error: unknown, depth = 0): unknown {
  if (!isError(error)) return String(error);
  const { cause } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    stack: error.stack,
    ...(cause === undefined || depth >= DEEPEST ? {} : { cause: errorForLog(cause, depth + 1) }),
  };
}

/** Also errors of another JavaScript realm, which are no instances of this one's class. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}
