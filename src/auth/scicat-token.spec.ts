import { describe, expect, it } from '@jest/globals';
import { UnauthenticatedError } from '../errors/request.errors.js';
import { readScicatToken, type RequestHeaders } from './scicat-token.js';

const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJ1Ijoi.c2ln-_';

describe('readScicatToken', () => {
  it.each<[string, RequestHeaders, string]>([
    ['the header of its own', { 'scicat-api-key': TOKEN }, TOKEN],
    ['Authorization', { authorization: `Bearer ${TOKEN}` }, TOKEN],
    ['Authorization in any case', { authorization: `bEARER   ${TOKEN} ` }, TOKEN],
    ['both, if they agree', { 'scicat-api-key': TOKEN, authorization: `Bearer ${TOKEN}` }, TOKEN],
    [
      'its own header beside the login of a proxy in between',
      { 'scicat-api-key': TOKEN, authorization: 'Basic dXNlcjpwdw==' },
      TOKEN,
    ],
    [
      'Authorization beside an empty header',
      { 'scicat-api-key': '', authorization: 'Bearer x' },
      'x',
    ],
    ['8 kB of it', { 'scicat-api-key': 'x'.repeat(8192) }, 'x'.repeat(8192)],
  ])('reads %s', (_, headers, token) => {
    expect(readScicatToken(headers)).toBe(token);
  });

  it.each<[string, RequestHeaders, RegExp]>([
    ['nothing', {}, /No SciCat token/],
    ['an empty header', { 'scicat-api-key': ' ' }, /No SciCat token/],
    ['Bearer without a token', { authorization: 'Bearer ' }, /No SciCat token/],
    ['a token without Bearer', { authorization: TOKEN }, /No SciCat token/],
    ['another kind of login', { authorization: 'Basic dXNlcjpwdw==' }, /No SciCat token/],
    ['two tokens', { 'scicat-api-key': 'a', authorization: 'Bearer b' }, /different tokens/],
    ['a space', { 'scicat-api-key': 'Bearer x' }, /token is malformed/],
    ['a header sent twice', { 'scicat-api-key': ['a', 'b'] }, /token is malformed/],
    ['a line break', { 'scicat-api-key': 'a\r\nX: y' }, /token is malformed/],
    ['a letter that is not ASCII', { 'scicat-api-key': 'tökén' }, /token is malformed/],
    ['more than 8 kB', { 'scicat-api-key': 'x'.repeat(8193) }, /token is malformed/],
  ])('refuses %s', (_, headers, message) => {
    const read = () => readScicatToken(headers);
    expect(read).toThrow(UnauthenticatedError);
    expect(read).toThrow(message);
  });
});
