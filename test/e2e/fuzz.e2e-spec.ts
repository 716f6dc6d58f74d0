import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ALICES_DATASET, TestService } from '../support/service.js';
import { errorOf } from './error-shape.js';

/** `FUZZ_SEED=… npm run test:e2e -- fuzz` repeats a run. */
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const RUNS = { seed: SEED, numRuns: 150, interruptAfterTimeLimit: 12_000, endOnFailure: true };

/** With healthy services behind it, of the statuses that existing clients know. */
const KNOWN_TO_CLIENTS = [400, 401, 403];

let service: TestService;

beforeAll(async () => {
  process.stdout.write(`Fuzzing with FUZZ_SEED=${SEED}\n`);
  service = await TestService.start({ pollSeconds: 0.5, yaml: 'server: { maxBodyMiB: 1 }' });
  await service.ready();
  service.holdTasks();
});

afterAll(async () => {
  await service.stop();
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', '..', '/', '\\', '%', '\u0000', '__proto__', 'constructor', 'toString', '[]'),
  fc.constantFrom('SOURCE', 'ARCHIVE', ALICES_DATASET, '/data', 'true', 'findOne', '{{ .Pid }}'),
);

const anyQuery = fc
  .array(
    fc.tuple(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom('sourceFacility', 'destFacility', 'scicatPid') },
        { weight: 2, arbitrary: fc.constantFrom('collectionRootPath', 'autoArchive', 'delete') },
        { weight: 1, arbitrary: fc.constantFrom('page', 'pageSize', 'a[b]', '__proto__[x]') },
        { weight: 1, arbitrary: anyText },
      ),
      anyText,
    ),
    { maxLength: 6 },
  )
  .map((pairs) => new URLSearchParams(pairs).toString());

const anyHeaders = fc.dictionary(
  fc.constantFrom(
    'accept',
    'accept-encoding',
    'authorization',
    'if-none-match',
    'origin',
    'range',
    'x-forwarded-for',
    'x-http-method-override',
    'x-request-id',
  ),
  fc.string({ unit: 'grapheme-ascii', maxLength: 60 }).map((text) => text.trim()),
  { maxKeys: 4 },
);

const anyBody = fc.oneof(
  fc.constant(undefined),
  fc.json(),
  fc
    .record({
      fileList: fc.oneof(
        fc.array(
          fc.oneof(
            fc.record({ path: anyText, isSymlink: fc.boolean() }),
            fc.record({ path: fc.anything(), isSymlink: fc.anything() }, { requiredKeys: [] }),
          ),
          { maxLength: 5 },
        ),
        fc.anything(),
      ),
    })
    .map((value) => {
      try {
        return JSON.stringify(value);
      } catch {
        return '{}';
      }
    }),
  anyText,
  fc.uint8Array({ maxLength: 100 }),
);

const anyPath = fc.oneof(
  { weight: 5, arbitrary: fc.constant('/transfer') },
  {
    weight: 3,
    arbitrary: anyText.map((text) => `/transfer/${encodeURIComponent(wellFormed(text))}`),
  },
  { weight: 1, arbitrary: fc.uuid().map((id) => `/transfer/${id}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '/transfer/%',
      '/transfer/%ff',
      '//transfer',
      '/transfer//',
      '/docs/%',
    ),
  },
  { weight: 1, arbitrary: fc.webPath() },
);

function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

describe('whatever is sent', () => {
  it('never gets a 5xx, never an error that is not in the one shape, and no unknown status', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('POST', 'DELETE', 'GET', 'PUT', 'PATCH'),
        anyPath,
        anyQuery,
        anyHeaders,
        anyBody,
        fc.constantFrom('alice', 'bob', undefined, 'nobody'),
        fc.constantFrom(
          'application/json',
          'application/json; charset=utf-8',
          'text/plain',
          undefined,
        ),
        async (method, path, query, headers, body, who, type) => {
          const answer = await service.call(method, `${path}${query === '' ? '' : `?${query}`}`, {
            who,
            headers: { ...headers, ...(type === undefined ? {} : { 'content-type': type }) },
            ...(method === 'GET' || body === undefined ? {} : { body }),
          });
          if (answer.status < 400) return;
          const { status } = errorOf(answer);
          // What is sent: dot segments are resolved away before.
          const sent = new URL(`${service.url}${path}`).pathname.replace(/\/{2,}/g, '/');
          const operation =
            (method === 'POST' && sent === '/transfer') ||
            (method === 'DELETE' && /^\/transfer\/(?!preview$)[^/?]+$/.test(sent));
          expect(operation ? KNOWN_TO_CLIENTS : [...KNOWN_TO_CLIENTS, 404, 405]).toContain(status);
        },
      ),
      RUNS,
    );
    expect((await service.call('GET', '/health/ready')).status).toBe(200);
  });

  it('what is nearly right is refused or accepted, and accepted things have a job', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          {
            collectionRootPath: fc.oneof(fc.constantFrom('/data', '/data/', '/', ''), anyText),
            autoArchive: fc.constantFrom('true', 'false', 'T', 'yes'),
          },
          { requiredKeys: [] },
        ),
        fc.array(
          fc.record({
            path: fc.oneof(anyText, fc.constantFrom('a', 'a/b', 'a b', 'ä', '-', '~', 'a/../b')),
            isSymlink: fc.boolean(),
          }),
          { maxLength: 4 },
        ),
        async (query, fileList) => {
          const answer = await service.post(query, { body: { fileList } });
          if (answer.status === 200) {
            const { jobId } = answer.json as { readonly jobId: string };
            expect(service.job(jobId).ownerUser).toBe('alice');
          } else {
            expect(errorOf(answer).status).toBe(400);
          }
        },
      ),
      { ...RUNS, numRuns: 60 },
    );
  });
});
