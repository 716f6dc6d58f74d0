import { describe, expect, it } from '@jest/globals';
import { textOf, at, listAt, textsAt, withSecondAccount, yamlOf } from './documents.js';
import {
  heapMiB,
  loaded,
  NEEDED_VARIABLES,
  neededVariables,
  SECOND_ACCOUNT_FILES,
  SECRET_FILES,
  secretsIn,
  secretsOf,
} from './deployment.js';
import { stage } from './dockerfile.js';
import { STOP_WITHIN_MS } from '../../src/app/signals.js';

const text = textOf('compose.yaml');
const compose = yamlOf(text);
const PROXY = ['services', 'proxy'] as const;
const SETTINGS = '/run/settings';
const CONFIG = `${SETTINGS}/scicat-globus-proxy-config.yaml`;

/** As on a machine where the settings lie in a folder. */
function deployment(document: unknown, secrets: readonly string[] = SECRET_FILES) {
  return {
    variables: textsAt(document, ...PROXY, 'environment'),
    inherited: stage('service').variables,
    files: {
      ...secretsIn(SETTINGS, secrets),
      [CONFIG]: textOf('scicat-globus-proxy-config.example.yaml'),
    },
    applicationFolder: '/service',
  };
}

/** Mounts of a service, by the path in it. */
function mounts(service: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    listAt(compose, 'services', service, 'volumes').map((mount) => {
      const [, source = '', target = '', mode = ''] =
        /^(\$\{.*\}|[^:]*):([^:]*)(:ro)?$/.exec(String(mount)) ?? [];
      return [`${target}${mode}`, source];
    }),
  );
}

describe('compose.yaml', () => {
  it('gives the proxy all that it needs, by names that it knows', () => {
    const given = deployment(compose);
    const { config } = loaded(given);
    expect(secretsOf(config)).toEqual(SECRET_FILES);
    expect(neededVariables(given)).toEqual(NEEDED_VARIABLES);
    const others = Object.keys(given.variables).filter(
      (name) => !(NEEDED_VARIABLES as readonly string[]).includes(name),
    );
    expect(others).toEqual(['NODE_OPTIONS', 'LOG_LEVEL']);
  });

  it('is right about a second SciCat account', () => {
    const { config } = loaded(
      deployment(yamlOf(withSecondAccount(text)), [...SECRET_FILES, ...SECOND_ACCOUNT_FILES]),
    );
    expect(secretsOf(config)).toEqual([...SECRET_FILES, ...SECOND_ACCOUNT_FILES]);
  });

  it('keeps the data folder in a volume, and everything else from being written', () => {
    const { config } = loaded(deployment(compose));
    expect(config?.dataDir).toBe('/service/data/scicat-globus-proxy');
    expect(mounts('proxy')).toEqual({
      '/service/data': 'data',
      [`${SETTINGS}:ro`]: expect.stringMatching(/^\$\{PROXY_SETTINGS:\?/),
    });
    expect(Object.keys(textsAt(compose, 'volumes'))).toContain('data');
    for (const service of ['proxy', 'emulators']) {
      expect(at(compose, 'services', service)).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
    }
  });

  it('leaves no core dump, which would contain tokens and secrets', () => {
    expect(at(compose, ...PROXY, 'ulimits')).toEqual({ core: 0 });
  });

  it('takes no image that it does not build itself', () => {
    for (const service of Object.keys(at(compose, 'services') as object)) {
      expect(at(compose, 'services', service, 'build', 'context')).toBe('.');
    }
  });

  it('has the port of the example, and shows itself to this machine only', () => {
    const { config } = loaded(deployment(compose));
    expect(listAt(compose, ...PROXY, 'ports')).toEqual([
      `\${PROXY_LISTEN:-127.0.0.1:${config?.port ?? 0}}:${config?.port ?? 0}`,
    ]);
    expect(stage('service').value('EXPOSE')).toBe(String(config?.port));
    for (const port of listAt(compose, 'services', 'emulators', 'ports')) {
      expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it('builds stages that there are', () => {
    for (const service of ['proxy', 'emulators']) {
      const target = String(at(compose, 'services', service, 'build', 'target'));
      expect(stage(target).text).not.toBe('');
    }
  });

  it('gives it the time to stop, and memory for more than its heap', () => {
    expect(at(compose, ...PROXY, 'stop_grace_period')).toBe('25s');
    expect(STOP_WITHIN_MS).toBeLessThan(25_000);
    expect(at(compose, ...PROXY, 'mem_limit')).toBe('1g');
    expect(heapMiB(deployment(compose).variables['NODE_OPTIONS'])).toBeLessThanOrEqual(700);
  });

  it('has the emulators in the profile "sandbox", which hand their settings to the proxy', () => {
    expect(listAt(compose, 'services', 'emulators', 'profiles')).toEqual(['sandbox']);
    const environment = textOf('deploy/compose/sandbox.env');
    const volume = mounts('emulators')['/settings'] ?? '';
    expect(environment).toContain(`\nPROXY_SETTINGS=${volume}\n`);
    expect(environment).toContain('\nCOMPOSE_PROFILES=sandbox\n');
    expect(Object.keys(textsAt(compose, 'volumes'))).toContain(volume);
    const ports = listAt(compose, 'services', 'emulators', 'command')
      .map((part) => /^--(?:scicat|globus)-port=(\d+)$/.exec(String(part))?.[1])
      .filter((port) => port !== undefined);
    expect(listAt(compose, 'services', 'emulators', 'ports')).toEqual(
      ports.map((port) => `127.0.0.1:${port}:${port}`),
    );
    expect(listAt(compose, 'services', 'emulators', 'command')).toContain('--name=emulators');
  });
});
