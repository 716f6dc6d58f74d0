import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TestService } from '../support/service.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start({ pollSeconds: 0.1 });
});

afterAll(async () => {
  await service.stop();
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
