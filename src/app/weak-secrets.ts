import type { Secrets } from '../config/app-config.js';
import { isTooShortToHide } from '../secrets/known-secrets.js';

/** A sentence about each secret that is too short to be recognized where an upstream quotes it. */
export function weakSecrets({
  globusClientSecret,
  scicatServiceUser,
  scicatUpdateUser,
}: Secrets): readonly string[] {
  const named = [
    ['GLOBUS_CLIENT_SECRET', globusClientSecret],
    ['SCICAT_SERVICE_USER_PASSWORD', scicatServiceUser.password],
    ['SCICAT_UPDATE_USER_PASSWORD', scicatUpdateUser?.password],
  ] as const;
  return named.flatMap(([name, secret]) =>
    secret !== undefined && isTooShortToHide(secret.reveal())
      ? [
          `${name} is very short: it is easy to guess, and can't be removed from the log if SciCat or Globus quotes it; use a longer one`,
        ]
      : [],
  );
}
