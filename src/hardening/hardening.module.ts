import { type DynamicModule, Module } from '@nestjs/common';
import { BodyGate } from './body-gate.js';
import { LIMITS, type ServerLimits } from './server-limits.js';

/** The limits, for everybody who keeps one. */
@Module({})
export class HardeningModule {
  static with(limits: ServerLimits): DynamicModule {
    return {
      module: HardeningModule,
      global: true,
      providers: [
        { provide: LIMITS, useValue: limits },
        { provide: BodyGate, useFactory: () => new BodyGate(limits.bodyBytesAtOnce) },
      ],
      exports: [LIMITS, BodyGate],
    };
  }
}
