import { isIPv6 } from 'node:net';

/** A trusted proxy may pass on any string as the address. */
const LONGEST_ADDRESS = 64;

/**
 * The key of an address. For IPv6, where one host has millions of addresses, this is the /56 network.
 * IPv4 addresses, also those mapped to IPv6, are their own key.
 *
 * @param given undefined if the connection is already closed
 */
export function networkOf(given: string | undefined): string {
  const address = (given ?? '').slice(0, LONGEST_ADDRESS);
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address);
  const [, , , fourth = 0, , , seventh = 0, eighth = 0] = groups;
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return [seventh >> 8, seventh & 0xff, eighth >> 8, eighth & 0xff].join('.');
  }
  const network = [...groups.slice(0, 3), fourth & 0xff00].map((group) => group.toString(16));
  return `${canonical(`${network.join(':')}::`)}/56`;
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  const [head = [], tail = []] = canonical(address.split('%', 1)[0] ?? '')
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(8 - head.length - tail.length).fill('0');
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
}

/** The shortest notation of an IPv6 address. */
function canonical(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
