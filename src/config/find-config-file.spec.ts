import { describe, expect, test } from '@jest/globals';
import { findConfigFile, type ConfigFileSearch } from './find-config-file.js';

function search(
  given: Partial<ConfigFileSearch>,
  ...existing: readonly string[]
): ConfigFileSearch {
  return {
    argv: [],
    env: { HOME: '/home/me' },
    platform: 'linux',
    applicationFolder: '/service',
    workingFolder: '/started-in',
    fileExists: (path) => existing.includes(path),
    ...given,
  };
}

const NAME = 'scicat-globus-proxy-config.yaml';
const DOTTED = 'scicat-globus-proxy.config.yaml';
const found = (file: string): unknown => ({ kind: 'found', file });

describe('the search for the configuration file', () => {
  const everywhere = [
    '/named.yaml',
    '/variable.yaml',
    `/service/${NAME}`,
    `/service/${DOTTED}`,
    `/home/me/.config/scicat-globus-proxy/${NAME}`,
    `/home/me/.config/scicat-globus-proxy/${DOTTED}`,
  ];
  const env = { HOME: '/home/me', SCICAT_GLOBUS_PROXY_CONFIG: '/variable.yaml' };

  test('--config, in both forms, then the variable', () => {
    expect(
      findConfigFile(search({ argv: ['--config', '/named.yaml'], env }, ...everywhere)),
    ).toEqual(found('/named.yaml'));
    expect(
      findConfigFile(search({ argv: ['x', '--config=/named.yaml'], env }, ...everywhere)),
    ).toEqual(found('/named.yaml'));
    expect(findConfigFile(search({ env }, ...everywhere))).toEqual(found('/variable.yaml'));
  });

  test('next to the application, then the user folder; "-config" first', () => {
    expect(
      [2, 3, 4, 5].map((from) => findConfigFile(search({}, ...everywhere.slice(from)))),
    ).toEqual(everywhere.slice(2).map(found));
  });

  test('a relative path is resolved against the working folder', () => {
    expect(
      findConfigFile(search({ argv: ['--config', 'a/b.yaml'] }, '/started-in/a/b.yaml')),
    ).toEqual(found('/started-in/a/b.yaml'));
  });

  test('a named file that does not exist has no fallback', () => {
    const given = { env: { ...env, SCICAT_GLOBUS_PROXY_CONFIG: '/typo.yaml' } };
    expect(findConfigFile(search(given, ...everywhere))).toEqual({
      kind: 'not-found',
      message: 'The file /typo.yaml, specified by SCICAT_GLOBUS_PROXY_CONFIG, does not exist',
    });
  });

  test.each([
    [
      '"/variable.yaml"',
      'The path "/variable.yaml", specified by SCICAT_GLOBUS_PROXY_CONFIG, is in quotes, which count as part of it; remove them',
    ],
    [
      'port: 8080\nscicatUrl: https://s\n',
      "SCICAT_GLOBUS_PROXY_CONFIG must be the path of the configuration file, but has several lines; was the file's content given in place of its path?",
    ],
  ])('%j in place of a path', (value, message) => {
    const given = { env: { ...env, SCICAT_GLOBUS_PROXY_CONFIG: value } };
    expect(findConfigFile(search(given, ...everywhere))).toEqual({ kind: 'not-found', message });
  });

  test('--config without a path is reported', () => {
    expect(findConfigFile(search({ argv: ['--config'] }, ...everywhere))).toEqual({
      kind: 'not-found',
      message: '--config must be followed by the path of the configuration file',
    });
  });

  test.each([
    ['linux', { XDG_CONFIG_HOME: '/xdg', HOME: '/h' }, '/xdg/scicat-globus-proxy'],
    ['linux', { XDG_CONFIG_HOME: '', HOME: '/h' }, '/h/.config/scicat-globus-proxy'],
    ['freebsd', { HOME: '/h' }, '/h/.config/scicat-globus-proxy'],
    [
      'darwin',
      { XDG_CONFIG_HOME: '/xdg', HOME: '/h' },
      '/h/Library/Application Support/scicat-globus-proxy',
    ],
    ['linux', { XDG_CONFIG_HOME: 'relative', HOME: '/h' }, undefined],
    ['linux', {}, undefined],
    ['darwin', { HOME: '' }, undefined],
  ] as const)('the user folder on %s with %j', (platform, variables, folder) => {
    const searched = [
      `/service/${NAME}`,
      `/service/${DOTTED}`,
      ...(folder === undefined ? [] : [`${folder}/${NAME}`, `${folder}/${DOTTED}`]),
    ].join(', ');
    expect(findConfigFile(search({ platform, env: variables }))).toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining(`searched: ${searched}. `),
    });
  });

  test('the user folder on Windows', () => {
    const given = {
      platform: 'win32',
      applicationFolder: 'C:\\service',
      env: { AppData: 'C:\\Users\\me\\AppData\\Roaming' },
    } as const;
    const file = `C:\\Users\\me\\AppData\\Roaming\\scicat-globus-proxy\\${NAME}`;
    expect(findConfigFile(search(given, file))).toEqual(found(file));
  });

  test('if no file is found, the message lists every searched path', () => {
    expect(findConfigFile(search({ env: {} }))).toEqual({
      kind: 'not-found',
      message: `No configuration file was found; searched: /service/${NAME}, /service/${DOTTED}. Put one there, or name it with --config or SCICAT_GLOBUS_PROXY_CONFIG`,
    });
  });
});
