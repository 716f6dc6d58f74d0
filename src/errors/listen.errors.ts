import { codeOf } from './error-code.js';
import { ProxyError } from './proxy-error.js';

/** The configured address or port can't be listened on. The message says what to change. */
export class ListenError extends ProxyError {
  readonly code = 'CONFIGURATION';
}

/** Where the service is to listen. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** The settings that say so, if they are not `server.host` and `port`. */
  readonly settings?: { readonly host: string; readonly port: string };
}

/**
 * An error of `listen` as a sentence for the operator.
 *
 * @returns undefined if it has another cause
 */
export function listenError(error: unknown, address: ListenAddress): ListenError | undefined {
  const sentence = sentenceOf(codeOf(error), address);
  return sentence === undefined ? undefined : new ListenError(sentence, { cause: error });
}

function sentenceOf(
  code: string | undefined,
  { host, port, settings = { host: 'server.host', port: 'port' } }: ListenAddress,
): string | undefined {
  const address = `The service can't listen on ${settings.host} "${host}"`;
  const change = `Set ${settings.host} to an address of this machine, or to "0.0.0.0" for all its addresses.`;
  switch (code) {
    case 'EADDRNOTAVAIL':
      return `${address}: no network interface of this machine has this address. ${change}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
      return `${address}: the name can't be resolved to an address (${code}). ${change}`;
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return `${address}: this machine does not support addresses of this kind (${code}). ${change}`;
    case 'EADDRINUSE':
      return `Port ${port} of "${host}" is already in use, perhaps by another instance of this service. Stop the program that listens there, or set "${settings.port}" to another one.`;
    case 'EACCES':
      return `The service may not listen on port ${port} of "${host}": ports below 1024 usually need special privileges. Set "${settings.port}" to a higher one, or give the service the capability CAP_NET_BIND_SERVICE.`;
    default:
      return undefined;
  }
}
