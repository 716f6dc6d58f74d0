import { Module } from '@nestjs/common';
import { ConfigSnapshots } from '../config/config-snapshots.js';
import { networkOf } from '../hardening/network-of.js';
import { Refusals } from '../hardening/refusals.js';
import { keyOfUser, RequestLine } from '../hardening/request-line.js';
import { LOGGER, type Logger } from '../logging/logger.js';
import { ScicatModule } from '../scicat/scicat.module.js';
import { CLOCK, type Clock } from '../ports/clock.port.js';
import { Authenticator } from './authenticator.js';
import { IDENTITIES, type Identities } from '../ports/identities.port.js';
import { LoginLimit } from './login-limit.js';
import { ScicatAuthGuard } from './scicat-auth.guard.js';
import { TokenMemory } from './token-memory.js';

/** Authentication by SciCat tokens. Modules that use `@Authenticated()` import this. */
@Module({
  imports: [ScicatModule],
  providers: [
    {
      provide: Authenticator,
      useFactory: (identities: Identities, config: ConfigSnapshots, clock: Clock, logger: Logger) =>
        new Authenticator({
          identities,
          tokens: new TokenMemory(clock),
          limit: new LoginLimit({
            limit: () => config.current().server.maxFailedLoginsPerMinute,
            clock,
            onReached: (address) =>
              logger.warn(
                { address },
                'too many invalid tokens, rejecting further ones for a minute',
              ),
          }),
        }),
      inject: [IDENTITIES, ConfigSnapshots, CLOCK, LOGGER],
    },
    {
      provide: RequestLine,
      useFactory: (
        authenticator: Authenticator,
        config: ConfigSnapshots,
        refusals: Refusals,
        clock: Clock,
      ) =>
        new RequestLine({
          bounds: () => {
            const { server } = config.current();
            return {
              running: server.maxRequests,
              runningPerKey: server.maxRequestsPerUser,
              waiting: server.maxWaitingRequests,
              waitingPerKey: server.maxWaitingRequestsPerUser,
            };
          },
          keyOf: ({ headers, ip }) => {
            const user = authenticator.probableUser(headers);
            return user === undefined ? `address ${networkOf(ip)}` : keyOfUser(user);
          },
          refusals,
          clock,
        }),
      inject: [Authenticator, ConfigSnapshots, Refusals, CLOCK],
    },
    ScicatAuthGuard,
  ],
  exports: [Authenticator, RequestLine, ScicatAuthGuard],
})
export class AuthModule {}
