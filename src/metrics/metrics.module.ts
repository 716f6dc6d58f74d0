import { Module } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, HttpAdapterHost } from '@nestjs/core';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { AuthModule } from '../auth/auth.module.js';
import type { AppConfig } from '../config/app-config.js';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { EventHub } from '../events/event-hub.js';
import { BodyGate } from '../hardening/body-gate.js';
import type { LimitedExpressAdapter } from '../hardening/limited-express.adapter.js';
import { Refusals } from '../hardening/refusals.js';
import { RequestLine } from '../hardening/request-line.js';
import { serviceVersion } from '../health/service-version.js';
import { UpstreamCalls } from '../http-client/upstream-calls.js';
import { UpstreamWatch } from '../http-client/upstream-watch.js';
import { FACILITY_HOLDS, type FacilityHolds } from '../ports/facility-holds.port.js';
import { CLOCK, type Clock } from '../ports/clock.port.js';
import { Alarms } from '../tracking/core/alarms.js';
import { Tracker } from '../tracking/tracker.js';
import { TrackingModule } from '../tracking/tracking.module.js';
import { metricsIn } from './define-metrics.js';
import { doorMetrics } from './door-metrics.js';
import { routeLabels } from './labels.js';
import { MetricsController } from './metrics.controller.js';
import { RequestMetrics } from './request-metrics.js';
import { StateMetrics } from './state-metrics.js';
import { TransferMetrics } from './transfer-metrics.js';
import { attemptMetrics, upstreamMetrics } from './upstream-metrics.js';

/**
 * `GET /metrics`. The rest of the service does not depend on it: it listens to events and calls, and
 * reads the tracker's state when scraped.
 */
@Module({
  imports: [AuthModule, TrackingModule, DiscoveryModule],
  controllers: [MetricsController],
  providers: [
    { provide: Registry, useFactory: newRegistry },
    {
      provide: RequestMetrics,
      useFactory: (registry: Registry, routes: DiscoveryService) => {
        const controllers = routes.getControllers().map(({ metatype }) => metatype as object);
        return new RequestMetrics(registry, routeLabels(controllers));
      },
      inject: [Registry, DiscoveryService],
    },
    {
      provide: upstreamMetrics,
      useFactory: (registry: Registry, calls: UpstreamCalls) => {
        calls.listen(upstreamMetrics(registry));
        calls.listenToAttempts(attemptMetrics(registry));
      },
      inject: [Registry, UpstreamCalls],
    },
    {
      provide: TransferMetrics,
      useFactory: (registry: Registry, clock: Clock, config: ConfigSnapshots, events: EventHub) => {
        const metrics = new TransferMetrics(registry, clock, facilityNames(config));
        events.listen(metrics.listen);
        return metrics;
      },
      inject: [Registry, CLOCK, ConfigSnapshots, EventHub],
    },
    {
      provide: doorMetrics,
      useFactory: (
        registry: Registry,
        server: HttpAdapterHost<LimitedExpressAdapter>,
        requests: RequestLine,
        bodies: BodyGate,
        refusals: Refusals,
      ) => {
        doorMetrics(registry, {
          connections: () => server.httpAdapter.connections,
          requests: () => requests,
          bodyBytes: () => bodies.taken,
          refusals: () => refusals.total(),
        });
      },
      inject: [Registry, HttpAdapterHost, RequestLine, BodyGate, Refusals],
    },
    {
      provide: StateMetrics,
      useFactory: (
        registry: Registry,
        clock: Clock,
        config: ConfigSnapshots,
        tracker: Tracker,
        alarms: Alarms,
        watch: UpstreamWatch,
        holds: FacilityHolds,
      ) =>
        new StateMetrics(registry, clock, {
          status: () => tracker.status(),
          openTransfers: () => tracker.openTransfers(),
          alarms: () => alarms.active(),
          reachable: () => watch.reachable(),
          facilities: facilityNames(config),
          held: () => new Set(holds.inForce().map(({ facility }) => facility)),
          pollIntervalSeconds: () => config.current().task.pollIntervalSeconds,
          fileLists: () => tracker.storeUsage(),
        }),
      inject: [Registry, CLOCK, ConfigSnapshots, Tracker, Alarms, UpstreamWatch, FACILITY_HOLDS],
    },
  ],
  exports: [RequestMetrics],
})
export class MetricsModule {}

/** Includes the metrics of the process. */
function newRegistry(): Registry {
  const registry = new Registry();
  // Measuring the event loop's delay takes a timer; ten times a second is often enough.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  metricsIn(registry)
    .gauge('build_info', 'Always 1; the labels show the versions.', ['version', 'node_version'])
    .set({ version: serviceVersion(), node_version: process.version }, 1);
  return registry;
}

/** Names of the configured facilities, recomputed only after a reload. */
function facilityNames(config: ConfigSnapshots): () => ReadonlySet<string> {
  let of: AppConfig | undefined;
  let names: ReadonlySet<string> = new Set();
  return () => {
    const current = config.current();
    if (current !== of) {
      of = current;
      names = new Set(current.facilities.map(({ name }) => name));
    }
    return names;
  };
}
