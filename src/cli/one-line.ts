/** What can move a terminal's cursor or turn the order of letters around, and line breaks. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * A text of unknown origin as one line that does nothing to a terminal but appear on it: dataset
 * owners and others may write into SciCat what they like.
 */
export function oneLine(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}
