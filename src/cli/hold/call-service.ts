import { field, stringField } from '../../domain/untyped.js';
import type { Terminal } from '../common/terminal.js';

/** Longer than the service takes to answer, or to give up on SciCat. */
const TIMEOUT_MS = 30_000;
/** Of an answer that is not the service's. */
const LONGEST_SHOWN = 300;

/** A call to the running service. */
export interface ServiceCall {
  readonly method: 'POST' | 'DELETE';
  /** Base address of the service, without a slash at the end. */
  readonly url: string;
  readonly path: string;
  readonly token: string;
  readonly json?: unknown;
}

/** The body of the answer, or why there is none. */
export type ServiceAnswer =
  | { readonly kind: 'done'; readonly body: unknown }
  /** `reason` is a sentence. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Calls the running service with an operator's token. */
export async function callService(
  { method, url, path, token, json }: ServiceCall,
  { interrupted }: Pick<Terminal, 'interrupted'>,
): Promise<ServiceAnswer> {
  let status: number;
  let text: string;
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        'SciCat-API-Key': token,
        ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      // The token is for this address only.
      redirect: 'manual',
      signal: AbortSignal.any([interrupted, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    ({ status } = response);
    text = await response.text();
  } catch (error) {
    if (interrupted.aborted) return failed('Interrupted. The call may still have taken effect.');
    return failed(
      `The service can't be reached at ${url} (${causeOf(error)}). Is it running? From another machine, name its address with --url.`,
    );
  }
  const body = parsed(text);
  if (status === 200 && body !== undefined) return { kind: 'done', body };
  const message = stringField(body, 'message');
  if (message === undefined) {
    return failed(
      `${url} does not answer like this service (status ${status}). Is the address right? ${text.slice(0, LONGEST_SHOWN)}`.trim(),
    );
  }
  return failed(`${message} (${stringField(body, 'code') ?? `status ${status}`})`);
}

function failed(reason: string): ServiceAnswer {
  // Whatever answered may not be the service.
  return { kind: 'failed', reason: reason.replace(/[\p{Cc}\p{Cf}]+/gu, ' ') };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function causeOf(error: unknown): string {
  const cause = field(error, 'cause') ?? error;
  return stringField(cause, 'code') ?? (cause instanceof Error ? cause.name : String(cause));
}
