import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import { stringify } from 'yaml';
import { SCICAT_KEY_SCHEME } from '../auth/authenticated.decorator.js';
import { TOKEN_HEADER } from '../auth/scicat-token.js';
import { serviceVersion } from '../health/service-version.js';

/** The OpenAPI document of the REST API. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.0.3')
    .setTitle('SciCat Globus Proxy API')
    .setDescription(
      `Transfers SciCat datasets between facilities with Globus, on behalf of scientists who need only their SciCat token. Send the token in the header ${TOKEN_HEADER}.`,
    )
    .setVersion(serviceVersion())
    .setLicense('BSD-3-Clause', 'https://opensource.org/license/bsd-3-clause')
    .addTag('transfer', 'Transfers of datasets between facilities')
    .addTag('health', 'Health, version and metrics of the service')
    .addApiKey(
      { type: 'apiKey', in: 'header', name: TOKEN_HEADER, description: 'Your SciCat token.' },
      SCICAT_KEY_SCHEME,
    )
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'Your SciCat token.' })
    // Relative to the document, so that it works behind a reverse proxy that strips a path.
    .addServer('.')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  closeSchemas(document);
  const { openapi, info, servers = [], tags = [], paths, components = {}, ...rest } = document;
  // In reading order.
  return { openapi, info, servers, tags, paths, components, ...rest };
}

/** What a request may send. Unknown keys in it are refused. */
const CLOSED_SCHEMAS = ['TransferRequest', 'FileToTransfer'];

/** No decorator of the library can say this. */
function closeSchemas({ components }: OpenAPIObject): void {
  for (const name of CLOSED_SCHEMAS) {
    const schema = components?.schemas?.[name];
    if (schema === undefined) throw new Error(`The document has no schema ${name}.`);
    Object.assign(schema, { additionalProperties: false });
  }
}

/** The document as committed and served in `openapi.yaml`. */
export function openApiYaml(document: OpenAPIObject): string {
  return stringify(document, { lineWidth: 100, aliasDuplicateObjects: false });
}

/**
 * Serves Swagger UI at `/docs/index.html`, and the document at `/openapi.yaml` and `/openapi.json`.
 * All links are relative, so that they work behind a reverse proxy that strips a path.
 */
export function serveOpenApi(app: NestExpressApplication): void {
  let made: OpenAPIObject | undefined;
  // On first use: few ever open the page, so no start should wait for it.
  const document = (): OpenAPIObject => (made ??= openApiDocument(app));
  app.use(routeToPage);
  const express = app.getHttpAdapter().getInstance();
  express.get('/openapi.yaml', (_request: Request, response: Response) => {
    // The library would format YAML differently from the committed file.
    response.type('text/yaml').send(openApiYaml(document()));
  });
  SwaggerModule.setup('docs', app, document, {
    customSiteTitle: 'SciCat Globus Proxy',
    raw: ['json'],
    jsonDocumentUrl: 'openapi.json',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true },
    patchDocumentOnRequest: (request: unknown, _response, served) =>
      // The page is one folder below the service's root.
      pathOf(request).includes('/docs') ? { ...served, servers: [{ url: '..' }] } : served,
  });
}

/**
 * The links of the library's page work only if its address ends in a slash, and its requests only if
 * it is in the folder.
 */
function routeToPage(request: Request, response: Response, next: NextFunction): void {
  if (request.path === '/docs' && request.method === 'GET') {
    response.redirect('docs/index.html');
    return;
  }
  if (request.path === '/docs/index.html') {
    request.url = '/docs/';
    request.originalUrl = '/docs/';
  }
  next();
}

function pathOf(request: unknown): string {
  return typeof request === 'object' && request !== null && 'originalUrl' in request
    ? String(request.originalUrl)
    : '';
}
