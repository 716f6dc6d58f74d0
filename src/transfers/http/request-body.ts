import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, type Zlib } from 'node:zlib';
import { contextOf } from '../../auth/request-context.js';
import { ConfigSnapshots } from '../../config/config-snapshots.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { InvalidRequestError, TooBusyError } from '../../errors/request.errors.js';
import { afterAnswer } from '../../hardening/after-answer.js';
import { BodyGate, type BodyPlace } from '../../hardening/body-gate.js';
import { atPace, SlowBodyError } from '../../hardening/body-pace.js';
import { Refusals } from '../../hardening/refusals.js';
import { LIMITS, type ServerLimits } from '../../hardening/server-limits.js';
import { Stopping } from '../../hardening/stopping.js';
import { CLOCK, type Clock } from '../../ports/clock.port.js';
import { FileListParser, type ParsedBody } from '../../file-lists/parse-file-list.js';
import { unlessAborted } from '../../time/unless-aborted.js';

const BYTES_PER_MIB = 1024 * 1024;

type Decoder = Transform & Zlib;

const NOTHING: ParsedBody = { files: undefined, others: new Map() };

/** Reads the body of a request, once its caller is authenticated. */
@Injectable()
export class RequestBody {
  constructor(
    private readonly config: ConfigSnapshots,
    private readonly gate: BodyGate,
    private readonly stopping: Stopping,
    private readonly refusals: Refusals,
    @Inject(LIMITS) private readonly limits: ServerLimits,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * @returns neither a list nor anything else if there is no body
   * @throws InvalidRequestError when the body is invalid, too large, too slow or incomplete
   * @throws TooBusyError when too many bodies are being processed
   * @throws NotReadyError when the service stops before the body is complete
   */
  async read(request: Request, response: Response): Promise<ParsedBody> {
    if (!hasBody(request)) return NOTHING;
    // A chunked body may turn out to be empty, and then needs no type.
    if (request.headers['content-length'] !== undefined) requireJson(request);
    const { maxBodyMiB, maxBodySeconds, maxListEntries } = this.config.current().server;
    const declared = declaredSize(request, maxBodyMiB);
    const user = contextOf(request).caller?.identity.username ?? '';
    let place: BodyPlace | undefined;
    let decoder: Decoder | undefined;
    try {
      place = this.gate.enter(user, declared);
      decoder = decoderFor(request.headers['content-encoding']);
      // So far, the client has sent only the headers.
      if (request.headers.expect !== undefined && request.httpVersion !== '1.0') {
        response.writeContinue();
      }
      const source: Readable = decoder === undefined ? request : request.pipe(decoder);
      const parser = new FileListParser(declared, maxListEntries);
      const reading = readAll(source, parser, maxBodyMiB, place, () => requireJson(request));
      const pace = {
        ...this.limits,
        wholeBodySeconds: maxBodySeconds,
        announcedBytes: Number(request.headers['content-length'] ?? 0),
      };
      const inTime = atPace(reading, request, pace, this.clock);
      const body = await unlessAborted(unlessAborted(inTime, place.givenUp), this.stopping.signal);
      place.complete();
      // The list occupies memory until the request has been dealt with, also if the client has left.
      afterAnswer(response, place.leave);
      return body;
    } catch (error) {
      place?.leave();
      // An empty body can't be decompressed, and counts as none all the same.
      if (decoder?.bytesWritten === 0 && request.complete) return NOTHING;
      this.note(error, user, declared);
      if (error instanceof SlowBodyError) response.set('Connection', 'close');
      if (error instanceof ProxyError) throw error;
      throw new InvalidRequestError('The body could not be read, or is incomplete.');
    } finally {
      // The server discards the unread rest after the response.
      if (decoder !== undefined) request.unpipe(decoder);
      decoder?.destroy();
    }
  }

  private note(error: unknown, username: string, announcedBytes: number): void {
    const about = { username, announcedBytes };
    if (error instanceof SlowBodyError) this.refusals.note('slow-body', about);
    else if (error instanceof TooBusyError) this.refusals.note('body', about);
  }
}

function hasBody(request: Request): boolean {
  return (
    request.headers['transfer-encoding'] !== undefined ||
    (request.headers['content-length'] ?? '0') !== '0'
  );
}

function requireJson(request: Request): void {
  if (request.is('json') === false) {
    throw new InvalidRequestError(
      'The body must be JSON. Send it with Content-Type: application/json, or omit it.',
    );
  }
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(
    request.headers['content-type'] ?? '',
  )?.[1];
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    throw new InvalidRequestError('The body must be JSON in UTF-8.');
  }
}

/** The body's length in bytes, 0 if unknown. @throws InvalidRequestError when it is too large */
function declaredSize(request: Request, maxBodyMiB: number): number {
  const length = request.headers['content-length'];
  if (length === undefined || request.headers['content-encoding'] !== undefined) return 0;
  if (Number(length) > maxBodyMiB * BYTES_PER_MIB) throw tooLarge(maxBodyMiB);
  return Number(length);
}

/** Undefined if the body is not compressed. */
function decoderFor(encoding: string | undefined): Decoder | undefined {
  switch (encoding?.trim().toLowerCase() ?? '') {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new InvalidRequestError(
        'The Content-Encoding of the body is not supported. Send it uncompressed, or with gzip.',
      );
  }
}

async function readAll(
  source: Readable,
  reader: FileListParser,
  maxBodyMiB: number,
  place: BodyPlace,
  beforeFirst: () => void,
): Promise<ParsedBody> {
  let bytes = 0;
  // The connection must survive an error, or the client would never receive the response.
  const pieces: AsyncIterable<Buffer> = source.iterator({ destroyOnReturn: false });
  for await (const piece of pieces) {
    if (bytes === 0) beforeFirst();
    bytes += piece.length;
    if (bytes > maxBodyMiB * BYTES_PER_MIB) throw tooLarge(maxBodyMiB);
    place.need(bytes);
    reader.push(piece);
  }
  // An empty chunked body counts as no body.
  return bytes === 0 ? NOTHING : reader.end();
}

function tooLarge(maxBodyMiB: number): InvalidRequestError {
  return new InvalidRequestError(`The body is larger than the limit of ${maxBodyMiB} MiB.`);
}
