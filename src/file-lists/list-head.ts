/*
 * The head of a stored list: who requested it, and whether a job in SciCat is known to name it. The head
 * is an empty gzip member with an extra field (RFC 1952, 2.3.1.1), before the member that holds the list.
 * Whatever reads gzip skips it, so versions of the service that know no heads read the list as before.
 */

/** What is known of a stored list without reading it. */
export interface ListHead {
  /** Name of the user who requested it; '' if unknown. */
  readonly owner: string;
  /** A job in SciCat names it. */
  readonly named: boolean;
}

/** Magic number, deflate, an extra field, no time, no flags, unknown system. */
const GZIP_WITH_EXTRA = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255]);
/** Id of the field: SciCat, list. */
const FIELD_ID = Buffer.from('SL');
const FIELD_AT = GZIP_WITH_EXTRA.length + 2;
/** Nothing, compressed; its CRC-32 and its length are 0. */
const NOTHING = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
/** A record holds no longer name. */
const LONGEST_OWNER = 256;

/** Offset of the byte that says whether a job names the list. */
export const NAMED_AT = FIELD_AT + FIELD_ID.length + 2;
const [UNNAMED, NAMED] = [0x2d, 0x2b];
/** That byte in the head of a list that a job names. */
export const NAMED_BYTE = Buffer.from([NAMED]);

/** The longest head. */
export const HEAD_BYTES = NAMED_AT + 1 + LONGEST_OWNER + NOTHING.length;

/** The head as it stands at the start of the file. */
export function encodeHead({ owner, named }: ListHead): Buffer {
  const name = Buffer.from(owner).subarray(0, LONGEST_OWNER);
  const length = 1 + name.length;
  return Buffer.concat([
    GZIP_WITH_EXTRA,
    uint16(FIELD_ID.length + 2 + length),
    FIELD_ID,
    uint16(length),
    Buffer.from([named ? NAMED : UNNAMED]),
    name,
    NOTHING,
  ]);
}

/** @returns undefined if the file begins otherwise, as those of older versions do */
export function decodeHead(start: Buffer): ListHead | undefined {
  if (start.length <= NAMED_AT) return undefined;
  const isHead =
    start.subarray(0, GZIP_WITH_EXTRA.length).equals(GZIP_WITH_EXTRA) &&
    start.subarray(FIELD_AT, FIELD_AT + FIELD_ID.length).equals(FIELD_ID);
  const end = NAMED_AT + start.readUInt16LE(NAMED_AT - 2);
  if (!isHead || end > start.length) return undefined;
  return { owner: start.toString('utf8', NAMED_AT + 1, end), named: start[NAMED_AT] === NAMED };
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
