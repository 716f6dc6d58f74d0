import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { ProxyError } from '../errors/proxy-error.js';
import { ScicatHealth } from '../scicat/scicat-health.js';
import { CLOCK, type Clock } from '../ports/clock.port.js';
import { Alarms } from '../tracking/core/alarms.js';
import { Tracker } from '../tracking/tracker.js';
import { GLOBUS_TRANSFERS, type GlobusTransfers } from '../ports/globus-transfers.port.js';

/** Probes come every few seconds from several sides; the services behind need not notice. */
const KEEP_ANSWER_MS = 10_000;
const GLOBUS_TIMEOUT_MS = 3_000;

interface Answer {
  readonly at: number;
  /** Undefined: all is well. */
  readonly problem: Promise<string | undefined>;
}

/** The parts that readiness is made of. Each names its reason when it is not well. */
@Injectable()
export class DependencyHealth {
  private readonly answers = new Map<string, Answer>();
  /** Whether Globus was asked to the end at least once. */
  private knowsGlobus = false;

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly config: ConfigSnapshots,
    private readonly tracker: Tracker,
    private readonly alarms: Alarms,
    private readonly scicatHealth: ScicatHealth,
    @Inject(GLOBUS_TRANSFERS) private readonly globusTransfers: GlobusTransfers,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What is wrong with SciCat, if anything. */
  askScicat(): Promise<string | undefined> {
    return this.cached('scicat', async () => {
      const report = await this.scicatHealth.check();
      return report.up ? undefined : report.reason;
    });
  }

  /** What is wrong with Globus, if anything. Never rejects. */
  askGlobus(): Promise<string | undefined> {
    return this.cached('globus', async () => {
      try {
        await this.globusTransfers.newSubmissionId(AbortSignal.timeout(GLOBUS_TIMEOUT_MS));
        return undefined;
      } catch (error) {
        return error instanceof ProxyError ? error.message : 'Globus did not answer in time.';
      } finally {
        this.knowsGlobus = true;
      }
    });
  }

  /** The service would not have started without one; this names it. */
  configuration(): HealthIndicatorResult {
    const { facilities, source } = this.config.current();
    return this.indicators
      .check('configuration')
      .up({ file: source.file, facilities: facilities.length });
  }

  /** Whether all open transfers were taken up after the start; before, requests are refused. */
  recovery(): HealthIndicatorResult {
    const check = this.indicators.check('recovery');
    const status = this.tracker.status();
    return status.ready
      ? check.up({ ...status })
      : check.down('The open transfers have not been read from SciCat yet, or the service stops.');
  }

  /** Without SciCat no request can be answered. */
  async scicat(): Promise<HealthIndicatorResult> {
    const check = this.indicators.check('scicat');
    const problem = await this.askScicat();
    return problem === undefined ? check.up() : check.down(problem);
  }

  /**
   * Globus being away does not make the service unready: transfers are accepted all the same and
   * wait. It is shown, together with everything that needs an operator.
   */
  async globus(): Promise<HealthIndicatorResult> {
    const answer = this.askGlobus();
    // A start is not held up by it: login and question are two round trips, over an ocean.
    const problem = this.knowsGlobus ? await answer : 'Globus has not answered yet.';
    return this.indicators
      .check('globus')
      .up(problem === undefined ? { reachable: true } : { reachable: false, problem });
  }

  /** What needs an operator now, by name. */
  operator(): HealthIndicatorResult {
    return this.indicators
      .check('operator')
      .up({ alarms: Object.fromEntries(this.alarms.active()) });
  }

  /** One sentence for each alarm that stands, by name. */
  standingAlarms(): readonly string[] {
    return [...this.alarms.active()].map(([alarm, reason]) => `${alarm}: ${reason}`);
  }

  private cached(
    name: string,
    ask: () => Promise<string | undefined>,
  ): Promise<string | undefined> {
    const now = this.clock.monotonicMs();
    const known = this.answers.get(name);
    if (known !== undefined && now - known.at < KEEP_ANSWER_MS) return known.problem;
    const answer: Answer = { at: now, problem: ask() };
    this.answers.set(name, answer);
    return answer.problem;
  }
}
