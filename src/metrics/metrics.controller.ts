import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { StateMetrics } from './state-metrics.js';

const EXAMPLE = `# HELP globus_proxy_queue_length Transfers that wait to be handed to Globus.
# TYPE globus_proxy_queue_length gauge
globus_proxy_queue_length 2
`;

/** For Prometheus. Needs no token and reveals nothing of users and datasets. */
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
    summary: 'Metrics for Prometheus',
    description: 'Counts and durations of requests, transfers and calls to SciCat and Globus.',
    security: [],
  })
  @ApiResponse({
    status: 200,
    description: 'All metrics in the text format of Prometheus.',
    content: { 'text/plain': { schema: { type: 'string' }, example: EXAMPLE } },
  })
  scrape(): Promise<string> {
    this.state.refresh();
    return this.registry.metrics();
  }
}
