import { Module } from '@nestjs/common';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { HttpClientModule } from '../http-client/http-client.module.js';
import { UpstreamCalls } from '../http-client/upstream-calls.js';
import { CLOCK, type Clock } from '../ports/clock.port.js';
import { GLOBUS_TRANSFERS, type GlobusTransfers } from '../ports/globus-transfers.port.js';
import { HTTP_TRANSPORT, type HttpTransport } from '../ports/http-transport.port.js';
import { globusServices } from './globus-services.js';

/** Provides {@link GLOBUS_TRANSFERS}. Needs {@link CLOCK} and `ConfigSnapshots` from global modules. */
@Module({
  imports: [HttpClientModule],
  providers: [
    {
      provide: GLOBUS_TRANSFERS,
      inject: [ConfigSnapshots, HTTP_TRANSPORT, CLOCK, UpstreamCalls],
      useFactory: (
        snapshots: ConfigSnapshots,
        transport: HttpTransport,
        clock: Clock,
        { observe, observeAttempt }: UpstreamCalls,
      ): GlobusTransfers =>
        globusServices(snapshots.current(), {
          transport,
          clock,
          random: Math.random,
          observe,
          observeAttempt,
        }).transfers,
    },
  ],
  exports: [GLOBUS_TRANSFERS],
})
export class GlobusModule {}
