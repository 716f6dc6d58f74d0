import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { collapseSlashes } from './collapse-slashes.js';

describe('a slash too many in the configuration of a reverse proxy', () => {
  it.each([
    ['//transfer', '/transfer'],
    ['///transfer//abc///', '/transfer/abc/'],
    ['//', '/'],
    ['/transfer', '/transfer'],
    ['/', '/'],
    ['', ''],
    ['*', '*'],
    [
      '//transfer?scicatPid=a//b&collectionRootPath=//data',
      '/transfer?scicatPid=a//b&collectionRootPath=//data',
    ],
    ['/transfer?//', '/transfer?//'],
    ['?//', '?//'],
    ['http://host:8080//transfer//x?a=//', 'http://host:8080/transfer/x?a=//'],
    ['HTTP://host', 'HTTP://host'],
    ['http://host?a=//', 'http://host?a=//'],
  ])('%s is %s', (target, collapsed) => {
    expect(collapseSlashes(target)).toBe(collapsed);
  });

  it.each(['/transfer/%2f%2fetc', '/docs/../package.json', '/a/./b', '/a\\\\b', '/%2e%2e/x'])(
    '%s means something else, and stays',
    (target) => {
      expect(collapseSlashes(target)).toBe(target);
    },
  );

  it('changes nothing but slashes in the path, and never again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('/', '/', '//', 'a', '.', '..', '%2f', ':', '?', '#', '\\')),
        (parts) => {
          const target = `/${parts.join('')}`;
          const collapsed = collapseSlashes(target);
          const [path = '', query] = collapsed.split(/\?(.*)/s);
          expect(path).not.toContain('//');
          expect(query).toBe(target.split(/\?(.*)/s)[1]);
          expect(path.split('/').filter((one) => one !== '')).toEqual(
            (target.split('?')[0] ?? '').split('/').filter((one) => one !== ''),
          );
          expect(collapseSlashes(collapsed)).toBe(collapsed);
        },
      ),
    );
  });
});
