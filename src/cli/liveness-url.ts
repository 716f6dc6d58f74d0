/**
 * Where the service that runs with this configuration can be asked, from the same machine, whether
 * it lives.
 */
export function livenessUrl(config: {
  readonly port: number;
  readonly server: { readonly host: string };
}): string {
  return `http://${reachable(config.server.host)}:${config.port}/health/live`;
}

/** An address to listen on says "everywhere" in ways that nobody can call. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
