import { HttpModule, HttpService } from '@nestjs/axios';
import { type FactoryProvider, Module } from '@nestjs/common';
import { AxiosTransport } from './axios-transport.js';
import {
  HTTP_TRANSPORT,
  type HttpTransport,
  USERS_HTTP_TRANSPORT,
} from '../ports/http-transport.port.js';
import { LOGGER, type Logger } from '../logging/logger.js';
import { CLOCK, type Clock } from '../ports/clock.port.js';
import { UpstreamCalls } from './upstream-calls.js';
import { UpstreamWatch } from './upstream-watch.js';

/** More than the tracker has calls at once: 32 writers, 32 finalizers, polls, submissions. */
const TRACKER_CONNECTIONS = 96;
/** With fewer, calls of 50 requests at once would wait for each other. */
const USERS_CONNECTIONS = 128;

/**
 * The network: {@link HTTP_TRANSPORT} and {@link USERS_HTTP_TRANSPORT}, closed with the app, and the
 * reports of their calls. Needs
 * {@link LOGGER} and {@link CLOCK} from global modules.
 */
@Module({
  imports: [HttpModule],
  providers: [
    UpstreamCalls,
    {
      provide: UpstreamWatch,
      inject: [UpstreamCalls, LOGGER, CLOCK],
      useFactory: (calls: UpstreamCalls, logger: Logger, clock: Clock) => {
        const watch = new UpstreamWatch(logger, clock);
        calls.listenToAttempts(watch.listen);
        return watch;
      },
    },
    transport(HTTP_TRANSPORT, { maxSockets: TRACKER_CONNECTIONS }),
    transport(USERS_HTTP_TRANSPORT, { maxSockets: USERS_CONNECTIONS }),
  ],
  exports: [HTTP_TRANSPORT, USERS_HTTP_TRANSPORT, UpstreamCalls, UpstreamWatch],
})
export class HttpClientModule {}

function transport(
  provide: symbol,
  options: ConstructorParameters<typeof AxiosTransport>[1],
): FactoryProvider<HttpTransport> {
  return {
    provide,
    inject: [HttpService],
    useFactory: (http: HttpService) => new AxiosTransport(http, options),
  };
}
