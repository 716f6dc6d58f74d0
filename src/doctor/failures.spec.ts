import { describe, expect, it } from '@jest/globals';
import { accountRefused, rejected, timeout } from '../../test/support/upstream-failures.js';
import { UpstreamMalformedError, UpstreamUnavailableError } from '../errors/upstream.errors.js';
import { TransportError } from '../ports/http-transport.port.js';
import { failureOf, generalFailure, markOf, reachabilityAdvice } from './failures.js';

const SECRET = 'upstream words with a secret';

const unavailable = (options: Partial<ConstructorParameters<typeof UpstreamUnavailableError>[2]>) =>
  new UpstreamUnavailableError('Globus', 'No.', {
    outcomeUnclear: false,
    upstreamMessage: SECRET,
    ...options,
  });
const network = (code: string, advice?: string) =>
  new TransportError('not-sent', `The server could not be reached (${code}).`, { code, advice });
const PROXY_REFUSAL = new TransportError(
  'not-sent',
  'The web proxy did not open a connection to the server (status 407).',
  { reason: 'proxy', advice: 'It requires a user name.' },
);

describe('the description of a failed call', () => {
  it.each([
    [
      'a refused connection',
      unavailable({ cause: network('ECONNREFUSED') }),
      "can't be reached (ECONNREFUSED)",
    ],
    [
      'a broken one',
      unavailable({ outcomeUnclear: true, cause: network('ECONNRESET') }),
      'closed the connection (ECONNRESET)',
    ],
    ['no answer', timeout(), 'timed out'],
    [
      'a login that got no answer',
      unavailable({ cause: unavailable({ cause: network('ENOTFOUND') }) }),
      "can't be reached (ENOTFOUND)",
    ],
    [
      'a proxy that refuses',
      unavailable({ cause: PROXY_REFUSAL }),
      "can't be reached: the web proxy did not open a connection to the server (status 407)",
    ],
    [
      'an answer with a code',
      unavailable({ status: 502, upstreamCode: 'EndpointError', upstreamRequestId: 'x1' }),
      'returned status 502, EndpointError, request x1',
    ],
    ['nonsense', new UpstreamMalformedError('Globus', 'No.'), 'returned an unreadable response'],
  ])('%s', (_what, error, failure) => {
    expect(failureOf(error)).toBe(failure);
  });

  it('contains nothing of the upstream’s messages, not even in place of a code', () => {
    const error = unavailable({ status: 500, upstreamCode: SECRET, upstreamRequestId: SECRET });
    expect(markOf(error)).toBe('status 500');
    expect(JSON.stringify(generalFailure(error))).not.toContain('secret');
  });

  it('comes with the advice for its cause, where there is one', () => {
    const proxy = unavailable({ cause: unavailable({ cause: PROXY_REFUSAL }) });
    expect(reachabilityAdvice(proxy, 'scicatUrl')).toBe(
      'It requires a user name. The address is in scicatUrl.',
    );
    expect(generalFailure(proxy).advice).toBe('It requires a user name.');
    expect(reachabilityAdvice(unavailable({ cause: network('ECONNREFUSED') }), undefined)).toBe(
      'Check whether this machine can reach it: host name, port, certificate, firewall, web proxy (HTTPS_PROXY, HTTP_PROXY, NO_PROXY).',
    );
  });

  it.each([
    [timeout(), 'check the network between this machine and SciCat'],
    [rejected(418, 'Globus'), 'contact the administrators of Globus'],
    [accountRefused(), 'lacks a permission in SciCat'],
  ])('comes with advice: %s', (error, advice) => {
    expect(generalFailure(error).advice).toContain(advice);
  });
});
