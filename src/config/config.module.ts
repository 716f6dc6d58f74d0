import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigModule, registerAs } from '@nestjs/config';
import { type CurrentFacilities, FACILITIES } from '../facilities/facility-authorization.js';
import type { AppConfig } from './app-config.js';
import { CONFIG_NAMESPACE, ConfigSnapshots } from './config-snapshots.js';

/**
 * Hands out the typed configuration everywhere: inject `ConfigSnapshots`. The file and the
 * environment have been read and checked before; `@nestjs/config` reads neither again.
 */
@Module({})
export class AppConfigModule {
  /**
   * @example
   * const { config } = loadConfig({ ... });
   * imports: [AppConfigModule.from(config)]
   */
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
