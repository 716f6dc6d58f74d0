/** What happens to the symbolic links of a transfer, as a sentence. */
export function symlinkNote({
  keep,
  isList,
  refusedBy,
}: {
  /** Whether links are copied. */
  readonly keep: boolean;
  /** Whether the transfer has a file list. */
  readonly isList: boolean;
  /** Name of the facility that takes no links, if known. */
  readonly refusedBy?: string | undefined;
}): string {
  if (keep) return 'Symbolic links are copied as links.';
  const links = isList ? 'Symbolic links inside listed folders' : 'Symbolic links';
  const why =
    refusedBy === undefined
      ? ''
      : `, because facility "${refusedBy}" is configured with "symlinks: refuse"`;
  return `${links} are left out${why}.`;
}
