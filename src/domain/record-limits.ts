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
 * links of a list and the facilities' scopes a record stays below its own limit.
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
