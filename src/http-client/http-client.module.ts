import { HttpModule, HttpService } from '@nestjs/axios';
import { Module } from '@nestjs/common';
import { AxiosTransport } from './axios-transport.js';
import { HTTP_TRANSPORT, type HttpTransport } from '../ports/http-transport.port.js';
import { LOGGER, type Logger } from '../logging/logger.js';
import { CLOCK, type Clock } from '../ports/clock.port.js';
import { UpstreamCalls } from './upstream-calls.js';
import { UpstreamWatch } from './upstream-watch.js';

/**
 * The network: {@link HTTP_TRANSPORT}, closed with the app, and the reports of its calls. Needs
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
    {
      provide: HTTP_TRANSPORT,
      inject: [HttpService],
      useFactory: (http: HttpService): HttpTransport => new AxiosTransport(http),
    },
  ],
  exports: [HTTP_TRANSPORT, UpstreamCalls, UpstreamWatch],
})
export class HttpClientModule {}
