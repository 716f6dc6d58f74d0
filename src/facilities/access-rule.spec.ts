import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { explainAccess } from './access-rule.js';

const facility = { name: 'PSI', accessPath: 'profile.accessGroups', accessValue: 'PSI' };
const identity = {
  authStrategy: 'oidc',
  profile: {
    username: 'alice',
    accessGroups: ['PSI', 'p12345'],
    oidcClaims: { aud: ['scicat', 'globus'], nested: { deep: [{ role: 'PSI' }] } },
    loginCount: 3,
    nothing: null,
  },
};
const allowed = (accessPath: string, accessValue = 'PSI', document: unknown = identity): boolean =>
  explainAccess({ name: 'PSI', accessPath, accessValue }, document).allowed;

describe('the access rule of a facility', () => {
  test('a list must contain an equal element', () => {
    expect(explainAccess(facility, identity)).toEqual({
      allowed: true,
      facility: 'PSI',
      accessPath: 'profile.accessGroups',
      accessValue: 'PSI',
      found: { kind: 'list', values: ['PSI', 'p12345'] },
    });
  });

  test.each(['PS', 'PSI ', 'psi', 'PSI|p12345', '.*', 'p123', ''])(
    'no substrings, no patterns: %p matches nothing',
    (value) => {
      expect(allowed('profile.accessGroups', value)).toBe(false);
      expect(allowed('profile.username', value)).toBe(false);
    },
  );

  test('a string must be equal', () => {
    expect(
      explainAccess({ ...facility, accessPath: 'authStrategy', accessValue: 'oidc' }, identity),
    ).toEqual({
      allowed: true,
      facility: 'PSI',
      accessPath: 'authStrategy',
      accessValue: 'oidc',
      found: { kind: 'text', value: 'oidc' },
    });
    expect(allowed('authStrategy', 'oid')).toBe(false);
  });

  test('a path that does not exist grants no access, and the explanation shows where it ends', () => {
    expect(explainAccess({ ...facility, accessPath: 'profile.groups.x' }, identity)).toEqual({
      allowed: false,
      facility: 'PSI',
      accessPath: 'profile.groups.x',
      accessValue: 'PSI',
      found: { kind: 'nowhere', missing: 'profile.groups' },
    });
  });

  test('an empty value matches nothing, not even an empty text', () => {
    expect(allowed('profile.x', '', { profile: { x: '' } })).toBe(false);
    expect(allowed('profile.x', '', { profile: { x: [''] } })).toBe(false);
  });

  test('any path into the identity works, at any depth, and an "aud" list breaks nothing', () => {
    expect(allowed('profile.oidcClaims.aud', 'globus')).toBe(true);
    expect(allowed('profile.oidcClaims.nested.deep.0.role', 'PSI')).toBe(true);
  });

  test('a leading capital is accepted where the exact name is absent', () => {
    expect(allowed('Profile.AccessGroups')).toBe(true);
    expect(
      allowed('profile.AccessGroups', 'exact', {
        profile: { AccessGroups: 'exact', accessGroups: 'x' },
      }),
    ).toBe(true);
    expect(allowed('profile.accessGroups', 'x', { profile: { AccessGroups: 'x' } })).toBe(false);
  });

  test.each([
    ['profile', 'object'],
    ['profile.loginCount', 'number'],
    ['profile.nothing', 'null'],
  ])('what is neither list nor text grants nothing: %s', (accessPath, type) => {
    expect(explainAccess({ ...facility, accessPath }, identity)).toEqual({
      allowed: false,
      facility: 'PSI',
      accessPath,
      accessValue: 'PSI',
      found: { kind: 'other', type },
    });
  });

  test.each([
    '__proto__',
    'constructor',
    'constructor.name',
    'profile.__proto__.constructor.name',
    'profile.accessGroups.constructor.name',
    'toString',
    'authStrategy.length',
  ])('only what SciCat said counts, nothing inherited: %s', (accessPath) => {
    expect(
      explainAccess({ ...facility, accessPath, accessValue: 'Object' }, identity).found.kind,
    ).toBe('nowhere');
  });

  test.each([undefined, null, 'PSI', 7, []])(
    'an identity of %p gives nobody access',
    (document) => {
      expect(explainAccess(facility, document).allowed).toBe(false);
    },
  );

  test('for any document: no error, and access only by an equal string', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), fc.string(), (document, accessPath, accessValue) => {
        const result = explainAccess({ name: 'F', accessPath, accessValue }, document);
        if (!result.allowed) return;
        expect(JSON.stringify(document)).toContain(JSON.stringify(accessValue));
      }),
      { numRuns: 1000 },
    );
  });
});
