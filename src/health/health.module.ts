import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { GlobusModule } from '../globus/globus.module.js';
import { ScicatModule } from '../scicat/scicat.module.js';
import { TrackingModule } from '../tracking/tracking.module.js';
import { DependencyHealth } from './dependency-health.js';
import { HealthController, VersionController } from './health.controller.js';

/** Liveness, readiness and version. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false }), ScicatModule, GlobusModule, TrackingModule],
  controllers: [HealthController, VersionController],
  providers: [DependencyHealth],
})
export class HealthModule {}
