import { afterEach, describe, expect, test } from '@jest/globals';
import { withProxyVariables } from '../../test/support/web-proxy.js';
import { findingsOf } from '../../test/support/fake-probes.js';
import { webProxyChecks } from './web-proxy-check.js';

const CONFIG = {
  scicatUrl: 'http://scicat.facility.test',
  globus: {
    authUrl: 'https://auth.globus.org',
    transferUrl: 'https://transfer.api.globus.org/v0.10',
  },
};

let restore = (): void => undefined;
afterEach(() => {
  restore();
});
const finding = async (variables: Readonly<Record<string, string>>) => {
  restore = withProxyVariables(variables);
  return findingsOf(webProxyChecks(CONFIG));
};

describe('doctor, on a machine behind a web proxy', () => {
  test('names the proxy that each call takes, without its password', async () => {
    expect(
      await finding({
        HTTPS_PROXY: 'http://svc:hunter22@proxy.facility.test:3128',
        NO_PROXY: '.facility.test',
        HTTP_PROXY: 'http://proxy.facility.test',
      }),
    ).toEqual([
      {
        check: 'web-proxy',
        subject: 'SciCat, Globus',
        outcome: 'ok',
        message:
          'Calls go to SciCat directly, to Globus Auth through the web proxy http://proxy.facility.test:3128 (HTTPS_PROXY), to Globus Transfer through the web proxy http://proxy.facility.test:3128 (HTTPS_PROXY).',
        advice: '',
      },
    ]);
  });

  test('says which variable can’t be used', async () => {
    const [found] = await finding({ all_proxy: 'socks5h://proxy.facility.test' });
    expect(found).toMatchObject({
      outcome: 'broken',
      message:
        'The environment variable all_proxy names a socks5h:// proxy, but only http:// and https:// proxies are supported.',
    });
  });

  test('is silent where there is no proxy', async () => {
    expect(await finding({ NO_PROXY: '*' })).toEqual([]);
  });
});
