import type { AppConfig } from '../config/app-config.js';
import { anyProxyIsSet, routeTo } from '../http-client/web-proxy.js';
import { broken, type Check, ok, type Verdict } from './check.js';

/** Says which calls go through a web proxy. None if the environment names no proxy. */
export function webProxyChecks({
  scicatUrl,
  globus,
}: Pick<AppConfig, 'scicatUrl' | 'globus'>): readonly Check[] {
  if (!anyProxyIsSet()) return [];
  const services = [
    ['SciCat', scicatUrl],
    ['Globus Auth', globus.authUrl],
    ['Globus Transfer', globus.transferUrl],
  ] as const;
  return [
    {
      check: 'web-proxy',
      subject: 'SciCat, Globus',
      needs: [],
      run: () => Promise.resolve(verdictOn(services)),
    },
  ];
}

function verdictOn(services: readonly (readonly [name: string, url: string])[]): Verdict {
  const routes = services.map(([name, url]) => [name, routeTo(url)] as const);
  const problems = routes.flatMap(([, route]) =>
    route.kind === 'unusable' ? [route.problem] : [],
  );
  if (problems.length > 0) {
    return broken(
      [...new Set(problems)].join('\n'),
      'Correct the variable in the environment of the service, or list the hosts that need no proxy in NO_PROXY.',
    );
  }
  const lines = routes.map(([name, route]) =>
    route.kind === 'proxy'
      ? `${name} through the web proxy ${route.proxy.shown} (${route.proxy.variable})`
      : `${name} directly`,
  );
  return ok(`Calls go to ${lines.join(', to ')}.`);
}
