import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { serviceVersion } from './service-version.js';

/** Answer of `GET /version`. */
export class VersionResponse {
  @ApiProperty({ description: 'The version of the service.', example: '1.0.0' })
  version!: string;
}

/** Which version answers. */
@ApiTags('health')
@Controller('version')
export class VersionController {
  @Get()
  @ApiOperation({
    operationId: 'GetVersion',
    summary: 'The version of the service',
    security: [],
  })
  @ApiOkResponse({ type: VersionResponse, description: 'The version.' })
  version(): VersionResponse {
    return { version: serviceVersion() };
  }
}
