import { expect, test } from '@jest/globals';
import { Secret } from '../config/secret.js';
import { weakSecrets } from './weak-secrets.js';

test('warns of secrets that are too short to be hidden in the log, by name', () => {
  const account = (password: string) => ({ username: 'svc', password: new Secret(password) });
  const secrets = {
    globusClientId: 'id',
    globusClientSecret: new Secret('long enough'),
    scicatServiceUser: account('pw'),
  };
  expect(weakSecrets(secrets)).toEqual([
    expect.stringMatching(/^SCICAT_SERVICE_USER_PASSWORD is very short: /),
  ]);
  expect(weakSecrets({ ...secrets, scicatUpdateUser: account('') })).toHaveLength(2);
});
