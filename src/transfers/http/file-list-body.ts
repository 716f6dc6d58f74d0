import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ConfigSnapshots } from '../../config/config-snapshots.js';
import { ProxyError } from '../../errors/proxy-error.js';
import { InvalidRequestError } from '../../errors/request.errors.js';
import { BodyGate, type BodyPlace } from '../../hardening/body-gate.js';
import { atPace, SlowBodyError } from '../../hardening/body-pace.js';
import { LIMITS, type ServerLimits } from '../../hardening/server-limits.js';
import { CLOCK, type Clock } from '../../ports/clock.port.js';
import type { FileList } from '../../file-lists/file-list.js';
import { FileListParser } from '../../file-lists/parse-file-list.js';

const BYTES_PER_MIB = 1024 * 1024;

/**
 * Reads the file list out of a request's body, when somebody asks for it: nobody's body is read, let
 * alone parsed, before it is clear who they are and that they may.
 */
@Injectable()
export class FileListBody {
  constructor(
    private readonly config: ConfigSnapshots,
    private readonly gate: BodyGate,
    @Inject(LIMITS) private readonly limits: ServerLimits,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * @returns undefined when the whole dataset folder is meant: no body, `{}`, or no list in it
   * @throws InvalidRequestError when it is anything else, too large, too slow, or ends too early
   * @throws TooBusyError when as many bodies as there is room for are being worked on
   */
  async read(request: Request, response: Response): Promise<FileList | undefined> {
    if (!hasBody(request)) return undefined;
    requireJson(request);
    const { maxBodyMiB } = this.config.current().server;
    const said = declaredSize(request, maxBodyMiB);
    const place = this.gate.enter(said);
    let decoder: Transform | undefined;
    try {
      decoder = decoderFor(request.headers['content-encoding']);
      // Who sent only the headers so far waits for this word.
      if (request.headers.expect !== undefined && request.httpVersion !== '1.0') {
        response.writeContinue();
      }
      const source: Readable = decoder === undefined ? request : request.pipe(decoder);
      const files = await atPace(
        readAll(source, new FileListParser(said), maxBodyMiB, place),
        request,
        this.limits,
        this.clock,
      );
      // The list takes up room until it is dealt with.
      if (!response.destroyed) response.once('close', place.leave);
      else place.leave();
      return files;
    } catch (error) {
      place.leave();
      if (error instanceof SlowBodyError) response.set('Connection', 'close');
      throw error instanceof ProxyError ? error : bodyIncomplete();
    } finally {
      // What is not read is thrown away by the server once it has answered.
      if (decoder !== undefined) request.unpipe(decoder);
      decoder?.destroy();
    }
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
      'The body must be JSON: send it with Content-Type: application/json, or send none.',
    );
  }
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(
    request.headers['content-type'] ?? '',
  )?.[1];
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    throw new InvalidRequestError('The body must be JSON in UTF-8.');
  }
}

/**
 * @returns the body's bytes; 0 where they are only known when all have come
 * @throws InvalidRequestError when they are more than are taken
 */
function declaredSize(request: Request, maxBodyMiB: number): number {
  const length = request.headers['content-length'];
  if (length === undefined || request.headers['content-encoding'] !== undefined) return 0;
  if (Number(length) > maxBodyMiB * BYTES_PER_MIB) throw tooLarge(maxBodyMiB);
  return Number(length);
}

/** @returns undefined when the body comes as it is */
function decoderFor(encoding: string | undefined): Transform | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
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
        'The body is encoded in a way that this service does not know; send it as it is, or with gzip.',
      );
  }
}

async function readAll(
  source: Readable,
  reader: FileListParser,
  maxBodyMiB: number,
  place: BodyPlace,
): Promise<FileList | undefined> {
  let bytes = 0;
  // The connection must outlive a refusal, or nobody would hear of it.
  const pieces: AsyncIterable<Buffer> = source.iterator({ destroyOnReturn: false });
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > maxBodyMiB * BYTES_PER_MIB) {
      throw tooLarge(maxBodyMiB);
    }
    place.need(bytes);
    reader.push(piece);
  }
  // A chunked body of no bytes is none.
  return bytes === 0 ? undefined : reader.end();
}

function tooLarge(maxBodyMiB: number): InvalidRequestError {
  return new InvalidRequestError(
    `The body is larger than the ${maxBodyMiB} MiB that this service takes.`,
  );
}

function bodyIncomplete(): InvalidRequestError {
  return new InvalidRequestError('The body could not be read, or ended before it was complete.');
}
