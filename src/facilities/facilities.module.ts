import { Module } from '@nestjs/common';
import { assemble } from '../injection/assemble.js';
import { FACILITIES, FacilityAuthorization } from './facility-authorization.js';

/** Facility authorization. `AppConfigModule` provides the facilities. */
@Module({
  providers: [{ provide: FacilityAuthorization, ...assemble(FacilityAuthorization, [FACILITIES]) }],
  exports: [FacilityAuthorization],
})
export class FacilitiesModule {}
