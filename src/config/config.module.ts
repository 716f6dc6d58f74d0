import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigModule, registerAs } from '@nestjs/config';
import { type CurrentFacilities, FACILITIES } from '../facilities/facility-authorization.js';
import type { AppConfig } from './app-config.js';
import { CONFIG_NAMESPACE, ConfigSnapshots } from './config-snapshots.js';

/**
 * Provides the typed configuration everywhere: inject `ConfigSnapshots`. It has been loaded and
 * checked before; `@nestjs/config` reads neither the file nor the environment again.
 */
@Module({})
export class AppConfigModule {
  static from(config: AppConfig): DynamicModule {
    return {
      module: AppConfigModule,
      global: true,
      imports: [
        ConfigModule.forRoot({
          ignoreEnvFile: true,
          ignoreEnvVars: true,
          skipProcessEnv: true,
          load: [registerAs(CONFIG_NAMESPACE, () => config as AppConfig & Record<string, unknown>)],
        }),
      ],
      providers: [
        ConfigSnapshots,
        {
          provide: FACILITIES,
          inject: [ConfigSnapshots],
          useFactory:
            (config: ConfigSnapshots): CurrentFacilities =>
            () =>
              config.current().facilities,
        },
      ],
      exports: [ConfigSnapshots, FACILITIES],
    };
  }
}
