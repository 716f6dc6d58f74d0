import { describe, expect, it } from '@jest/globals';
import { ServerSettings } from '../../src/config/service-settings.js';
import { STOP_WITHIN_MS } from '../../src/app/signals.js';
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
import { at, textOf, withSecondAccount } from './documents.js';

const text = textOf('deploy/systemd/scicat-globus-proxy.service');
/** What systemd puts in for `%d` and `%S`. */
const CREDENTIALS = '/run/credentials/scicat-globus-proxy.service';
const STATE = '/var/lib';

/** All values of a directive, in order. */
function values(name: string, unit = text): readonly string[] {
  return unit
    .split('\n')
    .filter((line) => line.startsWith(`${name}=`))
    .map((line) =>
      line
        .slice(name.length + 1)
        .replaceAll('%d', CREDENTIALS)
        .replaceAll('%S', STATE),
    );
}

function given(unit: string) {
  const variables = Object.fromEntries(
    values('Environment', unit).map((pair) => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
  const credentials = values('LoadCredential', unit).map((line) => line.split(':')[0] ?? '');
  return {
    variables,
    files: {
      ...secretsIn(CREDENTIALS, credentials),
      [variables['SCICAT_GLOBUS_PROXY_CONFIG'] ?? '']: textOf(
        'scicat-globus-proxy-config.example.yaml',
      ),
    },
    applicationFolder: '/opt/scicat-globus-proxy',
  };
}

describe('the systemd unit', () => {
  it('gives the service all that it needs, by names that it knows', () => {
    const { config } = loaded(given(text));
    expect(secretsOf(config)).toEqual(SECRET_FILES);
    expect(neededVariables(given(text))).toEqual([...NEEDED_VARIABLES, 'XDG_STATE_HOME'].sort());
    const others = Object.keys(given(text).variables).filter(
      (name) => !(NEEDED_VARIABLES as readonly string[]).includes(name),
    );
    expect(others).toEqual(['NODE_ENV', 'XDG_STATE_HOME', 'NODE_OPTIONS']);
  });

  it('is right about a second SciCat account', () => {
    const { config } = loaded(given(withSecondAccount(text)));
    expect(secretsOf(config)).toEqual([...SECRET_FILES, ...SECOND_ACCOUNT_FILES]);
  });

  it('loads each secret from a file of the same name', () => {
    for (const line of values('LoadCredential', withSecondAccount(text))) {
      expect(line).toMatch(/^([a-z-]+):\/etc\/scicat-globus-proxy\/\1$/);
    }
  });

  it('lets it keep its data where systemd keeps it, and write nowhere else', () => {
    const { config } = loaded(given(text));
    const [folder = ''] = values('StateDirectory');
    expect(config?.dataDir).toBe(`${STATE}/${folder}`);
    expect([values('ProtectSystem'), values('DynamicUser')]).toEqual([['strict'], ['yes']]);
  });

  it('starts, reloads and stops it as the service understands it', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { readonly scripts: unknown };
    const program = String(at(scripts, 'start')).replace(/^node /, '');
    expect(values('ExecStart')).toEqual([`/usr/bin/node /opt/scicat-globus-proxy/${program}`]);
    expect(values('ExecReload')).toEqual(['/bin/kill -HUP $MAINPID']);
    expect(values('KillSignal')).toEqual([]);
    expect(Number(values('TimeoutStopSec')[0]) * 1000).toBeGreaterThan(STOP_WITHIN_MS);
  });

  it('leaves no core dump, which would contain tokens and secrets', () => {
    expect(values('LimitCORE')).toEqual(['0']);
  });

  it('lets it have its connections, and memory for more than its heap', () => {
    expect(Number(values('LimitNOFILE')[0])).toBeGreaterThan(
      2 * new ServerSettings().maxConnections,
    );
    expect(values('MemoryMax')).toEqual(['1G']);
    expect(heapMiB(given(text).variables['NODE_OPTIONS'])).toBeLessThanOrEqual(700);
  });
});
