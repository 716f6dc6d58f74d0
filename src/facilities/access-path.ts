/** One name of an access path. */
export interface PathName {
  readonly text: string;
  /** In quotation marks: the exact name of one claim, whatever characters it has. */
  readonly quoted: boolean;
}

/** The names of an access path, or what is wrong with it (completes "which has …"). */
export type ParsedAccessPath =
  | { readonly kind: 'names'; readonly names: readonly PathName[] }
  | { readonly kind: 'unusable'; readonly fault: string };

const NAME = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^."'][^.]*)?/y;

/**
 * Splits an access path at its dots. A name that has dots itself may be in quotation marks, in which
 * a backslash stands before a quotation mark or a backslash.
 *
 * @example parseAccessPath('profile.oidcClaims."https://psi.ch/groups"')
 */
export function parseAccessPath(path: string): ParsedAccessPath {
  const names: PathName[] = [];
  for (let at = 0; ; at += 1) {
    NAME.lastIndex = at;
    const [whole = '', double, single, plain = ''] = NAME.exec(path) ?? [];
    at += whole.length;
    const quoted = double ?? single;
    const text = quoted === undefined ? plain : quoted.replace(/\\(.)/gs, '$1');
    if (at < path.length && path[at] !== '.') {
      const fault =
        whole === ''
          ? 'a quotation mark that is not closed'
          : 'text between a quotation mark and the next dot';
      return { kind: 'unusable', fault };
    }
    if (text === '') return { kind: 'unusable', fault: 'an empty part' };
    names.push({ text, quoted: quoted !== undefined });
    if (at >= path.length) return { kind: 'names', names };
  }
}

/** The names as a path that {@link parseAccessPath} splits into the same names. */
export function printedAccessPath(names: readonly PathName[]): string {
  return names
    .map(({ text, quoted }) => (quoted ? `"${text.replace(/["\\]/g, '\\$&')}"` : text))
    .join('.');
}
