import { expect, test } from '@jest/globals';
import { listeningUrl } from './listening-url.js';

test.each([
  ['0.0.0.0', 'IPv4', 'http://0.0.0.0:8080'],
  ['127.0.0.1', 'IPv4', 'http://127.0.0.1:8080'],
  ['::', 'IPv6', 'http://[::]:8080'],
])('listening on %s is logged as such', (address, family, url) => {
  expect(listeningUrl({ address, family, port: 8080 })).toBe(url);
});
