import { describe, expect, it } from '@jest/globals';
import { allowedMethods } from './allowed-methods.js';

const at = allowedMethods([
  { path: '/transfer', methods: ['post'] },
  { path: '/transfer', methods: ['get'] },
  { path: '/transfer/:scicatJobId', methods: ['get'] },
  { path: '/transfer/:scicatJobId', methods: ['delete'] },
  { path: '/transfer/preview', methods: ['post'] },
  { path: '/', methods: ['get'] },
]);

describe('the methods at an address', () => {
  it.each([
    ['/transfer', ['GET', 'HEAD', 'POST']],
    ['/transfer/', ['GET', 'HEAD', 'POST']],
    ['/Transfer', ['GET', 'HEAD', 'POST']],
    ['/transfer/1', ['DELETE', 'GET', 'HEAD']],
    ['/transfer/%2f/', ['DELETE', 'GET', 'HEAD']],
    ['/transfer/%', ['DELETE', 'GET', 'HEAD']],
    // Not the transfer with the id "preview".
    ['/transfer/preview', ['POST']],
    ['/', ['GET', 'HEAD']],
    ['/transfer/1/2', undefined],
    ['/transfers', undefined],
    ['/nowhere', undefined],
    ['', undefined],
  ])('%s: %j', (path, methods) => {
    expect(at(path)).toEqual(methods);
  });
});
