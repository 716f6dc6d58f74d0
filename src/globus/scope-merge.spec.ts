import { describe, expect, it } from '@jest/globals';
import { mergeScopes, TRANSFER_SCOPE } from './scope-merge.js';

const A = 'https://auth.globus.org/scopes/a/data_access';
const B = 'https://auth.globus.org/scopes/b/data_access';

describe('mergeScopes', () => {
  it.each<[string, readonly string[], string]>([
    ['both sides, one bracket', ['t:all[*A]', 't:all[*B]'], 't:all[*A *B]'],
    ['the same collection twice', ['t:all[*A]', 't:all[*A]'], 't:all[*A]'],
    ['a side without dependencies', ['t:all', 't:all[*B]'], 't:all[*B]'],
    ['nothing to depend on', ['t:all', 't:all'], 't:all'],
    ['several scopes in one text', ['t:all[*A] openid', ' t:all[*B]'], 't:all[*A *B] openid'],
    ['required wins over optional', ['t[*A]', 't[A]', 't[*A]'], 't[A]'],
    ['nested dependencies', ['t[*A[*x]]', 't[*A[y]]'], 't[*A[*x y]]'],
    ['unknown forms as they are, after the rest', ['t[', 't[*A]', 't['], 't[*A] t['],
    ['a blank before a bracket is no scope', ['t [A]', 't'], 't t [A]'],
    ['an empty bracket', ['t[]'], 't[]'],
    ['text after a bracket', ['t[A]b'], 't[A]b'],
    ['a closing bracket too many', ['t[A]]'], 't[A]]'],
    ['a star without a name', ['t[*]'], 't[*]'],
    ['nothing', ['', '  '], ''],
  ])('%s', (_name, texts, merged) => {
    expect(mergeScopes(texts)).toBe(merged);
  });

  it('writes what Globus documents for two mapped collections', () => {
    expect(
      mergeScopes([TRANSFER_SCOPE, `${TRANSFER_SCOPE}[*${A}]`, `${TRANSFER_SCOPE}[*${B}]`]),
    ).toBe(`urn:globus:auth:scope:transfer.api.globus.org:all[*${A} *${B}]`);
  });
});
