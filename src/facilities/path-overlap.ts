import type { Template } from '../templates/template.js';

/** What of a path template is known before there is a dataset. */
export type KnownBeginning = Pick<Template<string>, 'prefix' | 'isFixed'>;

/**
 * Whether a path that one template yields can be equal to one of the other's, or lie inside it, or
 * around it. Compared by segments as far as the texts in front of the first gaps reach; what stands
 * in a gap may be anything, so `true` means "as far as can be told".
 *
 * @example canMeet('/a/{{ .Pid }}', '/b/{{ .Pid }}') is false, with '/a/x' instead of the second true
 */
export function canMeet(one: KnownBeginning, other: KnownBeginning): boolean {
  const a = knownSegments(one);
  const b = knownSegments(other);
  for (let index = 0; ; index += 1) {
    const left = a[index];
    const right = b[index];
    // Where one of them ends or is a gap, the other may lie inside it.
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
  /** Nothing follows in this segment; otherwise it goes on with whatever is in the gap. */
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
