import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import type { AppConfig } from '../config/app-config.js';
import { loadConfig } from '../config/load-config.js';
import { createLogger } from '../logging/logger.js';
import { openApiDocument, openApiYaml } from './openapi.js';

/*
 * Prints the OpenAPI document for the project's `openapi.yaml`. Nest's preview mode starts nothing:
 * it writes no file, opens no port and calls no other service.
 */
const app = await NestFactory.create(AppModule.from(anyConfig(), createLogger('silent')), {
  preview: true,
  abortOnError: false,
  logger: false,
});
process.stdout.write(openApiYaml(openApiDocument(app)));

/** The document does not depend on the configuration. */
function anyConfig(): AppConfig {
  const text = `
scicatUrl: http://scicat.invalid
port: 1
dataDir: /nowhere
facilities: [{ name: ANY, collection: 00000000-0000-4000-8000-000000000000 }]
`;
  const env = {
    GLOBUS_CLIENT_ID: '00000000-0000-4000-8000-000000000000',
    GLOBUS_CLIENT_SECRET: 'none',
    SCICAT_SERVICE_USER_USERNAME: 'none',
    SCICAT_SERVICE_USER_PASSWORD: 'none',
  };
  return loadConfig({
    argv: ['--config', '/config.yaml'],
    env,
    platform: process.platform,
    applicationFolder: '/nowhere',
    workingFolder: '/',
    files: { read: () => text, exists: (path) => path.endsWith('config.yaml') },
  }).config;
}
