import { isIP } from 'node:net';
import { getProxyForUrl } from 'proxy-from-env';
import { isLoopback } from '../domain/loopback.js';
import { knownSecrets } from '../secrets/known-secrets.js';

/** A web proxy that the environment names. */
export interface WebProxy {
  /** The variable that names it, e.g. `HTTPS_PROXY`. */
  readonly variable: string;
  readonly protocol: 'http:' | 'https:';
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** From the URL, decoded. */
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** The address without credentials, for people: `http://proxy.example.org:3128`. */
  readonly shown: string;
}

/** How calls to an address leave this machine. */
export type ProxyRoute =
  | { readonly kind: 'direct' }
  | { readonly kind: 'proxy'; readonly proxy: WebProxy }
  /** `problem` is a sentence that names the variable and does not quote its value. */
  | { readonly kind: 'unusable'; readonly variable: string; readonly problem: string };

const DIRECT: ProxyRoute = { kind: 'direct' };
const DEFAULT_PORTS = { 'http:': 80, 'https:': 443 };

/**
 * The route to an address by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower
 * case. `proxy-from-env` decides whether there is a proxy for it. No proxy reaches this machine itself,
 * so `localhost` never goes through one, as in the Go version. An address without a scheme is taken
 * for that of an HTTP proxy, as by curl.
 */
export function routeTo(url: string): ProxyRoute {
  if (!anyProxyIsSet()) return DIRECT;
  const isHere = URL.canParse(url) && isLoopback(new URL(url).hostname);
  if (isHere || getProxyForUrl(url) === '') return DIRECT;
  const variable = variableFor(url);
  const value = (variable === undefined ? undefined : process.env[variable]) ?? '';
  if (variable === undefined) return DIRECT;
  const address = value.includes('://') ? value : `http://${value}`;
  if (!URL.canParse(address)) {
    return unusable(variable, 'is not a URL; write one such as http://proxy.example.org:3128');
  }
  const parsed = new URL(address);
  const { protocol } = parsed;
  if (protocol !== 'http:' && protocol !== 'https:') {
    return unusable(
      variable,
      `names a ${protocol}// proxy, but only http:// and https:// proxies are supported`,
    );
  }
  const credentials = credentialsOf(parsed);
  if (credentials === 'malformed') {
    return unusable(
      variable,
      'has a user name or password with a "%" that starts no escape sequence; write "%" as %25',
    );
  }
  if (credentials !== undefined) {
    knownSecrets.keep(credentials.password);
    knownSecrets.keep(`${credentials.username}:${credentials.password}`);
  }
  const port = parsed.port === '' ? DEFAULT_PORTS[protocol] : Number(parsed.port);
  return {
    kind: 'proxy',
    proxy: {
      variable,
      protocol,
      host: parsed.hostname.replace(/^\[|\]$/g, ''),
      port,
      credentials,
      shown: `${protocol}//${parsed.hostname}:${port}`,
    },
  };
}

/** Whether the environment names any web proxy at all. */
export function anyProxyIsSet(): boolean {
  return ['https', 'http', 'all'].some((kind) => setVariable(`${kind}_proxy`) !== undefined);
}

/** The precedence of `proxy-from-env`: the lower-case spelling first, and `all_proxy` last. */
function variableFor(url: string): string | undefined {
  const scheme = url.slice(0, url.indexOf(':')).toLowerCase();
  return setVariable(`${scheme}_proxy`) ?? setVariable('all_proxy');
}

function setVariable(lowerCase: string): string | undefined {
  return [lowerCase, lowerCase.toUpperCase()].find((name) => (process.env[name] ?? '') !== '');
}

function credentialsOf({ username, password }: URL): WebProxy['credentials'] | 'malformed' {
  if (username === '' && password === '') return undefined;
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return 'malformed';
  }
}

function unusable(variable: string, problem: string): ProxyRoute {
  return {
    kind: 'unusable',
    variable,
    problem: `The environment variable ${variable} ${problem}.`,
  };
}

/** The header by which a proxy recognizes its user. */
export function basicAuthorization({
  username,
  password,
}: NonNullable<WebProxy['credentials']>): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

/**
 * The name that a proxy's own certificate must have. Without it, Node would take the host of the
 * request for the proxy's. An address is not a name in TLS, and is checked all the same.
 */
export function serverName(proxyHost: string): string {
  return isIP(proxyHost) === 0 ? proxyHost : '';
}
