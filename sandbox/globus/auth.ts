import type { EmulatedRequest, EmulatedResponse } from '../http/emulator.js';
import { hasDataAccess, type Collections } from './collections.js';
import type { Ids } from './ids.js';
import { AuthRefusal, TransferRefusal } from './refusals.js';
import {
  collectionOfDataAccess,
  dataAccessScope,
  parseScopes,
  ScopeSyntaxError,
  transferScope,
  type Scope,
} from './scopes.js';

const transferServer = 'transfer.api.globus.org';
const identityScopes = new Set(['openid', 'email', 'profile']);
/** Fact: scopes of Globus Auth itself (globus-sdk-python `scopes/data/auth.py`). */
const authScopes = new Set(
  [
    'manage_projects',
    'view_authentications',
    'view_clients',
    'view_clients_and_scopes',
    'view_consents',
    'view_identities',
    'view_identity_set',
  ].map((name) => `urn:globus:auth:scope:auth.globus.org:${name}`),
);
/**
 * Fact: each GCS endpoint is a resource server with this scope. The owner of a mapped collection is its
 * endpoint; here, both have one id.
 */
const manageCollections = /^urn:globus:auth:scope:([^:]+):manage_collections$/;

interface Token {
  readonly clientId: string;
  readonly scope: string;
  readonly resourceServer: string;
  readonly expiresAt: number;
}

/** The parts of Globus Auth that a service account uses: client credentials and consents. */
export class Auth {
  /** Lifetime of new tokens. Fact: 48 hours. */
  tokenLifeSeconds = 172_800;
  private readonly secrets = new Map<string, string>();
  private readonly tokens = new Map<string, Token>();
  /** Collections with `data_access` consent, by client. */
  private readonly consents = new Map<string, Set<string>>();

  constructor(
    private readonly ids: Ids,
    private readonly collections: Collections,
  ) {}

  setSecret(clientId: string, secret: string): void {
    this.secrets.set(clientId, secret);
  }

  revokeTokens(clientId: string): void {
    for (const [token, { clientId: owner }] of this.tokens) {
      if (owner === clientId) this.tokens.delete(token);
    }
  }

  revokeConsents(clientId: string): void {
    this.consents.delete(clientId);
  }

  hasConsent(clientId: string, collectionId: string): boolean {
    return this.consents.get(clientId)?.has(collectionId) ?? false;
  }

  /**
   * The client that a Transfer request's bearer token belongs to.
   *
   * @throws {@link TransferRefusal} 401 AuthenticationFailed (fact: the code for revoked and for
   * expired tokens alike)
   */
  clientOf(authorization: string | undefined, now: number): string {
    const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    const token = bearer === undefined ? undefined : this.tokens.get(bearer);
    if (token?.resourceServer !== transferServer || token.expiresAt <= now) {
      throw new TransferRefusal(401, 'AuthenticationFailed', 'Token is not valid or has expired');
    }
    return token.clientId;
  }

  /** @throws {@link AuthRefusal} */
  handle(request: EmulatedRequest, now: number): EmulatedResponse {
    const form = new URLSearchParams(request.body);
    switch (`${request.method} ${request.path}`) {
      case 'GET /v2/oauth2/userinfo':
        return { status: 200, body: this.userInfo(request.headers['authorization'], now) };
      case 'POST /v2/oauth2/token':
        return this.grant(this.authenticate(request, form), form, now);
      case 'POST /v2/oauth2/token/introspect':
        this.authenticate(request, form);
        return { status: 200, body: this.introspection(form.get('token') ?? '', now) };
      case 'POST /v2/oauth2/token/revoke':
        this.authenticate(request, form);
        this.tokens.delete(form.get('token') ?? '');
        // Fact: a token that does not exist is revoked, too.
        return { status: 200, body: { active: false } };
      default:
        throw this.refusal(404, 'NOT_FOUND', 'Globus Auth has no such resource here.');
    }
  }

