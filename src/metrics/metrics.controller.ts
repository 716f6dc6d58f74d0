import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { StateMetrics } from './state-metrics.js';

const EXAMPLE = `# HELP globus_proxy_queue_length Transfers waiting to be submitted to Globus.
# TYPE globus_proxy_queue_length gauge
globus_proxy_queue_length 2
`;

/** Needs no token and reveals nothing about users or datasets. */
@ApiTags('health')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly registry: Registry,
    private readonly state: StateMetrics,
  ) {}

  @Get()
  @Header('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE)
  @ApiOperation({
    operationId: 'GetMetrics',
    summary: 'Get metrics',
    description:
      'Counts and durations of requests, transfers and calls to SciCat and Globus, for Prometheus.',
    security: [],
  })
  @ApiResponse({
    status: 200,
    description: 'All metrics, in the Prometheus text format.',
    content: { 'text/plain': { schema: { type: 'string' }, example: EXAMPLE } },
  })
  scrape(): Promise<string> {
    this.state.refresh();
    return this.registry.metrics();
  }
}
