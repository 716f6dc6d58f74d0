import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { json, type Request, type Response } from 'express';
import type { Observable } from 'rxjs';
import { ConfigSnapshots } from '../../config/config-snapshots.js';
import { InvalidRequestError } from '../../errors/request.errors.js';

const BYTES_PER_MIB = 1024 * 1024;

/**
 * Reads the request's JSON body. Interceptors run after guards, so nobody's body is read, let alone
 * parsed, before SciCat has said who they are.
 */
@Injectable()
export class JsonBodyInterceptor implements NestInterceptor {
  constructor(private readonly config: ConfigSnapshots) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const { maxBodyMiB } = this.config.current().server;
    await readBody(http.getRequest<Request>(), http.getResponse<Response>(), maxBodyMiB);
    return next.handle();
  }
}

async function readBody(request: Request, response: Response, maxBodyMiB: number): Promise<void> {
  if (!hasBody(request)) return;
  if (request.is('json') === false) {
    throw new InvalidRequestError(
      'The body must be JSON: send it with Content-Type: application/json, or send none.',
    );
  }
  // Who sent only the headers so far waits for this word.
  if (request.headers.expect !== undefined && request.httpVersion !== '1.0') {
    response.writeContinue();
  }
  const parse = json({ limit: maxBodyMiB * BYTES_PER_MIB, strict: false });
  await new Promise<void>((resolve, reject) => {
    parse(request, response, (error?: unknown) => {
      if (error === undefined) resolve();
      else reject(bodyError(error, maxBodyMiB));
    });
  });
}

function hasBody(request: Request): boolean {
  return (
    request.headers['transfer-encoding'] !== undefined ||
    (request.headers['content-length'] ?? '0') !== '0'
  );
}

/** body-parser names its errors in `type`. */
function bodyError(error: unknown, maxBodyMiB: number): InvalidRequestError {
  const type =
    typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return new InvalidRequestError(
        `The body is larger than the ${maxBodyMiB} MiB that this service takes.`,
      );
    case 'entity.parse.failed':
      return new InvalidRequestError('The body is not valid JSON.');
    case 'request.aborted':
    case 'request.size.invalid':
      return new InvalidRequestError('The body ended before it was complete.');
    default:
      return new InvalidRequestError('The body could not be read as JSON.');
  }
}