  /** Credentials in the Basic header or in the body, but not in both (a rule of OAuth 2). */
  private authenticate(request: EmulatedRequest, form: URLSearchParams): string {
    const basic = /^Basic +(\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
    const inBody = form.has('client_secret');
    if (basic !== undefined && inBody) throw new AuthRefusal(400, { error: 'invalid_request' });
    const [id, secret] =
      basic === undefined
        ? [form.get('client_id') ?? '', form.get('client_secret') ?? '']
        : splitOnce(Buffer.from(basic, 'base64').toString('utf8'));
    if (secret === '' || this.secrets.get(id) !== secret) {
      throw new AuthRefusal(401, { error: 'invalid_client' });
    }
    return id;
  }

  private grant(clientId: string, form: URLSearchParams, now: number): EmulatedResponse {
    if (form.get('grant_type') !== 'client_credentials') {
      throw new AuthRefusal(400, { error: 'unsupported_grant_type' });
    }
    const scopes = this.scopes(clientId, form.get('scope') ?? '');
    const byServer = new Map<string, Scope[]>();
    for (const scope of scopes) {
      const server = resourceServer(scope.name);
      byServer.set(server, [...(byServer.get(server) ?? []), scope]);
    }
    this.recordConsents(clientId, scopes);
    const [first, ...others] = [...byServer].map(([server, granted]) => ({
      ...this.issue(clientId, server, granted, now),
      // Fact: with `openid`, the part of auth.globus.org has an id token.
      ...(granted.some(({ name }) => name === 'openid') ? { id_token: this.ids.token() } : {}),
    }));
    // Fact: one resource server is at the top, the others are in `other_tokens`.
    return { status: 200, body: { ...first, other_tokens: others } };
  }

  /** Fact: one unknown scope, even as a dependency, fails the whole token request. */
  private scopes(clientId: string, text: string): readonly Scope[] {
    if (text.trim() === '') {
      throw this.refusal(400, 'BAD_REQUEST', 'A client credentials grant needs a scope.');
    }
    let scopes: readonly Scope[];
    try {
      scopes = parseScopes(text);
    } catch (error) {
      if (!(error instanceof ScopeSyntaxError)) throw error;
      throw this.unknownScopes(clientId, [text]);
    }
    const unknown = [...new Set(scopes.flatMap((scope) => this.unknownIn(scope)))];
    if (unknown.length > 0) throw this.unknownScopes(clientId, unknown);
    return scopes;
  }

  private unknownIn(scope: Scope): readonly string[] {
    const below = scope.dependencies.flatMap((dependency) => this.unknownIn(dependency));
    return this.isKnown(scope.name) ? below : [scope.name, ...below];
  }

  private isKnown(name: string): boolean {
    if (name === transferScope || identityScopes.has(name) || authScopes.has(name)) return true;
    const endpoint = manageCollections.exec(name)?.[1];
    if (endpoint !== undefined) {
      return this.collections.find(endpoint)?.kind.startsWith('GCSv5_') ?? false;
    }
    const collection = this.collections.find(collectionOfDataAccess(name) ?? '');
    return collection !== undefined && hasDataAccess(collection);
  }

  /** Fact: requesting the scope records the consent at the server, also for existing tokens. */
  private recordConsents(clientId: string, scopes: readonly Scope[]): void {
    const consents = this.consents.get(clientId) ?? new Set<string>();
    for (const { name, dependencies } of scopes) {
      if (name !== transferScope) continue;
      for (const dependency of dependencies) {
        const collectionId = collectionOfDataAccess(dependency.name);
        if (collectionId !== undefined) consents.add(collectionId);
      }
    }
    this.consents.set(clientId, consents);
  }

  /** Fact: needs a token of Globus Auth itself with `openid`. */
  private userInfo(authorization: string | undefined, now: number): Record<string, unknown> {
    const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
    const token = this.tokens.get(bearer);
    if (token === undefined || token.expiresAt <= now || !/\bopenid\b/.test(token.scope)) {
      throw this.refusal(401, 'UNAUTHORIZED', 'Call must be authenticated');
    }
    const { clientId } = token;
    return {
      sub: clientId,
      preferred_username: `${clientId}@clients.auth.globus.org`,
      name: 'sandbox',
      identity_provider_display_name: 'Globus Auth',
      identity_set: [{ sub: clientId, username: `${clientId}@clients.auth.globus.org` }],
    };
  }

  /** Fact: of a token of a client, `sub` is the client; of any other token, only `active` is known. */
  private introspection(text: string, now: number): Record<string, unknown> {
    const token = this.tokens.get(text);
    if (token === undefined || token.expiresAt <= now) return { active: false };
    const { clientId, scope, resourceServer: server, expiresAt } = token;
    const issuedAt = Math.floor(expiresAt / 1000) - this.tokenLifeSeconds;
    return {
      active: true,
      token_type: 'Bearer',
      scope,
      client_id: clientId,
      username: `${clientId}@clients.auth.globus.org`,
      name: 'sandbox',
      email: null,
      exp: Math.floor(expiresAt / 1000),
      iat: issuedAt,
      nbf: issuedAt,
      sub: clientId,
      aud: [server],
      iss: 'https://auth.globus.org',
    };
  }

  private issue(
    clientId: string,
    server: string,
    granted: readonly Scope[],
    now: number,
  ): Record<string, unknown> {
    const accessToken = this.ids.token();
    // Fact: samples show the base scopes only, without their dependencies.
    const scope = granted.map(({ name }) => name).join(' ');
    this.tokens.set(accessToken, {
      clientId,
      scope,
      resourceServer: server,
      expiresAt: now + this.tokenLifeSeconds * 1000,
    });
    return {
      access_token: accessToken,
      scope,
      expires_in: this.tokenLifeSeconds,
      token_type: 'Bearer',
      resource_server: server,
    };
  }

  private unknownScopes(clientId: string, names: readonly string[]): AuthRefusal {
    const list = names.map((name) => `'${name}'`).join(', ');
    return this.refusal(
      400,
      'UNKNOWN_SCOPE_ERROR',
      `client_id=${clientId} requested unknown scopes: [${list}]`,
    );
  }

  private refusal(status: number, code: string, detail: string): AuthRefusal {
    return new AuthRefusal(status, {
      errors: [{ status: String(status), id: this.ids.uuid(), code, detail, title: detail }],
      error_description: detail,
      error: code.toLowerCase(),
    });
  }
}

/**
 * Fact: the missing scopes are given as one scope string with optional `data_access` dependencies.
 *
 * @returns the refusal of a request that touches data of these collections without consent
 */
export function consentRequired(collectionIds: readonly string[]): TransferRefusal {
  const message = 'Missing required data_access consent';
  const dependencies = collectionIds.map((id) => `*${dataAccessScope(id)}`).join(' ');
  const requiredScopes = [`${transferScope}[${dependencies}]`];
  return new TransferRefusal(403, 'ConsentRequired', message, {
    required_scopes: requiredScopes,
    authorization_parameters: { required_scopes: requiredScopes, session_message: message },
  });
}

function resourceServer(scopeName: string): string {
  if (scopeName === transferScope) return transferServer;
  return (
    collectionOfDataAccess(scopeName) ?? manageCollections.exec(scopeName)?.[1] ?? 'auth.globus.org'
  );
}

function splitOnce(text: string): readonly [string, string] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}
