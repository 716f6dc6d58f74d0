import { type DynamicModule, Module } from '@nestjs/common';
import { EventHub } from '../events/event-hub.js';
import { eventLog } from '../events/event-log.js';
import { BodyGate } from '../hardening/body-gate.js';
import { LIMITS, type ServerLimits } from '../hardening/server-limits.js';
import { Stopping } from '../hardening/stopping.js';
import { HttpClientModule } from '../http-client/http-client.module.js';
import { LOGGER, type Logger } from '../logging/logger.js';
import { CLOCK } from '../ports/clock.port.js';
import { SystemClock } from '../time/system-clock.js';
import { TRANSFER_EVENTS } from '../ports/transfer-events.port.js';

/** Provides what every module may need: time, network, log, events and limits. */
@Module({})
export class InfrastructureModule {
  static with(logger: Logger, limits: ServerLimits): DynamicModule {
    return {
      module: InfrastructureModule,
      global: true,
      imports: [HttpClientModule],
      providers: [
        { provide: LOGGER, useValue: logger },
        { provide: CLOCK, useClass: SystemClock },
        { provide: LIMITS, useValue: limits },
        Stopping,
        { provide: BodyGate, useFactory: () => new BodyGate(limits.bodyBytesAtOnce) },
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
        HttpClientModule,
        EventHub,
        TRANSFER_EVENTS,
      ],
    };
  }
}
