import { expect, it } from '@jest/globals';
import { VirtualClock } from '../../test/support/virtual-clock.js';
import type { GlobusTokenClient } from './globus-token.client.js';
import { GlobusTokens } from './globus-tokens.js';

it('a late refusal of an old token does not throw the new one away', async () => {
  const requested: string[] = [];
  const client: Pick<GlobusTokenClient, 'fetch'> = {
    fetch: (scope) => {
      requested.push(scope);
      return Promise.resolve({ accessToken: `token-${requested.length}`, expiresInSeconds: 600 });
    },
  };
  const tokens = new GlobusTokens(client, new VirtualClock());
  expect(await tokens.get('s')).toBe('token-1');
  tokens.drop('s', 'token-1');
  expect(await tokens.get('s')).toBe('token-2');
  tokens.drop('s', 'token-1');
  expect(await tokens.get('s')).toBe('token-2');
  expect(await tokens.get('t')).toBe('token-3');
  expect(requested).toEqual(['s', 's', 't']);
});
