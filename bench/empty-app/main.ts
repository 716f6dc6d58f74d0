/**
 * What a Nest application with Swagger costs that does nothing: the measure for how quickly the proxy
 * starts, and how much memory it takes.
 */
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApiOkResponse, ApiOperation, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

@Controller('health')
class HealthController {
  @Get('ready')
  @ApiOperation({ summary: 'Can requests be taken?' })
  @ApiOkResponse({ description: 'They can.' })
  ready(): { readonly status: string } {
    return { status: 'ok' };
  }
}

@Module({ controllers: [HealthController] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
const document = SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Empty').build());
SwaggerModule.setup('docs', app, document);
await app.listen(Number(process.argv[2]), '127.0.0.1');
process.once('disconnect', () => process.exit());
