import type { UpstreamAnswer } from '../http-client/upstream-caller.js';
import { JOBS_PATH } from './job-list.js';
import { saysInvalidEmail } from './scicat-error.js';
import type { AccountCalls } from './service-account.js';

/** The body of a new job. */
interface JobBody {
  readonly type: string;
  readonly ownerUser?: string | undefined;
  readonly ownerGroup: string;
  readonly contactEmail?: string | undefined;
  readonly jobParams: Readonly<Record<string, unknown>>;
}

/**
 * Sends a new job. If SciCat does not like the user's e-mail address, the job is sent without it, and
 * SciCat takes the one that it knows for the owner: no transfer fails because of an address.
 *
 * @returns the response, whatever its status
 */
export async function postJob(
  account: AccountCalls,
  operation: string,
  job: JobBody,
  signal: AbortSignal | undefined,
): Promise<UpstreamAnswer> {
  const post = (json: JobBody): Promise<UpstreamAnswer> =>
    account.call({
      operation,
      safety: 'once',
      method: 'POST',
      path: JOBS_PATH,
      json,
      answer: 'document',
      signal,
    });
  const answer = await post(job);
  const { contactEmail, ...withoutEmail } = job;
  return contactEmail !== undefined && saysInvalidEmail(answer) ? post(withoutEmail) : answer;
}
