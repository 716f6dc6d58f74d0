import { describe, expect, it } from '@jest/globals';
import {
  answer,
  failing,
  type Reply,
  ScriptedScicat,
} from '../../test/contract/scicat/scripted-scicat.js';
import { ScicatIdentities } from './scicat-identities.client.js';

const wire = {
  profile: {
    username: 'alice',
    email: 'alice@psi.ch',
    accessGroups: ['p1', 'FACILITY-A'],
    oidcClaims: { aud: ['a', 'b'] },
  },
  provider: 'local',
};
const withProfile = (change: object) =>
  answer(200, { ...wire, profile: { ...wire.profile, ...change } });

function identitiesWith(...replies: readonly Reply[]) {
  const scicat = new ScriptedScicat(replies);
  return { scicat, identities: new ScicatIdentities(scicat.api) };
}

describe('ScicatIdentities', () => {
  it('asks SciCat with the user’s token, and keeps the document as it is', async () => {
    const { scicat, identities } = identitiesWith(answer(200, wire));
    expect(await identities.identify('alice-token')).toEqual({
      username: 'alice',
      email: 'alice@psi.ch',
      accessGroups: ['p1', 'FACILITY-A'],
      document: wire,
    });
    expect(scicat.sent).toEqual([
      {
        method: 'GET',
        url: 'https://scicat.test/api/v3/users/my/identity',
        headers: { Accept: 'application/json', Authorization: 'Bearer alice-token' },
        freshConnection: false,
      },
    ]);
    expect(scicat.logins).toEqual([]);
  });

  it.each([
    ['a 401', answer(401, { message: 'Unauthenticated' })],
    ['a 403', answer(403)],
    ['200 with an empty body', answer(200)],
    ['null', answer(200, null)],
    ['a list', answer(200, [])],
    ['no profile', answer(200, {})],
    ['an empty user name', withProfile({ username: '' })],
    ['a blank user name', withProfile({ username: ' ' })],
    ['a user name that is no text', withProfile({ username: ['alice'] })],
    ['no user name', withProfile({ username: undefined })],
  ])('rejects %s', async (_, reply) => {
    const error = await failing(identitiesWith(reply).identities.identify('t'));
    expect(error.name).toBe('UnauthenticatedError');
  });

  it.each([
    [[answer(500), answer(503), answer(500), answer(500)], 'UpstreamUnavailableError'],
    [[answer(404, { message: 'Cannot GET /x' })], 'UpstreamUnavailableError'],
    [['not-sent', 'not-sent', 'not-sent', 'not-sent'], 'UpstreamUnavailableError'],
    [[answer(200, '<html>')], 'UpstreamMalformedError'],
  ] as const)('does not call a token bad when SciCat is in trouble (%#)', async (replies, name) => {
    const error = await failing(identitiesWith(...replies).identities.identify('t'));
    expect(error.name).toBe(name);
  });

  it('waits 8 s only: with its database down, SciCat rejects valid tokens after 30 s', async () => {
    const { scicat, identities } = identitiesWith('timeout');
    const error = await failing(identities.identify('t'));
    expect(error.name).toBe('UpstreamTimeoutError');
    expect(scicat.timeoutsMs).toEqual([8_000]);
    expect(scicat.clock.monotonicMs()).toBe(8_000);
  });

  it.each([
    ['*****', undefined],
    ['', undefined],
    ['no photo found', undefined],
    [['alice@psi.ch'], undefined],
    ['a.b+c@x.psi.ch', 'a.b+c@x.psi.ch'],
  ])('an e-mail address %p is %p', async (email, expected) => {
    const { identities } = identitiesWith(withProfile({ email }));
    expect(await identities.identify('t')).toMatchObject({ email: expected });
  });

  it.each([
    [
      ['p1', 7, null, '', ['p2'], 'p3'],
      ['p1', 'p3'],
    ],
    ['p1', []],
    [undefined, []],
  ])('access groups %j are %j', async (accessGroups, expected) => {
    const { identities } = identitiesWith(withProfile({ accessGroups }));
    expect(await identities.identify('t')).toMatchObject({ accessGroups: expected });
  });
});
