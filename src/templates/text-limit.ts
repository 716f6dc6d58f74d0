/**
 * Longest string, in UTF-16 units. No path is this long, but a template that concatenates a string
 * with itself doubles it each time, and must not exhaust the service's memory.
 */
const MAX_TEXT_LENGTH = 1024 * 1024;

/** Why a function can't handle its arguments; the renderer adds the position. */
export class EvaluationFailure extends Error {
  override readonly name = 'EvaluationFailure';
}

/** @throws EvaluationFailure when a string of this `length` would be too long */
export function boundedLength(length: number): void {
  if (length > MAX_TEXT_LENGTH) {
    throw new EvaluationFailure(`the string would be longer than ${MAX_TEXT_LENGTH} characters`);
  }
}
