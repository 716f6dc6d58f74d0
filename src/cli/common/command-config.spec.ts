import { describe, expect, it } from '@jest/globals';
import { livenessUrl } from './command-config.js';

describe('the address of a health check on the same machine', () => {
  it.each([
    ['0.0.0.0', 'http://127.0.0.1:8080/health/live'],
    ['', 'http://127.0.0.1:8080/health/live'],
    ['::', 'http://[::1]:8080/health/live'],
    ['::1', 'http://[::1]:8080/health/live'],
    ['127.0.0.2', 'http://127.0.0.2:8080/health/live'],
    ['proxy.example.org', 'http://proxy.example.org:8080/health/live'],
  ])('for a service that listens on "%s" is %s', (host, url) => {
    expect(livenessUrl({ port: 8080, server: { host } })).toBe(url);
  });

  it('is that of the port for probes, if there is one', () => {
    const server = { host: '127.0.0.2', adminPort: 8081 };
    expect(livenessUrl({ port: 8080, server })).toBe('http://127.0.0.2:8081/health/live');
    expect(livenessUrl({ port: 8080, server: { ...server, adminHost: '::' } })).toBe(
      'http://[::1]:8081/health/live',
    );
  });
});
