import { HttpModule, HttpService } from '@nestjs/axios';
import { Module } from '@nestjs/common';
import { AxiosTransport } from './axios-transport.js';
import { HTTP_TRANSPORT, type HttpTransport } from './http-transport.port.js';

/** The network: provides {@link HTTP_TRANSPORT}, and ends its connections when the app closes. */
@Module({
  imports: [HttpModule],
  providers: [
    {
      provide: HTTP_TRANSPORT,
      inject: [HttpService],
      useFactory: (http: HttpService): HttpTransport => new AxiosTransport(http),
    },
  ],
  exports: [HTTP_TRANSPORT],
})
export class HttpClientModule {}
