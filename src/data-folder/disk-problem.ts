import { codeOf } from '../errors/error-code.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "this service's disk is full",
  EDQUOT: "this service's disk is full",
  EACCES: 'this service may not write to its data folder',
  EPERM: 'this service may not write to its data folder',
  EROFS: 'this service may not write to its data folder',
};

/** Why the data folder can't be used, as a part of a sentence, with the system's error code. */
export function diskProblem(error: unknown): string {
  const code = codeOf(error);
  const reason = REASONS[code ?? ''] ?? "this service's data folder is not usable";
  return code === undefined ? reason : `${reason} (${code})`;
}
