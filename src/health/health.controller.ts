import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { NotReadyError } from '../errors/request.errors.js';
import { DependencyHealth } from './dependency-health.js';
import { serviceVersion } from './service-version.js';

const READY_DETAILS = {
  configuration: { status: 'up', file: '/service/scicat-globus-proxy-config.yaml', facilities: 2 },
  recovery: { status: 'up', ready: true, open: 12, waiting: 2, inFlight: 10, finalizing: 0 },
  scicat: { status: 'up' },
  globus: { status: 'up', reachable: true },
  operator: { status: 'up', alarms: {} },
  facilities: { status: 'up', held: [] },
};

const READY = { status: 'ok', info: READY_DETAILS, error: {}, details: READY_DETAILS };
const ALIVE = { status: 'ok', info: {}, error: {}, details: {} };

/** Needs no token and reveals no secrets. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly dependencies: DependencyHealth,
  ) {}

  @Get('live')
  @HealthCheck({ swaggerDocumentation: false })
  @ApiOperation({
    operationId: 'GetLiveness',
    summary: 'Liveness probe',
    description: 'Fails if the process must be restarted. Does not depend on other services.',
    security: [],
  })
  @ApiResponse({
    status: 200,
    description: 'The process is alive.',
    content: { 'application/json': { schema: { type: 'object' }, example: ALIVE } },
  })
  async live(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  @Get('ready')
  @HealthCheck({ swaggerDocumentation: false })
  @ApiOperation({
    operationId: 'GetReadiness',
    summary: 'Readiness probe',
    description:
      'Succeeds once the service has resumed tracking all open transfers, as long as it can reach SciCat. A Globus outage is reported, but does not fail the probe: transfers wait until Globus is back.',
    security: [],
  })
  @ApiResponse({
    status: 200,
    description: 'The service is ready. The response shows the state of each component.',
    content: { 'application/json': { schema: { type: 'object' }, example: READY } },
  })
  @ApiResponse({
    status: 503,
    description: 'The service is not ready. `details` contains the reasons.',
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/GeneralErrorResponse' },
        example: {
          message: 'The service is not ready.',
          details: 'scicat: SciCat did not answer in time.',
          code: 'NOT_READY',
          requestId: '5f0c2a9e-6b1d-4c55-8a57-0c7e7ad2f3b1',
        },
      },
    },
  })
  async ready(): Promise<HealthCheckResult> {
    // In parallel: one after the other, both could take longer than a probe waits.
    void this.dependencies.askGlobus();
    // Before the other checks, so that a recovery that completes meanwhile counts.
    await this.dependencies.askScicat();
    try {
      return await this.health.check([
        () => this.dependencies.configuration(),
        () => this.dependencies.recovery(),
        () => this.dependencies.scicat(),
        () => this.dependencies.globus(),
        () => this.dependencies.operator(),
        () => this.dependencies.facilities(),
      ]);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      const report = error.getResponse() as HealthCheckResult;
      throw new NotReadyError('The service is not ready.', {
        details: Object.entries(report.error ?? {})
          .map(([name, result]) => `${name}: ${String(result?.['message'])}`)
          .concat(this.dependencies.activeAlarms())
          .join(' '),
        retryAfterSeconds: 10,
      });
    }
  }
}

/** Response of `GET /version`. */
export class VersionResponse {
  @ApiProperty({ description: 'Version of the service.', example: '1.0.0' })
  version!: string;
}

@ApiTags('health')
@Controller('version')
export class VersionController {
  @Get()
  @ApiOperation({
    operationId: 'GetVersion',
    summary: 'Get the version',
    description: 'Returns the version of the service that is running.',
    security: [],
  })
  @ApiOkResponse({ type: VersionResponse, description: 'The version of the service.' })
  version(): VersionResponse {
    return { version: serviceVersion() };
  }
}
