const EMAIL = /[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}/g;

/**
 * What MASK_PERSONAL_INFO does to an answer for anyone but an administrator.
 *
 * Surprise: text that looks like an e-mail address becomes `*****` in any field, inside paths and
 * user names too, even in what belongs to the reader; only the reader's own address stays.
 */
export function maskPersonalInfo(value: unknown, ownEmail: string | undefined): unknown {
  if (typeof value === 'string') {
    return value.replace(EMAIL, (found) => (found === ownEmail ? found : '*****'));
  }
  if (Array.isArray(value)) return value.map((item: unknown) => maskPersonalInfo(item, ownEmail));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, maskPersonalInfo(item, ownEmail)]),
    );
  }
  return value;
}
