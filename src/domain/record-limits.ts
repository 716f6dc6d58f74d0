import type { TransferRecord } from './transfer-record.js';

/**
 * Longest sealed record, in characters. A page of SciCat's jobs holds many records, and is read as a
 * whole.
 */
export const LONGEST_SEALED_RECORD = 64 * 1024;

/** The parts of a record that a user or SciCat decides about, each with its limit in UTF-8 bytes. */
const LIMITS = {
  sourcePath: ['The path of the folder to copy', 4096],
  destinationPath: ['The path of the destination folder', 4096],
  datasetPid: ["The dataset's PID", 1024],
  ownerGroup: ["The name of the dataset's owner group", 512],
  username: ['Your user name in SciCat', 256],
  email: ['Your e-mail address in SciCat', 320],
} as const;

/** Texts of a record that come from outside. */
export type RecordTexts = Readonly<Record<Exclude<keyof typeof LIMITS, 'email'>, string>> & {
  readonly email?: string | undefined;
};

/**
 * Why a transfer can't be recorded, as a sentence; undefined if it can. With texts of these lengths, the
 * links of a list and the facilities' scopes a record stays below {@link LONGEST_SEALED_RECORD}.
 */
export function recordProblem(texts: RecordTexts): string | undefined {
  for (const [name, [what, limit]] of Object.entries(LIMITS)) {
    const bytes = Buffer.byteLength(texts[name as keyof typeof LIMITS] ?? '');
    if (bytes > limit) {
      return `${what} is too long for a transfer: it has ${bytes} bytes, and at most ${limit} are allowed.`;
    }
  }
  return undefined;
}

/** Length of a record once it is sealed. */
export function sealedLength(record: TransferRecord): number {
  return Math.ceil((Buffer.byteLength(JSON.stringify(record)) * 4) / 3);
}
