import type { AddressInfo } from 'node:net';

/**
 * Where a server listens, for the log: with the address that was configured. Nest's own shows 127.0.0.1
 * where it listens on all addresses.
 */
export function listeningUrl(address: AddressInfo | string | null): string {
  // A pipe has no address; the service never listens on one.
  if (address === null || typeof address === 'string') return String(address);
  const { family, port } = address;
  return `http://${family === 'IPv6' ? `[${address.address}]` : address.address}:${port}`;
}
