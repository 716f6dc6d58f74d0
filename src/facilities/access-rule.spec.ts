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
    isMember: true,
    tooLong: 12345678901234567890,
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
    ['profile.isMember', 'boolean'],
    ['profile.tooLong', 'number'],
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

  describe('claims whose names have dots, as identity providers use them', () => {
    const claims = (oidcClaims: unknown): unknown => ({ profile: { oidcClaims } });
    const groups = claims({ 'https://psi.ch/groups': ['PSI'] });

    test.each([
      'profile.oidcClaims.https://psi.ch/groups',
      'profile.oidcClaims."https://psi.ch/groups"',
      "profile.oidcClaims.'https://psi.ch/groups'",
      'Profile.OidcClaims."https://psi.ch/groups"',
      '"profile"."oidcClaims"."https://psi.ch/groups"',
    ])('%s finds the claim https://psi.ch/groups', (path) => {
      expect(allowed(path, 'PSI', groups)).toBe(true);
      expect(allowed(path, 'other', groups)).toBe(false);
    });

    test('dots may be at any level, and below a name with dots', () => {
      const nested = { 'a.b': { 'c.d.e': { f: 'PSI' } } };
      expect(allowed('a.b.c.d.e.f', 'PSI', nested)).toBe(true);
      expect(allowed('"a.b"."c.d.e".f', 'PSI', nested)).toBe(true);
      expect(allowed('"a.b".c.d.e.f', 'PSI', nested)).toBe(true);
      expect(allowed('a."b.c".d.e.f', 'PSI', nested)).toBe(false);
    });

    test('the longest name wins, and a shorter one counts where it leads nowhere', () => {
      expect(allowed('a.b', 'long', { 'a.b': 'long', a: { b: 'short' } })).toBe(true);
      expect(allowed('a.b', 'short', { 'a.b': 'long', a: { b: 'short' } })).toBe(false);
      expect(allowed('a.b.c', 'PSI', { 'a.b': { x: 1 }, a: { b: { c: 'PSI' } } })).toBe(true);
    });

    test('in quotation marks a name is exact', () => {
      expect(allowed('"a"."b"', 'PSI', { 'a.b': 'PSI' })).toBe(false);
      expect(allowed('"A"', 'PSI', { a: 'PSI' })).toBe(false);
      expect(allowed('"a\\"b\\\\"', 'PSI', { 'a"b\\': 'PSI' })).toBe(true);
      expect(allowed('"__proto__".x', 'PSI', JSON.parse('{"__proto__":{"x":"PSI"}}'))).toBe(true);
    });

    test('what is missing is named as it would be written', () => {
      const missing = (accessPath: string) =>
        explainAccess({ name: 'PSI', accessPath, accessValue: 'PSI' }, groups).found;
      expect(missing('profile.oidcClaims.https://esrf.fr/groups')).toEqual({
        kind: 'nowhere',
        missing: 'profile.oidcClaims.https://esrf.fr/groups',
      });
      expect(missing('profile.oidcClaims."https://esrf.fr/groups".x')).toEqual({
        kind: 'nowhere',
        missing: 'profile.oidcClaims."https://esrf.fr/groups"',
      });
    });

    test.each(['', '.', 'a.', '"a', '"a"b', '"a"b.c', '""', "a.'b"])(
      'a path that can not be split leads nowhere: %j',
      (path) => {
        expect(allowed(path, 'PSI', { a: 'PSI', '': 'PSI', '"a': 'PSI' })).toBe(false);
      },
    );

    test('a long path is followed in no time', () => {
      const deep = (levels: number): unknown => {
        if (levels === 0) return {};
        const inner = deep(levels - 1);
        return { a: inner, 'a.a': {}, 'a.a.a': {} };
      };
      expect(allowed(Array<string>(3000).fill('a').join('.'), 'PSI', deep(300))).toBe(false);
    });
  });

  describe('a number in a claim equals its text', () => {
    test.each([
      [12345, '12345', true],
      [[7, 12345], '12345', true],
      [['x', 12345, null, true, {}], '12345', true],
      [12345, '1234', false],
      [12345, '12345.0', false],
      [-3, '-3', true],
      [1.5, '1.5', true],
      [0, '0', true],
      [0, '', false],
      [true, 'true', false],
      [[true], 'true', false],
      [null, 'null', false],
    ])('%j and accessValue %j: %s', (value, accessValue, expected) => {
      expect(allowed('v', accessValue, { v: value })).toBe(expected);
    });

    test('not if digits were lost on the way, or two groups would be one', () => {
      const document: unknown = JSON.parse('{"v":9007199254740993}');
      expect(allowed('v', '9007199254740992', document)).toBe(false);
      expect(allowed('v', '9007199254740993', document)).toBe(false);
    });
  });

  test('for any document: no error, and access only by an equal string or number', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), fc.string(), (document, accessPath, accessValue) => {
        const result = explainAccess({ name: 'F', accessPath, accessValue }, document);
        if (!result.allowed) return;
        const values = new Set<unknown>();
        JSON.stringify(document, (_key, value: unknown) => {
          values.add(value);
          return value;
        });
        expect(values.has(accessValue) || values.has(Number(accessValue))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
