import { Module } from '@nestjs/common';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { HttpClientModule } from '../http-client/http-client.module.js';
import { HTTP_TRANSPORT, type HttpTransport } from '../ports/http-transport.port.js';
import { UpstreamCalls } from '../http-client/upstream-calls.js';
import { CLOCK, type Clock } from '../ports/clock.port.js';
import { GLOBUS_TRANSFERS, type GlobusTransfers } from '../ports/globus-transfers.port.js';
import { GlobusTransfersClient } from './globus-transfers.client.js';

/**
 * Globus: provides {@link GLOBUS_TRANSFERS}. Needs {@link CLOCK} and `ConfigSnapshots` from global
 * modules. Addresses and account are those of the start: a task is visible only to the account
 * that submitted it, so neither may change under running transfers.
 */
@Module({
  imports: [HttpClientModule],
  providers: [
    {
      provide: GLOBUS_TRANSFERS,
      inject: [ConfigSnapshots, HTTP_TRANSPORT, UpstreamCalls, CLOCK],
      useFactory: (
        snapshots: ConfigSnapshots,
        transport: HttpTransport,
        calls: UpstreamCalls,
        clock: Clock,
      ): GlobusTransfers => {
        const { globus, secrets } = snapshots.current();
        return new GlobusTransfersClient(
          {
            authUrl: globus.authUrl,
            transferUrl: globus.transferUrl,
            clientId: secrets.globusClientId,
            clientSecret: secrets.globusClientSecret.reveal(),
          },
          { transport, clock, random: Math.random, observe: calls.observe },
        );
      },
    },
  ],
  exports: [GLOBUS_TRANSFERS],
})
export class GlobusModule {}
