import { ExpressAdapter } from '@nestjs/platform-express';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answerBrokenRequest } from './broken-request.js';
import type { ServerLimits } from './server-limits.js';

/** Largest first line and headers together, in bytes. A SciCat token has 8 KiB at most. */
export const MAX_HEADER_BYTES = 16 * 1024;

/** Express behind a server that gives nobody more than {@link ServerLimits} say. */
export class LimitedExpressAdapter extends ExpressAdapter {
  constructor(
    private readonly limits: ServerLimits,
    private readonly onFull: () => void,
  ) {
    super();
  }

  override initHttpServer(): void {
    const server = limitedServer(this.limits);
    server.on('request', this.getInstance<(...args: unknown[]) => void>());
    server.on('drop', this.onFull);
    this.httpServer = server;
  }
}

function limitedServer(limits: ServerLimits): Server {
  const server = createServer({
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Nothing here depends on the host's name, and Node's own refusal has no body.
    requireHostHeader: false,
  });
  // There is no bound on the requests of one connection: Node's answer beyond it has no body.
  server.maxConnections = limits.connections;
  server.setTimeout(limits.silenceMs);
  // Node would ask for the body before anybody knows whose it is; the route that reads it asks.
  const goOn = (request: IncomingMessage, response: ServerResponse): void => {
    server.emit('request', request, response);
  };
  server.on('checkContinue', goOn);
  server.on('checkExpectation', goOn);
  server.on('clientError', answerBrokenRequest);
  return server;
}
