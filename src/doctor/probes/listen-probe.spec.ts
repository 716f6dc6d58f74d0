import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { listenError } from '../../errors/listen.errors.js';
import { listenBriefly } from './listen-probe.js';

describe('whether the service could listen where it is configured to', () => {
  it('finds an address of this machine, and a port that a running service uses', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await listenBriefly({ host: '127.0.0.1', port })).toBeUndefined();
    server.close();
    await once(server, 'close');
    expect(await listenBriefly({ host: '0.0.0.0', port })).toBeUndefined();
    // It left nothing behind.
    expect(await listenBriefly({ host: '127.0.0.1', port })).toBeUndefined();
  });

  it('says that an address belongs to no interface of this machine', async () => {
    // An address of the documentation (RFC 5737), which no machine has.
    expect(await listenBriefly({ host: '192.0.2.1', port: 8080 })).toBe(
      'The service can\'t listen on server.host "192.0.2.1": no network interface of this machine has this address. Set server.host to an address of this machine, or to "0.0.0.0" for all its addresses.',
    );
  });

  it.each([
    ['EADDRINUSE', /^Port 80 of "::" is already in use, .* set "port" to another one\.$/],
    ['EACCES', /^The service may not listen on port 80 of "::": .* CAP_NET_BIND_SERVICE\.$/],
    ['ENOTFOUND', /^The service can't listen on server\.host "::": the name can't be resolved/],
    ['EAFNOSUPPORT', /^The service can't listen on server\.host "::": this machine does not/],
  ])('%s is a sentence that says what to change', (code, sentence) => {
    const error = Object.assign(new Error('x'), { code });
    expect(listenError(error, { host: '::', port: 80 })?.message).toMatch(sentence);
  });

  it('leaves other errors as they are', () => {
    expect(listenError(new Error('x'), { host: '::', port: 80 })).toBeUndefined();
  });
});
