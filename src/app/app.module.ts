import { type DynamicModule, Module } from '@nestjs/common';
import type { AppConfig } from '../config/app-config.js';
import { AppConfigModule } from '../config/config.module.js';
import type { Refusals } from '../hardening/refusals.js';
import { SERVER_LIMITS, type ServerLimits } from '../hardening/server-limits.js';
import { HealthModule } from '../health/health.module.js';
import { InfrastructureModule } from './infrastructure.module.js';
import type { Logger } from '../logging/logger.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { refusalsToLog } from './refusal-log.js';
import { TransfersModule } from '../transfers/transfers.module.js';

/** The whole service. */
@Module({})
export class AppModule {
  static from(
    config: AppConfig,
    logger: Logger,
    limits: ServerLimits = SERVER_LIMITS,
    refusals: Refusals = refusalsToLog(logger),
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        AppConfigModule.from(config),
        InfrastructureModule.with(logger, limits, refusals),
        TransfersModule,
        HealthModule,
        MetricsModule,
      ],
    };
  }
}
