import type { Template } from '../templates/template.js';

/** The part of a path template that does not depend on the dataset. */
export type KnownBeginning = Pick<Template<string>, 'prefix' | 'isFixed'>;

/**
 * Whether two templates may render to the same path, or one inside the other. Compares the segments
 * before the first variable of each; a variable may be anything, so `true` means "possibly".
 *
 * @example canMeet('/a/{{ .Pid }}', '/b/{{ .Pid }}') // false
 * @example canMeet('/a/{{ .Pid }}', '/a/x') // true
 */
export function canMeet(one: KnownBeginning, other: KnownBeginning): boolean {
  const a = knownSegments(one);
  const b = knownSegments(other);
  for (let index = 0; ; index += 1) {
    const left = a[index];
    const right = b[index];
    // Where one ends, the other may be inside it.
    if (left === undefined || right === undefined) return true;
    if (left.complete && right.complete) {
      if (left.text !== right.text) return false;
    } else {
      return mayBecome(left, right) || mayBecome(right, left);
    }
  }
}

interface KnownSegment {
  readonly text: string;
  /** Whether the segment ends here, rather than continuing with a variable. */
  readonly complete: boolean;
}

function mayBecome(segment: KnownSegment, other: KnownSegment): boolean {
  return !segment.complete && other.text.startsWith(segment.text);
}

function knownSegments({ prefix, isFixed }: KnownBeginning): readonly KnownSegment[] {
  const texts = prefix.split('/');
  return texts.flatMap((text, index) =>
    text === '' ? [] : [{ text, complete: isFixed || index < texts.length - 1 }],
  );
}
