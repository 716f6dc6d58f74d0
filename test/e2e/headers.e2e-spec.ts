import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../support/service.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start({ pollSeconds: 0.1 });
});

afterAll(async () => {
  await service.stop();
});

describe('what caches are told', () => {
  it.each([
    ['GET', '/transfer', 'alice'],
    ['GET', '/facilities', 'alice'],
    ['HEAD', '/facilities', 'alice'],
    ['POST', '/transfer/preview', 'alice'],
    ['GET', '/transfer', undefined],
    ['POST', '/transfer', 'nobody'],
    ['GET', '/transfer/00000000-0000-4000-8000-000000000000', 'alice'],
    ['GET', '/transfer/%', 'alice'],
    ['PUT', '/transfer', 'alice'],
    ['GET', '/nowhere', undefined],
    ['GET', '/version', undefined],
    ['GET', '/health/live', undefined],
    ['GET', '/health/ready', undefined],
    ['GET', '/metrics', undefined],
    ['GET', '//facilities', 'alice'],
  ])('%s %s as %s is stored nowhere', async (method, path, who) => {
    const { headers } = await service.call(method, path, { who });
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('an accepted request is stored nowhere', async () => {
    const answer = await service.post();
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
  });

  it.each(['/docs/index.html', '/docs/swagger-ui.css', '/openapi.yaml'])(
    'the documentation may be kept: %s',
    async (path) => {
      const { status, headers } = await service.call('GET', path);
      expect([status, headers.get('cache-control') ?? '']).toEqual([
        200,
        expect.not.stringContaining('no-store'),
      ]);
    },
  );
});

describe('HSTS', () => {
  const told = async (path: string, of = service) =>
    (await of.call('GET', path)).headers.get('strict-transport-security');

  it.each(['/version', '/nowhere', '/docs/index.html'])(
    'speaks for the host of %s alone, not for its neighbours',
    async (path) => {
      expect(await told(path)).toBe('max-age=31536000');
    },
  );

  it('includes subdomains if the operator says so', async () => {
    const other = await TestService.start({ yaml: 'server: { hstsIncludeSubDomains: true }' });
    try {
      expect(await told('/version', other)).toBe('max-age=31536000; includeSubDomains');
    } finally {
      await other.stop();
    }
  });
});

describe('what browsers are told', () => {
  it.each([
    ['a page', 'GET', '/docs/index.html'],
    ['an answer', 'GET', '/version'],
    ['an error', 'POST', '/transfer'],
    ['nothing there', 'GET', '/nowhere'],
  ])('%s can not be framed, read across origins, or sniffed', async (_, method, path) => {
    const { headers } = await service.call(method, path, {
      headers: { Origin: 'https://elsewhere.example', 'Access-Control-Request-Method': 'POST' },
    });
    const told = (name: string) => headers.get(name);
    expect({
      poweredBy: told('x-powered-by'),
      sharedWith: told('access-control-allow-origin'),
      sniffed: told('x-content-type-options'),
      framed: told('x-frame-options'),
      policy: told('content-security-policy'),
    }).toEqual({
      poweredBy: null,
      sharedWith: null,
      sniffed: 'nosniff',
      framed: 'SAMEORIGIN',
      policy: expect.stringMatching(/(?=.*default-src 'self')(?=.*script-src 'self';)/),
    });
  });

  it('a page elsewhere is not allowed to send a token along', async () => {
    const { status, headers } = await service.call('OPTIONS', '/transfer', {
      headers: {
        Origin: 'https://elsewhere.example',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'scicat-api-key',
      },
    });
    expect([status >= 400, headers.get('access-control-allow-headers')]).toEqual([true, null]);
  });
});
