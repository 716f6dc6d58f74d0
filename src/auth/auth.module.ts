import { Module } from '@nestjs/common';
import { ScicatModule } from '../scicat/scicat.module.js';
import { Authenticator } from './authenticator.js';
import { IDENTITIES, type Identities } from './identity.port.js';
import { ScicatAuthGuard } from './scicat-auth.guard.js';

/** Who makes a request. Whoever uses `@Authenticated()` imports this. */
@Module({
  imports: [ScicatModule],
  providers: [
    {
      provide: Authenticator,
      useFactory: (identities: Identities) => new Authenticator(identities),
      inject: [IDENTITIES],
    },
    ScicatAuthGuard,
  ],
  exports: [Authenticator, ScicatAuthGuard],
})
export class AuthModule {}
