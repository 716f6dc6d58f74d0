const EMAIL = /[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}/g;

/**
 * Applies MASK_PERSONAL_INFO to an answer for a caller who is not an administrator.
 *
 * Surprise: anything like an e-mail address becomes `*****` in any field, including paths and user
 * names, even in the caller's own documents; only the caller's own address stays.
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
