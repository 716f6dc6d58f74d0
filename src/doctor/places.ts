/** Where settings stand, for advice that names the line to change. */
export interface Places {
  /**
   * @param path e.g. `facilities[0].scopes`
   * @returns e.g. `/etc/proxy.yaml:14: facilities[0].scopes`
   */
  of(path: string): string;
  /** Whether the file says it, or a default counts. */
  isSet(path: string): boolean;
}
