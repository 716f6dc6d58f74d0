import { UpstreamError } from '../errors/upstream.errors.js';
import { field } from '../domain/untyped.js';
import type { ScicatApi } from './scicat-api.js';

/** Whether SciCat is up; `reason` is a sentence for operators. */
type ScicatHealthReport = { readonly up: true } | { readonly up: false; readonly reason: string };

/** SciCat's route for health checks. */
export const HEALTH_PATH = 'api/v3/health';

/** With its database down SciCat answers only after 30 s, far too late for a health check. */
const TIMEOUT_MS = 3_000;

/** Asks SciCat's own health route, which needs no login. */
export class ScicatHealth {
  constructor(private readonly options: { readonly api: ScicatApi }) {}

  /** Answers within 3 s, and never throws but for an aborted signal. */
  async check(signal?: AbortSignal): Promise<ScicatHealthReport> {
    try {
      const answer = await this.options.api.call({
        operation: 'check health',
        safety: 'safe',
        method: 'GET',
        path: HEALTH_PATH,
        timeoutMs: TIMEOUT_MS,
        deadlineMs: TIMEOUT_MS,
        maxAttempts: 1,
        signal,
      });
      if (answer.status === 200 && field(answer.body, 'status') === 'ok') return { up: true };
      return {
        up: false,
        reason: `SciCat reports that it is unhealthy (status ${answer.status}).`,
      };
    } catch (error) {
      if (error instanceof UpstreamError) return { up: false, reason: error.message };
      throw error;
    }
  }
}
