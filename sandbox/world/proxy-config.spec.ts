import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { proxyConfigText } from './proxy-config.js';

describe('proxyConfigText', () => {
  it('is YAML with all that a proxy needs, and no path is taken for a template', () => {
    const text = proxyConfigText({
      port: 8080,
      scicatUrl: 'http://127.0.0.1:1',
      globus: { authUrl: 'http://127.0.0.1:2', transferUrl: 'http://127.0.0.1:2/v0.10' },
      facilities: [
        {
          name: 'FROM',
          collection: 'c-1',
          direction: 'SRC',
          accessValue: 'g-1',
          folder: "/a 'b' # {{c}}: \n",
          allowedSourceFolders: ['/a/{{x'],
        },
        {
          name: 'TO',
          collection: 'c-2',
          direction: 'DST',
          accessValue: 'g-2',
          folder: '/never shown',
          destinationPath: '/{{ .PidShort }}',
        },
      ],
      dataDir: '/data',
    });
    expect(parse(text)).toEqual({
      scicatUrl: 'http://127.0.0.1:1',
      port: 8080,
      server: { host: '127.0.0.1' },
      facilities: [
        {
          name: 'FROM',
          collection: 'c-1',
          accessValue: 'g-1',
          direction: 'SRC',
          collectionRootPath: '/a \'b\' # {{ "{{" }}c}}: \n',
          allowedSourceFolders: ['/a/{{ "{{" }}x'],
        },
        {
          name: 'TO',
          collection: 'c-2',
          accessValue: 'g-2',
          direction: 'DST',
          destinationPath: '/{{ .PidShort }}',
        },
      ],
      task: { pollInterval: 1 },
      globus: { authUrl: 'http://127.0.0.1:2', transferUrl: 'http://127.0.0.1:2/v0.10' },
      dataDir: '/data',
    });
  });
});
