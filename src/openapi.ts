import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { stringify } from 'yaml';
import { SCICAT_KEY_SCHEME } from './auth/authenticated.decorator.js';
import { TOKEN_HEADER } from './auth/scicat-token.js';
import { serviceVersion } from './health/service-version.js';

/** The OpenAPI document of the REST interface. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.0.3')
    .setTitle('SciCat Globus Proxy API')
    .setDescription(
      `Moves SciCat datasets between facilities with Globus, on behalf of scientists who hold nothing but their SciCat token. Send that token in the header ${TOKEN_HEADER}.`,
    )
    .setVersion(serviceVersion())
    .setLicense('BSD-3-Clause', 'https://opensource.org/license/bsd-3-clause')
    .addTag('transfer', 'Transfers of datasets between facilities')
    .addTag('health', 'State and version of the service')
    .addApiKey(
      { type: 'apiKey', in: 'header', name: TOKEN_HEADER, description: 'Your SciCat token.' },
      SCICAT_KEY_SCHEME,
    )
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'Your SciCat token.' })
    // Relative to the document, so that it holds behind a reverse proxy that strips a path.
    .addServer('./')
    .build();
  return SwaggerModule.createDocument(app, config);
}

/** The document as it is committed and served in `openapi.yaml`. */
export function openApiYaml(document: OpenAPIObject): string {
  return stringify(document, { lineWidth: 100, aliasDuplicateObjects: false });
}

/**
 * Serves Swagger UI at `/docs/index.html`, and the document at `/openapi.yaml` and `/openapi.json`.
 */
export function serveOpenApi(app: INestApplication): void {
  const document = openApiDocument(app);
  SwaggerModule.setup('docs', app, document, {
    customSiteTitle: 'SciCat Globus Proxy',
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true },
    patchDocumentOnRequest: (request: unknown, _response, served) =>
      // The page stands one folder below the service's root; the document stands in it.
      pathOf(request).includes('/docs') ? { ...served, servers: [{ url: '../' }] } : served,
  });
}

function pathOf(request: unknown): string {
  return typeof request === 'object' && request !== null && 'originalUrl' in request
    ? String(request.originalUrl)
    : '';
}
