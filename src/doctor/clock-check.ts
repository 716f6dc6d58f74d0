import { broken, type Check, ok, unclear, type Verdict } from './check.js';

/** The service compares its clock with dates of others, but only to the minute. */
const NOTICED_MS = 30_000;
const HARMFUL_MS = 5 * 60_000;

/**
 * Whether this machine's clock agrees with that of another service.
 *
 * @param aheadMs how far the other clock is ahead, in milliseconds; undefined if unknown
 */
export function clockCheck(
  check: string,
  service: 'SciCat' | 'Globus',
  needs: readonly Check[],
  aheadMs: (signal: AbortSignal) => Promise<number | undefined>,
): Check {
  return {
    check,
    subject: service,
    needs,
    run: async (signal) => verdictOn(await aheadMs(signal), service),
  };
}

function verdictOn(aheadMs: number | undefined, service: string): Verdict {
  if (aheadMs === undefined) return unclear(`${service} sends no time to compare with.`);
  const apartMs = Math.abs(aheadMs);
  const seconds = Math.round(apartMs / 1000);
  if (apartMs <= NOTICED_MS) return ok(`The clocks agree to within ${Math.max(1, seconds)} s.`);
  const message = `This machine's clock is ${seconds} s ${aheadMs > 0 ? 'behind' : 'ahead of'} that of ${service}.`;
  const advice = `Synchronize this machine's clock using NTP; if it is right, tell the administrators of ${service}. Deadlines and waiting times are computed from both clocks.`;
  return apartMs <= HARMFUL_MS ? unclear(message, advice) : broken(message, advice);
}
