/**
 * A text without all of this character at its end. An expression such as `/\/+$/` looks for the end
 * again from each character of a long run that does not stand at the end.
 */
export function withoutTrailing(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text.charAt(end - 1) === character) end -= 1;
  return text.slice(0, end);
}
