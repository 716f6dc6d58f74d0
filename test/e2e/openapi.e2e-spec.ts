import { lstatSync, readFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';
import { applicationFolder } from '../../src/config/application-folder.js';
import { ALICES_DATASET, TestService } from '../support/service.js';
import { errorOf } from './error-shape.js';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly required?: boolean;
    readonly schema: unknown;
  }[];
  readonly requestBody?: unknown;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description: string;
        readonly content?: Readonly<Record<string, { schema?: unknown; example?: unknown }>>;
      }
    >
  >;
}

interface Document {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, unknown>>;
    readonly schemas: Readonly<
      Record<
        string,
        { readonly required?: unknown; readonly properties?: Readonly<Record<string, unknown>> }
      >
    >;
  };
}

let service: TestService;
let proxy: Server;
/** The service as seen from outside, below a path that a reverse proxy strips. */
let outside: string;

beforeAll(async () => {
  service = await TestService.start({ pollSeconds: 0.1 });
  await service.ready();
  proxy = createServer((request, response) => {
    const { url = '', method, headers } = request;
    if (!url.startsWith('/some/prefix/')) {
      response.writeHead(502).end('not behind the prefix');
      return;
    }
    const target = `${service.url}${url.slice('/some/prefix'.length)}`;
    const onward = httpRequest(target, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  outside = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/some/prefix`;
});

afterAll(async () => {
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  await service.stop();
});

async function document(): Promise<Document> {
  return (await service.call('GET', '/openapi.json')).json as Document;
}

describe('GET /docs/index.html, /docs, /openapi.yaml, /openapi.json', () => {
  it('all are answered without a token, in one document', async () => {
    const [index, docs, yaml, json] = await Promise.all(
      ['/docs/index.html', '/docs', '/openapi.yaml', '/openapi.json'].map((path) =>
        service.call('GET', path),
      ),
    );
    expect([index, docs, yaml, json].map((answer) => answer?.status)).toEqual(Array(4).fill(200));
    for (const page of [index, docs]) {
      expect(page?.headers.get('content-type')).toMatch(/^text\/html/);
      expect(page?.text).toContain('SciCat Globus Proxy');
    }
    expect(parse(yaml?.text ?? '')).toEqual(json?.json);
  });

  it('a part that a page does not have is an error like any other, and not taken for a style sheet', async () => {
    const answer = await service.call('GET', '/docs/swagger-ui.css', {
      headers: { Range: 'bytes=99999999-' },
    });
    expect(errorOf(answer)).toMatchObject({ status: 400, code: 'INVALID_REQUEST' });
    const left = ['accept-ranges', 'cache-control', 'content-range', 'last-modified'];
    expect(left.map((name) => answer.headers.get(name))).toEqual([null, null, null, null]);
  });

  it('the document says OpenAPI 3.0.3, and has the operations that generated clients depend on', async () => {
    const { openapi, paths } = await document();
    expect({
      openapi,
      operations: Object.entries(paths).flatMap(([path, operations]) =>
        Object.entries(operations).map(
          ([method, { operationId }]) => `${method} ${path} ${operationId}`,
        ),
      ),
    }).toEqual({
      openapi: '3.0.3',
      operations: expect.arrayContaining([
        'post /transfer PostTransferTask',
        'get /transfer ListTransferTasks',
        'get /transfer/{scicatJobId} GetTransferTask',
        'delete /transfer/{scicatJobId} DeleteTransferTask',
        'post /transfer/preview PreviewTransferTask',
        'get /facilities ListFacilities',
        'get /version GetVersion',
      ]),
    });
  });

  it('the security scheme is ScicatKeyAuth, asked for by transfers and facilities, and by nothing else', async () => {
    const { components, paths } = await document();
    expect(components.securitySchemes['ScicatKeyAuth']).toMatchObject({
      type: 'apiKey',
      in: 'header',
      name: 'SciCat-API-Key',
    });
    for (const [path, operations] of Object.entries(paths)) {
      for (const { security } of Object.values(operations)) {
        expect(security?.some((one) => 'ScicatKeyAuth' in one) ?? false).toBe(
          /^\/(?:transfer|facilities)\b/.test(path),
        );
      }
    }
  });

  it('POST and DELETE document exactly the statuses that the existing client knows', async () => {
    const { paths } = await document();
    expect([
      Object.keys(paths['/transfer']?.['post']?.responses ?? {}),
      Object.keys(paths['/transfer/{scicatJobId}']?.['delete']?.responses ?? {}),
    ]).toEqual([
      ['200', '400', '401', '403', '500', '503'],
      ['200', '400', '401', '403', '500'],
    ]);
  });

  it('the preview documents what the request documents: parameters, body and statuses', async () => {
    const { paths } = await document();
    const asked = (path: string) => {
      const operation = paths[path]?.['post'];
      return {
        parameters: operation?.parameters,
        requestBody: operation?.requestBody,
        statuses: Object.keys(operation?.responses ?? {}),
      };
    };
    expect(asked('/transfer/preview')).toEqual(asked('/transfer'));
    expect(asked('/transfer').parameters).toHaveLength(5);
  });

  it("the Ingestor's client can be generated again: its code compiles against what there is", async () => {
    const { paths, components } = await document();
    const parameters = Object.values(paths)
      .flatMap((operations) => Object.values(operations))
      .flatMap((operation) => operation.parameters ?? []);
    const named = (name: string) => parameters.filter((one) => one.name === name);
    // A format makes Go's generator convert the string to a type of its own.
    expect(named('scicatJobId')).toHaveLength(2);
    for (const { schema } of named('scicatJobId')) {
      expect(schema).toEqual(expect.not.objectContaining({ format: expect.anything() }));
    }
    for (const one of named('collectionRootPath')) {
      expect(one).toMatchObject({ required: false, 'x-go-type-skip-optional-pointer': true });
    }
    const { required, properties } = components.schemas['GeneralErrorResponse'] ?? {};
    expect(required).toEqual(['code', 'requestId']);
    expect(Object.keys(properties ?? {})).toEqual(['message', 'details', 'code', 'requestId']);
  });

  it('an empty required parameter is against the document, too', async () => {
    const { paths, components } = await document();
    const required = Object.values(paths)
      .flatMap((operations) => Object.values(operations))
      .flatMap((operation) => operation.parameters ?? [])
      .filter((one) => one.required === true);
    expect(new Set(required.map(({ name }) => name))).toEqual(
      new Set(['sourceFacility', 'destFacility', 'scicatPid', 'scicatJobId', 'name']),
    );
    for (const { schema } of required) expect(schema).toMatchObject({ minLength: 1 });
    const { properties = {} } = components.schemas['TransferRequest'] ?? {};
    for (const name of ['sourceFacility', 'destFacility', 'scicatPid']) {
      expect(properties[name]).toMatchObject({ minLength: 1 });
    }
  });

  it('the body has each parameter of the query, and nothing unknown', async () => {
    const { paths, components } = await document();
    const { properties = {}, required } = components.schemas['TransferRequest'] ?? {};
    const inQuery = paths['/transfer']?.['post']?.parameters?.map(({ name }) => name) ?? [];
    expect(Object.keys(properties).sort()).toEqual(['fileList', ...inQuery].sort());
    expect(required).toBeUndefined();
    for (const name of ['TransferRequest', 'FileToTransfer']) {
      expect(components.schemas[name]).toMatchObject({ additionalProperties: false });
    }
  });

  it('every response has a description, and an example or a schema', async () => {
    const { paths } = await document();
    const bare = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, { responses }]) =>
        Object.entries(responses)
          .filter(
            ([, { description, content }]) =>
              description === '' ||
              content === undefined ||
              Object.values(content).some(
                ({ schema, example }) => schema === undefined && example === undefined,
              ),
          )
          .map(([status]) => `${method} ${path} ${status}`),
      ),
    );
    // It has no body.
    expect(bare).toEqual(['delete /transfer/{scicatJobId} 200']);
  });

  it('the committed openapi.yaml is what the code produces: run `npm run openapi` if it is not', async () => {
    const committed = readFileSync(join(applicationFolder(), 'openapi.yaml'), 'utf8');
    expect(committed).toBe((await service.call('GET', '/openapi.yaml')).text);
    // Where the Ingestor's update script looks. A link would not do: GitHub serves its text.
    const copy = join(applicationFolder(), 'internal/api/openapi.yaml');
    expect([lstatSync(copy).isFile(), readFileSync(copy, 'utf8')]).toEqual([true, committed]);
    const printed: string[] = [];
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
    try {
      await import('../../src/app/write-openapi.js');
    } finally {
      write.mockRestore();
    }
    expect(printed.join('')).toBe(committed);
  });
});

describe('behind a reverse proxy that strips a path prefix', () => {
  it('transfers are requested, looked at and cancelled', async () => {
    const headers = { 'SciCat-API-Key': service.tokens.alice };
    const post = await fetch(
      `${outside}/transfer?sourceFacility=SOURCE&destFacility=ARCHIVE&scicatPid=${encodeURIComponent(ALICES_DATASET)}`,
      { method: 'POST', headers },
    );
    const { jobId } = (await post.json()) as { readonly jobId: string };
    await service.reaches(jobId, '003');
    const get = await fetch(`${outside}/transfer/${jobId}`, { headers });
    const remove = await fetch(`${outside}/transfer/${jobId}?delete=true`, {
      method: 'DELETE',
      headers,
    });
    expect([post.status, get.status, remove.status]).toEqual([200, 200, 200]);
  });

  it.each(['/docs', '/docs/', '/docs/index.html'])(
    'everything that the page %s loads is there, and its requests go to the service',
    async (path) => {
      const page = await fetch(`${outside}${path}`);
      const html = await page.text();
      // Also those in single quotes, should the page ever have any.
      const links = [...html.matchAll(/(?:src|href)=["']([^"'#][^"']*)["']/g)].map(
        ([, link]) => link ?? '',
      );
      expect(links.length).toBeGreaterThan(3);
      let document: Document | undefined;
      for (const link of links.filter((one) => !one.startsWith('data:'))) {
        const target = new URL(link, page.url);
        const answer = await fetch(target);
        const text = await answer.text();
        expect([target.href, answer.status]).toEqual([expect.stringContaining(outside), 200]);
        if (link.endsWith('swagger-ui-init.js')) {
          document = JSON.parse(
            /"swaggerDoc": ([\s\S]*?),\s*"customOptions"/.exec(text)?.[1] ?? '',
          ) as Document;
        }
      }
      // Swagger UI takes the page's own address as the base of relative servers.
      const [server] = document?.servers ?? [];
      const url = new URL(`${server?.url ?? ''}/version`, page.url);
      expect([url.href, (await fetch(url)).status]).toEqual([`${outside}/version`, 200]);
    },
  );

  it('the servers of the document lead to the service', async () => {
    for (const path of ['/openapi.json', '/openapi.yaml']) {
      const answer = await fetch(`${outside}${path}`);
      const { servers } = parse(await answer.text()) as Document;
      expect(new URL(`${servers[0]?.url ?? ''}/version`, answer.url).href).toBe(
        `${outside}/version`,
      );
    }
  });
});
