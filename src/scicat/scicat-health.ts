import { reasonInWords } from '../errors/error-facts.js';
import { UpstreamError } from '../errors/upstream.errors.js';
import { field } from '../domain/untyped.js';
import type { ScicatApi } from './scicat-api.js';

/** Whether SciCat is up; `reason` is a sentence for operators. */
type ScicatHealthReport = { readonly up: true } | { readonly up: false; readonly reason: string };

/** SciCat's route for health checks; needs no login. */
export const HEALTH_PATH = 'api/v3/health';

/** With its database down, SciCat takes 30 s to answer, far too long for a health check. */
const TIMEOUT_MS = 3_000;

/** Checks SciCat's health. */
export class ScicatHealth {
  constructor(private readonly api: ScicatApi) {}

  /** Returns within 3 s. Throws only the reason of an aborted signal. */
  async check(signal?: AbortSignal): Promise<ScicatHealthReport> {
    try {
      const { status, body } = await this.api.call({
        operation: 'check health',
        safety: 'safe',
        method: 'GET',
        path: HEALTH_PATH,
        timeoutMs: TIMEOUT_MS,
        deadlineMs: TIMEOUT_MS,
        maxAttempts: 1,
        signal,
      });
      if (status === 200 && field(body, 'status') === 'ok') return { up: true };
      return { up: false, reason: `SciCat reports that it is unhealthy (status ${status}).` };
    } catch (error) {
      if (error instanceof UpstreamError) return { up: false, reason: reasonInWords(error) };
      throw error;
    }
  }
}
