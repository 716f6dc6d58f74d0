import type { HttpRequest } from '../../src/ports/http-transport.port.js';

/** A request as it arrives: its body is one text, streamed or not. */
export type ArrivedRequest = HttpRequest & { readonly body?: string };

/** Reads a streamed body to its end, and sees that it is as long as it was said to be. */
export async function arrived(request: HttpRequest): Promise<ArrivedRequest> {
  const { body, ...others } = request;
  if (typeof body !== 'object') return { ...others, ...(body === undefined ? {} : { body }) };
  const pieces: Buffer[] = [];
  for await (const piece of body.pieces()) pieces.push(piece);
  const whole = Buffer.concat(pieces);
  if (whole.length !== body.bytes) {
    throw new Error(`The body has ${whole.length} bytes, not ${body.bytes}.`);
  }
  return { ...others, body: whole.toString() };
}
