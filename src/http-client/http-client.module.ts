import { HttpModule, HttpService } from '@nestjs/axios';
import { Module } from '@nestjs/common';
import { AxiosTransport } from './axios-transport.js';
import { HTTP_TRANSPORT, type HttpTransport } from '../ports/http-transport.port.js';
import { UpstreamCalls } from './upstream-calls.js';

/** The network: {@link HTTP_TRANSPORT}, closed with the app, and the reports of its calls. */
@Module({
  imports: [HttpModule],
  providers: [
    UpstreamCalls,
    {
      provide: HTTP_TRANSPORT,
      inject: [HttpService],
      useFactory: (http: HttpService): HttpTransport => new AxiosTransport(http),
    },
  ],
  exports: [HTTP_TRANSPORT, UpstreamCalls],
})
export class HttpClientModule {}
