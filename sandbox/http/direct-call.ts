import type { EmulatedResponse, Emulator } from './emulator.js';

/** A request to an emulator in the same process. */
export interface DirectCall {
  readonly method: string;
  /** Path with query, percent-encoded. */
  readonly target: string;
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Lower-case names; override those set by `token` and `json`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent unchanged, instead of `json`. */
  readonly body?: string;
}

/**
 * Calls an emulator without a network.
 *
 * @param now milliseconds since the epoch
 */
export function directCall(emulator: Emulator, now: number, call: DirectCall): EmulatedResponse {
  const mark = call.target.indexOf('?');
  return emulator.handle(
    {
      method: call.method,
      path: mark < 0 ? call.target : call.target.slice(0, mark),
      query: new URLSearchParams(mark < 0 ? '' : call.target.slice(mark + 1)),
      headers: {
        ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
        ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      body: call.body ?? (call.json === undefined ? '' : JSON.stringify(call.json)),
    },
    now,
  );
}
