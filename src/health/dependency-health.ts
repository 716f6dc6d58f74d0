import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { errorInWords, reasonInWords } from '../errors/error-facts.js';
import { ProxyError } from '../errors/proxy-error.js';
import { ServiceAccountError } from '../errors/upstream.errors.js';
import { UpstreamWatch } from '../http-client/upstream-watch.js';
import { LOGGER, type Logger } from '../logging/logger.js';
import { ScicatHealth } from '../scicat/scicat-health.js';
import { FACILITY_HOLDS, type FacilityHolds } from '../ports/facility-holds.port.js';
import { CLOCK, type Clock } from '../ports/clock.port.js';
import { Alarms } from '../tracking/core/alarms.js';
import { Tracker } from '../tracking/tracker.js';
import { GLOBUS_TRANSFERS, type GlobusTransfers } from '../ports/globus-transfers.port.js';

/** Several probes may come every few seconds; SciCat and Globus are not called for each. */
const KEEP_ANSWER_MS = 10_000;
const GLOBUS_TIMEOUT_MS = 3_000;

/** Undefined if there is none. */
type Problem = Promise<string | undefined>;

/** The components of readiness, each with a reason if it is down. */
@Injectable()
export class DependencyHealth {
  private readonly answers = new Map<string, { readonly at: number; readonly problem: Problem }>();
  /** Whether a call to Globus has completed. */
  private knowsGlobus = false;
  /** The refusal by Globus that the log shows. */
  private loggedRefusal: string | undefined;

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly config: ConfigSnapshots,
    private readonly tracker: Tracker,
    private readonly alarms: Alarms,
    private readonly scicatHealth: ScicatHealth,
    private readonly watch: UpstreamWatch,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(GLOBUS_TRANSFERS) private readonly globusTransfers: GlobusTransfers,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(FACILITY_HOLDS) private readonly holds: FacilityHolds,
  ) {}

  /** The problem with SciCat, if any. */
  askScicat(): Problem {
    return this.cached('scicat', async () => {
      const report = await this.scicatHealth.check();
      return report.up ? undefined : report.reason;
    });
  }

  /** The problem with Globus, if any. Never rejects. */
  askGlobus(): Problem {
    return this.cached('globus', async () => {
      try {
        await this.globusTransfers.newSubmissionId(AbortSignal.timeout(GLOBUS_TIMEOUT_MS));
        this.loggedRefusal = undefined;
        return undefined;
      } catch (error) {
        if (error instanceof ServiceAccountError) this.logRefusal(errorInWords(error));
        if (error instanceof ProxyError) return reasonInWords(error);
        // Within this time there may have been a few attempts.
        const trouble = this.watch.troubleWith('Globus');
        return `Globus did not respond in time.${trouble === undefined ? '' : ` (${trouble})`}`;
      } finally {
        this.knowsGlobus = true;
      }
    });
  }

  /** Always up: the service does not start without a configuration. */
  configuration(): HealthIndicatorResult {
    const { facilities, source } = this.config.current();
    return this.indicators
      .check('configuration')
      .up({ file: source.file, facilities: facilities.length });
  }

  /** Whether all open transfers have been adopted; until then, requests are refused. */
  recovery(): HealthIndicatorResult {
    const check = this.indicators.check('recovery');
    const status = this.tracker.status();
    return status.ready
      ? check.up({ ...status })
      : check.down('The service is still reading open transfers from SciCat, or it is stopping.');
  }

  /** Without SciCat, no request can be handled. */
  async scicat(): Promise<HealthIndicatorResult> {
    const check = this.indicators.check('scicat');
    const problem = await this.askScicat();
    return problem === undefined ? check.up() : check.down(problem);
  }

  /** Always up: while Globus is unreachable, transfers are accepted and wait. */
  async globus(): Promise<HealthIndicatorResult> {
    const answer = this.askGlobus();
    // Does not delay the start: login and call take two round trips, possibly across an ocean.
    const problem = this.knowsGlobus ? await answer : 'Globus has not responded yet.';
    return this.indicators
      .check('globus')
      .up(problem === undefined ? { reachable: true } : { reachable: false, problem });
  }

  /** Always up: shows the active alarms. */
  operator(): HealthIndicatorResult {
    return this.indicators
      .check('operator')
      .up({ alarms: Object.fromEntries(this.alarms.active()) });
  }

  /** Always up: shows the facilities that operators hold. */
  facilities(): HealthIndicatorResult {
    const held = this.holds.inForce().map(({ facility, message, until }) => ({
      facility,
      message,
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    }));
    return this.indicators.check('facilities').up({ held });
  }

  /** A sentence for each active alarm. */
  activeAlarms(): readonly string[] {
    return [...this.alarms.active()].map(([alarm, reason]) => `${alarm}: ${reason}`);
  }

  /** Unlike the alarm, it does not wait for a transfer. */
  private logRefusal(reason: string): void {
    if (reason === this.loggedRefusal) return;
    this.loggedRefusal = reason;
    this.logger.error({ reason }, 'Globus refuses the service');
  }

  private cached(name: string, ask: () => Problem): Problem {
    const now = this.clock.monotonicMs();
    const known = this.answers.get(name);
    if (known !== undefined && now - known.at < KEEP_ANSWER_MS) return known.problem;
    const problem = ask();
    this.answers.set(name, { at: now, problem });
    return problem;
  }
}
