/** What Express makes of `trust proxy`: whether a proxy is trusted, by its address and its distance. */
type Trust = (address: string, distance: number) => boolean;

interface WithSettings {
  get(name: string): unknown;
}

/** Whether whoever is at the other end of a connection is a reverse proxy that Express trusts. */
export function isTrustedPeer(express: WithSettings, address: string | undefined): boolean {
  const trust = express.get('trust proxy fn') as Trust | undefined;
  return address !== undefined && trust?.(address, 0) === true;
}
