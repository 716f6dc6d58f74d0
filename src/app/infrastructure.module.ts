import { type DynamicModule, Module } from '@nestjs/common';
import type { AppConfig } from '../config/app-config.js';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { EventHub } from '../events/event-hub.js';
import { eventLog } from '../events/event-log.js';
import { BodyGate, type BodyRoom } from '../hardening/body-gate.js';
import { Refusals } from '../hardening/refusals.js';
import { LIMITS, type ServerLimits } from '../hardening/server-limits.js';
import { Stopping } from '../hardening/stopping.js';
import { HttpClientModule } from '../http-client/http-client.module.js';
import { LOGGER, type Logger } from '../logging/logger.js';
import { CLOCK } from '../ports/clock.port.js';
import { SystemClock } from '../time/system-clock.js';
import { TRANSFER_EVENTS } from '../ports/transfer-events.port.js';

const BYTES_PER_MIB = 1024 * 1024;

function bodyRoom({ server }: AppConfig): BodyRoom {
  return {
    bytes: server.maxBodiesMiB * BYTES_PER_MIB,
    bytesPerUser: server.maxBodiesPerUserMiB * BYTES_PER_MIB,
    smallBytes: server.smallBodiesMiB * BYTES_PER_MIB,
  };
}

/** Provides what every module may need: time, network, log, events and limits. */
@Module({})
export class InfrastructureModule {
  static with(logger: Logger, limits: ServerLimits, refusals: Refusals): DynamicModule {
    return {
      module: InfrastructureModule,
      global: true,
      imports: [HttpClientModule],
      providers: [
        { provide: LOGGER, useValue: logger },
        { provide: CLOCK, useClass: SystemClock },
        { provide: LIMITS, useValue: limits },
        Stopping,
        { provide: Refusals, useValue: refusals },
        {
          provide: BodyGate,
          useFactory: (config: ConfigSnapshots) => new BodyGate(() => bodyRoom(config.current())),
          inject: [ConfigSnapshots],
        },
        {
          provide: EventHub,
          useFactory: () => {
            const hub = new EventHub((error) => {
              logger.error({ err: error }, 'transfer event listener failed');
            });
            hub.listen(eventLog(logger));
            return hub;
          },
        },
        { provide: TRANSFER_EVENTS, useExisting: EventHub },
      ],
      exports: [
        LOGGER,
        CLOCK,
        LIMITS,
        Stopping,
        BodyGate,
        Refusals,
        HttpClientModule,
        EventHub,
        TRANSFER_EVENTS,
      ],
    };
  }
}
